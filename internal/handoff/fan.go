package handoff

import (
	"context"
	"sync"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Fan runs many upstreams and delivers what they emit on the subscriber's
// goroutine. Each upstream may have one undelivered item, and ahead more may wait
// in all.
type Fan[T any] struct {
	*scope.Scope
	queue   *Queue[T]
	put     func(T) bool // the queue's; see Into
	release func()
	next    chan upstream[T] // to a goroutine that has come to the end of its upstream

	mu   sync.Mutex // guards all below
	live int        // upstreams that run, and holds
	idle int        // goroutines that wait for next
}

// upstream is a stream to run, and what is called when it has completed and its
// place is taken back.
type upstream[T any] struct {
	push      func(ctx context.Context, emit func(T) bool) error
	completed func()
}

// OpenFan starts a Fan without an upstream. The caller must defer Close, and
// call Loop.
func OpenFan[T any](ctx context.Context, name string, ahead int) *Fan[T] {
	f := &Fan[T]{Scope: scope.Open(ctx, name), queue: Lending[T](ahead), next: make(chan upstream[T]), live: 1}
	f.put, f.release = f.queue.Put, scope.OnDone(f.Ctx, f.queue.Halt)
	return f
}

// Add starts an upstream on a goroutine of its own. It is called before Loop, or
// from within an upstream that runs. completed may be nil.
func (f *Fan[T]) Add(push func(ctx context.Context, emit func(T) bool) error, completed func()) {
	f.begin(1)
	f.Go(func(ctx context.Context) error {
		if err := push(f.within(ctx), f.put); err != nil {
			return err // the end of all
		}
		f.ended(1)
		if completed != nil {
			completed()
		}
		return nil
	})
}

// Run starts what emits nothing itself but calls Give.
func (f *Fan[T]) Run(task func(ctx context.Context) error) {
	f.begin(0)
	f.Go(func(ctx context.Context) error {
		if err := task(ctx); err != nil {
			return err
		}
		f.ended(0)
		return nil
	})
}

// Give is Add for upstreams that come one after another, from one goroutine. They
// run on goroutines that go on with the next one: a stack that has grown already
// makes a short stream twice as fast. completed is called when one has completed
// and its goroutine is free.
func (f *Fan[T]) Give(push func(ctx context.Context, emit func(T) bool) error, completed func()) {
	f.begin(1)
	up := upstream[T]{push, completed}
	f.mu.Lock()
	free := f.idle > 0
	if free {
		f.idle--
	}
	f.mu.Unlock()
	if !free {
		f.Go(func(ctx context.Context) error { return f.work(ctx, up) })
		return
	}
	select {
	case f.next <- up:
	case <-f.Ctx.Done(): // whoever was idle may be gone
	}
}

// mostIdle bounds the goroutines that wait for a next upstream.
const mostIdle = 64

// work is the life of a goroutine that Give has started.
func (f *Fan[T]) work(ctx context.Context, up upstream[T]) error {
	put := f.queue.Put
	for {
		if err := up.push(ctx, put); err != nil {
			return err
		}
		f.ended(1)
		f.mu.Lock()
		stays := f.idle < mostIdle
		if stays {
			f.idle++
		}
		f.mu.Unlock()
		up.completed()
		if !stays {
			return nil
		}
		up = upstream[T]{} // keep nothing of it alive
		select {
		case up = <-f.next:
		case <-ctx.Done():
			return nil
		}
	}
}

// begin makes room for an upstream.
func (f *Fan[T]) begin(places int) {
	f.mu.Lock()
	f.live++
	f.mu.Unlock()
	if places > 0 {
		f.queue.Widen(places)
	}
}

// ended takes back an upstream's place. Its last item may still wait, in the
// place of one that runs on: the bound holds for what is put later.
func (f *Fan[T]) ended(places int) {
	if places > 0 {
		f.queue.Widen(-places)
	}
	f.mu.Lock()
	f.live--
	last := f.live == 0
	f.mu.Unlock()
	if last {
		f.queue.Close(nil)
	}
}

// Loop delivers until every upstream has ended, one has failed, ctx is done, or
// emit refuses.
func (f *Fan[T]) Loop(emit func(T) bool) {
	f.ended(0) // OpenFan's hold
	for {
		v, ok := f.queue.Next()
		if !ok {
			return
		}
		if !emit(v) {
			f.Stop()
			return
		}
	}
}

// Close cancels, joins, and gives what has failed. What was stored and not
// delivered is counted, and given to lost, which may be nil.
func (f *Fan[T]) Close(err *error, lost func(T)) {
	f.Scope.Close(err)
	f.release()
	*err = fault.Join(*err, run.Lost(f.Record(), lost, f.queue.Left()...))
}
