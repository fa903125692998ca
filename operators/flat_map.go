package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// FlatMap runs the streams that fn makes of the items, at most n at a time, and
// emits the items of these streams as they come.
//
//	in:    a-b-----|   n: 2
//	inner: -x--y|      of each item
//	out:   -{ax}-{bx}{ay}-{by}-|
//
// Emits when an inner stream does; the order within each inner stream is kept. Fails
// when upstream or an inner stream fails. The others are cancelled and reaped first,
// and the items that are queued are emitted before the error. Completes when
// upstream and all inner streams have completed. A graceful stop lets the running
// inner streams come to their own end; with [StopInner] it ends them.
//
// Backpressure: upstream waits, with one item, while n inner streams run. At most as
// many items are undelivered as inner streams run, whichever streams they are from;
// [Buffered] lets more items wait. Items that were accepted and are not delivered
// when the stream ends early are discarded: they are counted, and [OnDiscard] is
// called for them. The same holds for an item that upstream waits with, and for an
// item whose inner stream was cut short before that stream has emitted an item or
// counted one. Memory: n items. Goroutines: one for upstream and one for each inner
// stream that runs, joined before the stream ends; fn runs on upstream's goroutine. A
// short inner stream that has all its items already, as that of [turbopipes.Just] has,
// needs no goroutine if there is room for them. Short is one item, or 1 + k/4 items with
// Buffered(k). Such a stream counts as running until its last item is delivered.
//
// n may be [turbopipes.Infinite]. With an n of 1, and nothing Buffered, it is
// [ConcatMap]. Any other n below 1 and a nil fn are an ErrInvalidArgument. For
// functions that return one result, see [Parallel]; to run only the newest stream,
// [SwitchMap]. It corresponds to RxJS's mergeMap, which has no limit, and to
// Reactor's flatMap, whose limit is 256.
func FlatMap[T, R any](n int, fn func(v T) turbopipes.Observable[R], opts ...FlatMapOption) turbopipes.Operator[T, R] {
	return flatMap("FlatMap", n, fn, opts)
}

func flatMap[T, R any](name string, n int, fn func(v T) turbopipes.Observable[R], opts []FlatMapOption) turbopipes.Operator[T, R] {
	o, bad := innerOptionsOf(opts)
	switch {
	case n < 1 && n != turbopipes.Infinite:
		return turbopipes.Invalid[T, R](name, opt.TooSmall("n", n, 1))
	case fn == nil:
		return turbopipes.Invalid[T, R](name, "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, R](name, bad)
	case n == 1 && o.Ahead == 0:
		return concatMap(name, fn, o)
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) (err error) {
		fan := handoff.OpenFan[R](ctx, name, o.Ahead)
		fan.Discard = run.Keep[R](fan.Scope.Stage(), o.Discard).Discard
		x := flatMapRun[T, R]{fan: fan, fn: fn, outer: ctx, stops: o.StopInner, letGo: letGoFuncOf[T, R]()}
		x.lost = run.Keep[T](fan.Scope.Stage(), o.Discard)
		x.most = 1 + o.Ahead/4
		x.see = func(r R) bool {
			x.few = append(x.few, r)
			return len(x.few) <= x.most
		}
		fan.Scope.After(func() error { return x.lost.Discard(x.refused.Take()...) })
		defer fan.Close(&err)
		x.crew.Run, x.crew.Limit = x.run, n
		x.crew.Inner = func(ctx context.Context) (context.Context, *run.Record) { return run.Inner(ctx, o.StopInner) }
		x.crew.Open(fan)
		fan.Run(func(ctx context.Context) error {
			return in.Push(ctx, func(v T) bool { return x.item(ctx, v) })
		})
		fan.Loop(emit)
		return nil
	})
}

// flatMapRun is one run of a FlatMap.
type flatMapRun[T, R any] struct {
	fan     *handoff.Fan[R]
	crew    handoff.Crew[flatMapJob[T, R], R]
	fn      func(v T) turbopipes.Observable[R]
	outer   context.Context //nolint:containedctx // of the whole run
	stops   bool            // a graceful stop reaches the inner streams
	letGo   func(v T)       // nil: items are not parts of another stream
	lost    run.Account[T]
	refused run.Refused[T]

	// For inner streams that have all their items already.
	few  []R            // the first most+1 items of such a stream
	most int            // longer streams need a worker
	see  func(r R) bool // appends to few
}

// flatMapJob is the inner stream of v.
type flatMapJob[T, R any] struct {
	v     T
	inner turbopipes.Observable[R]
}

// item starts the inner stream of v when there is a free slot. It runs on upstream's
// goroutine.
func (x *flatMapRun[T, R]) item(ctx context.Context, v T) bool {
	if !x.wait(ctx) || x.fan.Failing() || x.stops && stopRequested(ctx) {
		x.drop(v)
		return x.refused.Keep(v)
	}
	job := flatMapJob[T, R]{v: v}
	x.lost.Try(v, func() { job.inner = x.fn(v) })
	if !x.quick(job) {
		x.crew.Give(job)
	}
	return !x.fan.Failing()
}

// quick passes on the items of an inner stream that has all of them already. Such a
// stream needs no worker. quick returns false if it is another stream, or if there is
// no room for its items.
func (x *flatMapRun[T, R]) quick(job flatMapJob[T, R]) bool {
	x.few = x.few[:0]
	if job.inner.Push(own.AtOnce, x.see) != nil || len(x.few) > x.most {
		return false
	}
	out := x.crew.Quick(x.few)
	switch out {
	case handoff.NoRoom:
		return false
	case handoff.Refused:
		x.fan.Refuse(x.few[0])
	}
	clear(x.few)
	if x.letGo != nil {
		x.letGo(job.v)
	}
	return true
}

// run runs an inner stream, on the goroutine of a worker.
func (x *flatMapRun[T, R]) run(w *handoff.Worker[R], job flatMapJob[T, R]) error {
	err := job.inner.Push(w.Ctx, w.Emit)
	switch {
	case x.letGo != nil: // v is a stream: its items are counted where they wait
		x.letGo(job.v)
	case !w.Some && !w.Lost():
		countCut(w.Ctx, x.lost, x.refused.Keep, job.v, err)
	}
	return err
}

// wait waits for a free slot. It returns false when ctx has ended.
func (x *flatMapRun[T, R]) wait(ctx context.Context) bool {
	if x.crew.Wait(ctx) {
		return true
	}
	// A part of a stream that has failed may still begin: the running ones come to their ends.
	return !x.fan.Failing() && x.fan.Scope.Ctx.Err() != nil && x.crew.Wait(x.outer)
}

// drop lets v go, if v is a part of another stream that nobody has read.
func (x *flatMapRun[T, R]) drop(v T) {
	if x.letGo != nil {
		x.letGo(v)
	}
}

// countCut accounts for an item whose inner stream has ended with err. That stream
// has not emitted anything, and none of its stages has counted an item. If the inner
// stream was cut, the item counts as discarded; if it has failed by itself, the item
// counts as failed.
func countCut[T any](ctx context.Context, lost run.Account[T], refuse func(v T) bool, v T, err error) {
	switch {
	case fault.Cut(ctx, err):
		refuse(v)
	case err != nil:
		lost.FailedOn(v) // a stream counts as no item
	}
}

// slotPool lets n run at a time; a nil slots has no limit.
type slotPool chan struct{}

func newSlotPool(n int) slotPool {
	if n == turbopipes.Infinite {
		return nil
	}
	return make(slotPool, n)
}

// take waits for a slot. It returns false when ctx has ended.
func (s slotPool) take(ctx context.Context) bool {
	if s == nil {
		return true
	}
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s slotPool) release() {
	if s != nil {
		<-s
	}
}
