package handoff

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Fan runs many upstreams and delivers their items on the subscriber's goroutine.
// Each upstream may have one undelivered item, and ahead more items may wait in all.
//
// The failure of an upstream cancels the other upstreams, and no more items are
// taken in. Items in the queue are delivered before the failure. The upstreams may
// be parts of one stream that has failed: then each of them delivers the items that
// it has. See run.Spread.
type Fan[T any] struct {
	Scope *scope.Scope
	// Discard accounts for lost items, on the subscriber's goroutine, after everything
	// is reaped.
	Discard func(items ...T) error

	refused run.Refused[T]

	queue   *Queue[T]
	spread  *run.Spread
	put     func(T) bool // the emit of the upstreams; see Into
	release func()
	reached bool // Loop has delivered everything before the failure; only the subscriber's goroutine uses it

	live    int   // running upstreams, plus holds; guarded by the queue's lock
	failure error // the first one; guarded by the queue's lock
}

// OpenFan opens a Fan without an upstream. The caller may set Discard, must defer
// Close, and must call Loop.
func OpenFan[T any](ctx context.Context, name string, ahead int) *Fan[T] {
	spread := new(run.Spread)
	f := &Fan[T]{Scope: scope.Open(spread.With(ctx), name), spread: spread, queue: Lending[T](ahead), live: 1}
	f.Discard = run.Keep[T](f.Scope.Stage(), nil).Discard
	f.release = scope.OnDone(ctx, f.queue.Halt) // on ctx, and not on the Scope's: a failure waits for the items in the queue
	f.put = func(v T) bool { return f.queue.Put(v) || f.refused.Keep(v) }
	return f
}

// Refuse notes an item that was refused, as put does.
func (f *Fan[T]) Refuse(v T) bool { return f.refused.Keep(v) }

// upstreamFailed runs as an upstream's goroutine ends.
func (f *Fan[T]) upstreamFailed(err error) {
	if err != nil {
		f.fail(err)
		f.ended(0) // its place is not taken back: no upstream begins any more
	}
}

// fail ends the Fan with err, after the items in the queue.
func (f *Fan[T]) fail(err error) {
	f.queue.mu.Lock()
	first := f.failure == nil && f.Scope.Ctx.Err() == nil
	if first {
		f.failure = err
	}
	winner := f.failure
	f.queue.mu.Unlock()
	if winner != nil { // the winner's goroutine may not have cancelled yet, and err may repeat winner
		if !f.spread.On() {
			f.queue.Close(nil)
		}
		f.Scope.Cancel(winner)
	}
	if !first {
		f.Scope.Fail(err)
	}
}

// Failing reports whether no new upstream may begin.
func (f *Fan[T]) Failing() bool { return f.Scope.Ctx.Err() != nil && !f.spread.On() }

// Add starts an upstream on its own goroutine. It is called before Loop, by the
// goroutine that opened the Fan.
func (f *Fan[T]) Add(push func(ctx context.Context, emit func(T) bool) error) {
	f.begin(1)
	f.Scope.Upstream(func(ctx context.Context) error {
		if err := push(f.within(ctx), f.put); err != nil {
			return err // ends the Fan
		}
		f.ended(1)
		return nil
	}, f.upstreamFailed)
}

// Run starts a task that emits nothing itself, but passes jobs to a Crew.
func (f *Fan[T]) Run(task func(ctx context.Context) error) {
	f.begin(0)
	f.Scope.Upstream(func(ctx context.Context) error {
		if err := task(ctx); err != nil {
			return err
		}
		f.ended(0)
		return nil
	}, f.upstreamFailed)
}

// begin makes room for an upstream.
func (f *Fan[T]) begin(places int) {
	f.queue.mu.Lock()
	defer f.queue.mu.Unlock()
	f.beginLocked(places)
}

func (f *Fan[T]) beginLocked(places int) {
	f.live++
	f.queue.widen(places)
}

// ended takes back an upstream's place. The last item of this upstream may still
// wait, in the place of an upstream that goes on: the bound holds for later items.
func (f *Fan[T]) ended(places int) {
	f.queue.mu.Lock()
	defer f.queue.mu.Unlock()
	f.endedLocked(places)
}

func (f *Fan[T]) endedLocked(places int) {
	f.queue.widen(-places)
	if f.live--; f.live == 0 {
		f.queue.shut(nil)
	}
}

// Loop delivers until every upstream has ended, or one has failed and the items in
// the queue are delivered, or ctx is done, or emit refuses.
func (f *Fan[T]) Loop(emit func(T) bool) {
	f.Scope.Settle()
	f.ended(0) // the hold of OpenFan
	for {
		v, ok := f.queue.Next()
		if !ok {
			f.reached = true
			return
		}
		if !emit(v) {
			f.Scope.Stop()
			return
		}
	}
}

// Close cancels, joins, and sets err to all failures. It accounts for the items that
// were stored and not delivered.
func (f *Fan[T]) Close(err *error) {
	f.queue.Halt() // for upstreams that wait for room, also after a panic downstream
	f.queue.mu.Lock()
	failure := f.failure
	f.queue.mu.Unlock()
	if f.reached && failure != nil {
		f.Scope.Lead(failure)
	}
	f.Scope.Close(err)
	f.release()
	*err = fault.Join(*err, f.Discard(append(f.queue.Left(), f.refused.Take()...)...))
}
