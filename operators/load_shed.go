package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// LoadShedOption is an option of [LoadShed]: [WithShedPriority] and [OnDrop] are.
type LoadShedOption[T any] interface{ opt.LoadShedOption[T] }

type loadShedSetting[T any] struct {
	opt.Func[opt.Typed[T]]
	opt.ForLoadShed
}

// WithShedPriority makes a full [LoadShed] drop the item of the lowest priority,
// of equal ones the oldest, which may be the one that arrives. fn runs on
// upstream's goroutine. A nil fn is an ErrInvalidArgument.
func WithShedPriority[T any](priority func(v T) int) LoadShedOption[T] {
	return loadShedSetting[T]{Func: func(s *opt.Typed[T]) string {
		s.Priority = priority
		return opt.NotNil("WithShedPriority", "priority", priority == nil)
	}}
}

// LoadShed drops the items that a slow downstream would get too late: the oldest
// item when more than n items wait, and each item that has waited longer than maxAge
// when its turn comes. Upstream never waits.
//
//	in:  abcde---|    n: 2   maxAge: 4   downstream takes 5 for an item
//	out: a----d----|
//
// Emits when downstream is free and an item waits that is not too old, in the order
// in which the items came. Items that wait and are not too old are delivered before
// a completion or an error. Fails and completes with upstream. [WithShedPriority]
// chooses the item that a full queue drops.
//
// Dropped items are counted, and [OnDrop] is called for them: on upstream's
// goroutine when the queue is full or the priority function panics, and on the
// subscriber's goroutine when an item is too old. There is one call at a time. A
// panic of OnDrop's function on the subscriber's goroutine ends the stream at once.
// Memory: n items. Goroutines: one, for upstream, joined before the stream ends.
//
// An n below 1, a maxAge of 0 or less and a bad option are an ErrInvalidArgument. To
// drop items without an age, see [OnBackpressureBuffer] with
// [turbopipes.DropOldest]. It corresponds to nothing in RxJS, Reactor and Pekko, but
// to a queue with CoDel or a time to live in servers.
func LoadShed[T any](n int, maxAge time.Duration, opts ...LoadShedOption[T]) turbopipes.Operator[T, T] {
	const name = "LoadShed"
	switch {
	case n < 1:
		return turbopipes.Invalid[T, T](name, opt.TooSmall("n", n, 1))
	case maxAge <= 0:
		return turbopipes.Invalid[T, T](name, opt.NotPositive("maxAge", maxAge))
	}
	return withOptions(name, opts, func(o opt.Typed[T]) turbopipes.Operator[T, T] {
		return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
			s := loadShedRun[T]{
				Desk:    handoff.OpenDesk(ctx, name),
				queue:   shedQueue[T]{most: n, ranked: o.Priority != nil},
				options: o, maxAge: maxAge, telling: make(chan struct{}, 1),
			}
			s.lost = dropping(o).At(s.Stage())
			defer func() { err = fault.Join(err, s.lost.Discard(append(s.queue.left(), s.refused.Take()...)...)) }()
			defer s.Close(&err)
			s.Start(func(ctx context.Context) error { return in.Push(ctx, s.put) })
			return s.loop(emit)
		})
	})
}

// loadShedRun is one run of a LoadShed. queue is guarded by the Desk.
type loadShedRun[T any] struct {
	*handoff.Desk
	queue   shedQueue[T]
	options opt.Typed[T]
	maxAge  time.Duration
	lost    run.Account[T]
	refused run.Refused[T]
	telling chan struct{} // cap 1: the goroutine that holds it may call the drop hook
}

// put stores v, on upstream's goroutine.
func (s *loadShedRun[T]) put(v T) bool {
	rank := 0
	if s.options.Priority != nil {
		run.DropOnPanic(v, s.fell, func() { rank = s.options.Priority(v) })
	}
	var lost T
	full := false
	if !s.Put(func() bool {
		lost, full = s.queue.put(v, rank, time.Now())
		return true
	}) {
		return s.refused.Keep(v)
	}
	if !full {
		return true
	}
	return s.Refuse(s.fell(lost))
}

// fell accounts for an item that was dropped.
func (s *loadShedRun[T]) fell(v T) error { return s.tell(v) }

func (s *loadShedRun[T]) tell(dropped ...T) error {
	if s.options.Drop != nil {
		s.telling <- struct{}{}
		defer func() { <-s.telling }()
	}
	return s.lost.DropAll(dropped)
}

func (s *loadShedRun[T]) loop(emit func(T) bool) error {
	for {
		var v T
		var old []T
		found := false
		if !s.Take(func() bool {
			v, found, old = s.queue.take(time.Now().Add(-s.maxAge))
			return found || len(old) > 0
		}) {
			return s.Err()
		}
		if len(old) > 0 {
			if err := s.tell(old...); err != nil {
				if found {
					err = fault.Join(err, s.lost.Discard(v))
				}
				return err
			}
		}
		if found && !emit(v) {
			return nil
		}
	}
}
