package operators

import (
	"context"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/split"
)

// defaultQueue is the number of items that can wait in a window or a group, unless
// WithQueue sets another number.
const defaultQueue = 256

func splitConfig[T any](name string, q opt.Queue, waiting int) split.Config[T] {
	size := q.Size
	if size == 0 {
		size = defaultQueue
	}
	return split.Config[T]{
		Name: name, Size: size, Waiting: waiting, Overflow: q.Overflow, Lost: q.Discard,
		ErrOverflow: turbopipes.ErrOverflow, Taken: turbopipes.ErrAlreadySubscribed,
	}
}

// streamOf returns a part as a stream. It does not use Create, because a graceful
// stop must let the part deliver its waiting items.
func streamOf[K, T any](name string, p *split.Part[K, T]) turbopipes.Observable[T] {
	return turbopipes.Lift(own.Mark+own.Part+name, func(ctx context.Context, _ turbopipes.Observable[struct{}], emit func(T) bool) error {
		return p.Push(ctx, emit)
	})(turbopipes.Empty[struct{}]())
}

// windowRun is an upstream that is split into windows.
type windowRun[T any] = split.Split[struct{}, T]

// emitWindows emits the windows.
func emitWindows[T any](s *windowRun[T], emit func(turbopipes.Observable[T]) bool) {
	s.Loop(func(p *split.Part[struct{}, T]) bool { return emit(streamOf(s.Name, p)) })
}

// openWindow is the open window of an operator that has one open window at a time.
// Upstream's goroutine puts items in. A clock or a notifier may close the window at
// the same time.
type openWindow[T any] struct {
	split *windowRun[T]
	born  time.Time                               // times are counted from it: then the wall clock is not read
	ends  func(begin time.Duration) time.Duration // returns the end of a window that begins at begin; nil: no end
	clock *time.Timer                             // rings at the end of the window; nil if ends is nil
	next  chan struct{}                           // cap 1: the clock has opened a window; nil if upstream's goroutine opens the windows

	mu    sync.Mutex // guards the fields below
	part  *split.Part[struct{}, T]
	until time.Duration
}

// put puts v into the open window, or into a new one. p is nil if upstream must
// stop. If the window is closed while the item waits for room, the item goes into
// the next window.
func (w *openWindow[T]) put(v T) (p *split.Part[struct{}, T]) {
	for {
		if p = w.now(); p == nil {
			if p = w.another(); p == nil {
				w.split.Refuse(v)
				return nil
			}
		}
		switch w.split.Put(p, v) {
		case split.Taken:
			return p
		case split.Refused:
			return nil
		case split.Shut:
		}
	}
}

// now returns the open window, or nil. It first closes a window whose time has come.
func (w *openWindow[T]) now() *split.Part[struct{}, T] {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.part != nil && w.ends != nil && time.Since(w.born) >= w.until {
		w.split.Shut(w.part)
		w.part = nil
	}
	return w.part
}

// another waits for a new window. It returns nil if upstream must stop.
func (w *openWindow[T]) another() *split.Part[struct{}, T] {
	if w.next == nil {
		return w.begin()
	}
	for {
		select {
		case <-w.next:
			if p := w.now(); p != nil {
				return p
			}
		case <-w.split.Scope.Ctx.Done():
			return nil
		}
	}
}

// begin opens a window when downstream has room for it.
func (w *openWindow[T]) begin() *split.Part[struct{}, T] {
	p := w.split.Begin(struct{}{})
	if p == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.part = p
	if w.ends != nil {
		now := time.Since(w.born)
		w.until = w.ends(now)
		w.clock.Reset(w.until - now)
	}
	return p
}

// close closes the open window if it is p or p is nil.
func (w *openWindow[T]) close(p *split.Part[struct{}, T]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.part != nil && (p == nil || p == w.part) {
		w.split.Shut(w.part)
		w.part = nil
	}
}

// tick closes each window when its time has come.
func (w *openWindow[T]) tick(ctx context.Context) error {
	for {
		select {
		case <-w.clock.C:
			w.now()
		case <-ctx.Done():
			return nil
		}
	}
}

// tickAndOpen is tick, but it opens the next window at once.
func (w *openWindow[T]) tickAndOpen(ctx context.Context) error {
	for {
		p := w.begin()
		if p == nil {
			return nil
		}
		select {
		case w.next <- struct{}{}:
		default:
		}
		for w.now() == p {
			select {
			case <-w.clock.C:
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// openWindows holds the open windows of a WindowWithCount, the oldest first.
type openWindows[T any] struct {
	split   *windowRun[T]
	n, step int
	skip    int // items until the next window begins
	filled  int // items that the oldest window has received
	open    []*split.Part[struct{}, T]
}

// put puts v into every open window. It returns false if upstream must stop.
func (o *openWindows[T]) put(v T) bool {
	if o.skip == 0 {
		p := o.split.Begin(struct{}{})
		if p == nil {
			return o.split.Refuse(v)
		}
		o.open = append(o.open, p)
		o.skip = o.step
	}
	o.skip--
	if len(o.open) == 0 {
		return !o.split.Over() // a gap
	}
	for _, p := range o.open {
		if o.split.Put(p, v) != split.Taken {
			return false
		}
	}
	if o.filled++; o.filled == o.n {
		o.split.Shut(o.open[0])
		copy(o.open, o.open[1:])
		o.open[len(o.open)-1] = nil
		o.open = o.open[:len(o.open)-1]
		o.filled -= o.step // the next window began step items later
		if len(o.open) == 0 {
			o.filled = 0
		}
	}
	return true
}
