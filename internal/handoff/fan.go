package handoff

import (
	"context"
	"sync"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Fan runs many upstreams, each on a goroutine of its own, and delivers what
// they emit on the subscriber's. Each upstream may have one undelivered item,
// and ahead more may wait in all.
type Fan[T any] struct {
	*scope.Scope
	queue   *Queue[T]
	release func()

	mu   sync.Mutex // guards live
	live int        // upstreams that run, and holds
}

// OpenFan starts a Fan without an upstream. The caller must defer Close, and
// call Loop.
func OpenFan[T any](ctx context.Context, name string, ahead int) *Fan[T] {
	f := &Fan[T]{Scope: scope.Open(ctx, name), queue: Lending[T](ahead), live: 1}
	f.release = scope.OnDone(f.Ctx, f.queue.Halt)
	return f
}

// Add starts an upstream. It is called before Loop, or from within an upstream
// that runs. completed, which may be nil, is called when it has completed and its
// place is taken back.
func (f *Fan[T]) Add(push func(ctx context.Context, emit func(T) bool) error, completed func()) {
	f.run(1, func(ctx context.Context) error { return push(ctx, f.queue.Put) }, completed)
}

// Run starts what emits nothing itself but calls Add.
func (f *Fan[T]) Run(task func(ctx context.Context) error) { f.run(0, task, nil) }

func (f *Fan[T]) run(places int, task func(ctx context.Context) error, completed func()) {
	f.mu.Lock()
	f.live++
	f.mu.Unlock()
	f.queue.Widen(places)
	f.Go(func(ctx context.Context) error {
		if err := task(ctx); err != nil {
			return err // the end of all
		}
		f.ended(places)
		if completed != nil {
			completed()
		}
		return nil
	})
}

// ended takes back an upstream's place. Its last item may still wait, in the
// place of one that runs on: the bound holds for what is put later.
func (f *Fan[T]) ended(places int) {
	f.queue.Widen(-places)
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
