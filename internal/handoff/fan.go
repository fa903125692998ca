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
//
// The failure of an upstream cancels the others, and nothing more is taken in; what
// is in the queue is delivered before it. Where the upstreams are parts of one
// stream, whose failure it is, each of them delivers what it has: see run.Spread.
type Fan[T any] struct {
	Scope *scope.Scope
	// Discard accounts for items that are lost, on the subscriber's goroutine, once
	// everything is reaped.
	Discard func(items ...T) error
	// Inner returns the ctx for the upstreams of a Worker, and the Record in it that is the
	// Worker's own, if it has one. It may be nil.
	Inner func(ctx context.Context) (context.Context, *run.Record)

	refused run.Refused[T]

	queue   *Queue[T]
	spread  *run.Spread
	put     func(T) bool // the emit of the upstreams; see Into
	release func()
	reached bool             // the failure's turn has come; of the subscriber's goroutine
	next    chan upstream[T] // to a goroutine that has come to the end of its upstream

	mu      sync.Mutex // guards all below
	live    int        // upstreams that run, and holds
	idle    int        // goroutines that wait for next
	failure error      // the first one
}

// upstream is a stream to run, and what is called when it has completed and its
// place is taken back.
type upstream[T any] struct {
	push      func(w *Worker[T]) error
	completed func()
}

// Worker is a goroutine that runs one upstream after another, as the upstream sees it.
type Worker[T any] struct {
	Ctx  context.Context //nolint:containedctx // of the upstream
	Emit func(T) bool
	Some bool // an item was emitted

	up     upstream[T]
	rec    *run.Record // of Ctx; nil where it is not the Worker's own
	before int64
}

// Lost tells whether a stage of the upstream has counted an item that it has lost.
func (w *Worker[T]) Lost() bool { return w.rec != nil && w.rec.Lost() != w.before }

// OpenFan starts a Fan without an upstream. The caller may set Discard, must defer
// Close, and call Loop.
func OpenFan[T any](ctx context.Context, name string, ahead int) *Fan[T] {
	spread := new(run.Spread)
	f := &Fan[T]{Scope: scope.Open(spread.With(ctx), name), spread: spread, queue: Lending[T](ahead), next: make(chan upstream[T]), live: 1}
	f.Discard = run.Keep[T](f.Scope.Stage(), nil).Discard
	f.release = scope.OnDone(ctx, f.queue.Halt) // not the Scope's: a failure waits for what is in the queue
	f.put = func(v T) bool { return f.queue.Put(v) || f.refused.Keep(v) }
	return f
}

// foot is called at the foot of an upstream's goroutine.
func (f *Fan[T]) foot(err error) {
	if err != nil {
		f.fail(err)
		f.ended(0) // its place is not taken back: nothing begins any more
	}
}

// fail ends all with err, after what is in the queue.
func (f *Fan[T]) fail(err error) {
	f.mu.Lock()
	first := f.failure == nil && f.Scope.Ctx.Err() == nil
	if first {
		f.failure = err
	}
	winner := f.failure
	f.mu.Unlock()
	if winner != nil { // its own goroutine may not have come to it yet, and err may repeat it
		if !f.spread.On() {
			f.queue.Close(nil)
		}
		f.Scope.Cancel(winner)
	}
	if !first {
		f.Scope.Fail(err)
	}
}

// Failing tells whether nothing new may begin.
func (f *Fan[T]) Failing() bool { return f.Scope.Ctx.Err() != nil && !f.spread.On() }

// Add starts an upstream on a goroutine of its own, which is called before Loop by
// the goroutine that has opened the Fan.
func (f *Fan[T]) Add(push func(ctx context.Context, emit func(T) bool) error) {
	f.begin(1)
	f.Scope.Upstream(func(ctx context.Context) error {
		if err := push(f.within(ctx), f.put); err != nil {
			return err // the end of all
		}
		f.ended(1)
		return nil
	}, f.foot)
}

// AddLater is Add from within an upstream that runs. completed is called when the
// new one has completed.
func (f *Fan[T]) AddLater(push func(ctx context.Context, emit func(T) bool) error, completed func()) {
	f.begin(1)
	f.Scope.Run(func(ctx context.Context) error {
		if err := push(ctx, f.put); err != nil {
			return err
		}
		f.ended(1)
		completed()
		return nil
	}, f.foot)
}

// Run starts what emits nothing itself but calls Give or AddLater.
func (f *Fan[T]) Run(task func(ctx context.Context) error) {
	f.begin(0)
	f.Scope.Upstream(func(ctx context.Context) error {
		if err := task(ctx); err != nil {
			return err
		}
		f.ended(0)
		return nil
	}, f.foot)
}

// Give is Add for upstreams that come one after another, from one goroutine. They
// run on goroutines that go on with the next one: a stack that has grown already
// makes a short stream twice as fast. completed is called when the stream has ended and
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
		f.employ(up)
		return
	}
	select {
	case f.next <- up:
	case <-f.Scope.Ctx.Done(): // whoever was idle may be gone
		f.employ(up)
	}
}

// employ starts a goroutine for up.
func (f *Fan[T]) employ(up upstream[T]) {
	w := &Worker[T]{up: up}
	f.Scope.Run(func(ctx context.Context) error { return f.work(ctx, w) }, func(err error) {
		f.foot(err)
		if w.up.completed != nil { // it has failed: only now, so that nothing new begins
			w.up.completed()
		}
	})
}

// mostIdle bounds the goroutines that wait for a next upstream.
const mostIdle = 64

// work is the life of a goroutine that Give has started.
func (f *Fan[T]) work(ctx context.Context, w *Worker[T]) error {
	w.Ctx = ctx
	if f.Inner != nil {
		w.Ctx, w.rec = f.Inner(ctx)
	}
	w.Emit = func(v T) bool {
		w.Some = true
		return f.put(v)
	}
	for {
		w.Some = false
		if w.rec != nil {
			w.before = w.rec.Lost()
		}
		if err := w.up.push(w); err != nil {
			return err
		}
		f.ended(1)
		f.mu.Lock()
		stays := f.idle < mostIdle
		if stays {
			f.idle++
		}
		f.mu.Unlock()
		completed := w.up.completed
		w.up = upstream[T]{} // keep nothing of it alive
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

// Loop delivers until every upstream has ended, one has failed and what was in the
// queue is delivered, ctx is done, or emit refuses.
func (f *Fan[T]) Loop(emit func(T) bool) {
	f.Scope.Settle()
	f.ended(0) // OpenFan's hold
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

// Close cancels, joins, and returns what has failed. It accounts for what was stored
// and not delivered.
func (f *Fan[T]) Close(err *error) {
	f.queue.Halt() // for those who wait for room, also where downstream has panicked
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
