package handoff

import (
	"context"
	"sync"

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
	// Inner returns the ctx for the upstreams of a Worker, and the Record in that ctx
	// if the Record is the Worker's own. Inner may be nil.
	Inner func(ctx context.Context) (context.Context, *run.Record)

	refused run.Refused[T]

	queue   *Queue[T]
	spread  *run.Spread
	put     func(T) bool // the emit of the upstreams; see Into
	release func()
	reached bool             // Loop has delivered everything before the failure; only the subscriber's goroutine uses it
	next    chan upstream[T] // to a goroutine whose upstream has ended

	mu      sync.Mutex // guards all fields below
	live    int        // running upstreams, plus holds
	idle    int        // goroutines that wait for next
	failure error      // the first one
}

// upstream is a stream to run. completed is called after it has completed and its
// place is taken back.
type upstream[T any] struct {
	push      func(w *Worker[T]) error
	completed func()
}

// Worker is a goroutine that runs one upstream after another, as the upstream sees
// it.
type Worker[T any] struct {
	Ctx  context.Context //nolint:containedctx // of the upstream
	Emit func(T) bool
	Some bool // an item was emitted

	up         upstream[T]
	record     *run.Record // of Ctx; nil if it is not the Worker's own
	lostBefore int64
}

// Lost reports whether a stage of the upstream has counted a lost item.
func (w *Worker[T]) Lost() bool { return w.record != nil && w.record.Lost() != w.lostBefore }

// OpenFan opens a Fan without an upstream. The caller may set Discard, must defer
// Close, and must call Loop.
func OpenFan[T any](ctx context.Context, name string, ahead int) *Fan[T] {
	spread := new(run.Spread)
	f := &Fan[T]{Scope: scope.Open(spread.With(ctx), name), spread: spread, queue: Lending[T](ahead), next: make(chan upstream[T]), live: 1}
	f.Discard = run.Keep[T](f.Scope.Stage(), nil).Discard
	f.release = scope.OnDone(ctx, f.queue.Halt) // on ctx, and not on the Scope's: a failure waits for the items in the queue
	f.put = func(v T) bool { return f.queue.Put(v) || f.refused.Keep(v) }
	return f
}

// upstreamFailed runs as an upstream's goroutine ends.
func (f *Fan[T]) upstreamFailed(err error) {
	if err != nil {
		f.fail(err)
		f.ended(0) // its place is not taken back: no upstream begins any more
	}
}

// fail ends the Fan with err, after the items in the queue.
func (f *Fan[T]) fail(err error) {
	f.mu.Lock()
	first := f.failure == nil && f.Scope.Ctx.Err() == nil
	if first {
		f.failure = err
	}
	winner := f.failure
	f.mu.Unlock()
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

// AddLater is Add from within a running upstream. completed is called after the new
// upstream has completed.
func (f *Fan[T]) AddLater(push func(ctx context.Context, emit func(T) bool) error, completed func()) {
	f.begin(1)
	f.Scope.Run(func(ctx context.Context) error {
		if err := push(ctx, f.put); err != nil {
			return err
		}
		f.ended(1)
		completed()
		return nil
	}, f.upstreamFailed)
}

// Run starts a task that emits nothing itself but calls Give or AddLater.
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

// Give is Add for upstreams that come one after another, from one goroutine. Their
// goroutines go on with the next upstream: a short stream is twice as fast on a
// stack that has grown already. completed is called after the stream has ended and
// its goroutine is free.
func (f *Fan[T]) Give(push func(w *Worker[T]) error, completed func()) {
	f.begin(1)
	up := upstream[T]{push, completed}
	f.mu.Lock()
	free := f.idle > 0
	if free {
		f.idle--
	}
	f.mu.Unlock()
	if !free {
		f.startWorker(up)
		return
	}
	select {
	case f.next <- up:
	case <-f.Scope.Ctx.Done(): // the idle goroutine may have gone
		f.startWorker(up)
	}
}

// startWorker starts a goroutine for up.
func (f *Fan[T]) startWorker(up upstream[T]) {
	w := &Worker[T]{up: up}
	f.Scope.Run(func(ctx context.Context) error { return f.work(ctx, w) }, func(err error) {
		f.upstreamFailed(err)
		if w.up.completed != nil { // after a failure, only now, so that nothing new begins
			w.up.completed()
		}
	})
}

// maxIdle bounds the goroutines that wait for a next upstream.
const maxIdle = 64

// work runs on a goroutine that Give has started.
func (f *Fan[T]) work(ctx context.Context, w *Worker[T]) error {
	w.Ctx = ctx
	if f.Inner != nil {
		w.Ctx, w.record = f.Inner(ctx)
	}
	w.Emit = func(v T) bool {
		w.Some = true
		return f.put(v)
	}
	for {
		w.Some = false
		if w.record != nil {
			w.lostBefore = w.record.Lost()
		}
		if err := w.up.push(w); err != nil {
			return err
		}
		f.ended(1)
		f.mu.Lock()
		stays := f.idle < maxIdle
		if stays {
			f.idle++
		}
		f.mu.Unlock()
		completed := w.up.completed
		w.up = upstream[T]{} // keep nothing of the upstream alive
		completed()
		if !stays {
			return nil
		}
		select {
		case w.up = <-f.next:
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

// ended takes back an upstream's place. The last item of this upstream may still
// wait, in the place of an upstream that goes on: the bound holds for later items.
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
	f.mu.Lock()
	failure := f.failure
	f.mu.Unlock()
	if f.reached && failure != nil {
		f.Scope.Lead(failure)
	}
	f.Scope.Close(err)
	f.release()
	*err = fault.Join(*err, f.Discard(append(f.queue.Left(), f.refused.Take()...)...))
}
