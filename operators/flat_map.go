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
// emits what they emit as it comes.
//
//	in:    a-b-----|   n: 2
//	inner: -x--y|      of each item
//	out:   -{ax}-{bx}{ay}-{by}-|
//
// Emits when an inner stream does; the order within each is kept. Fails when
// upstream or an inner stream fails: the others are cancelled and reaped first,
// and what is queued comes out before the failure.
// Completes when upstream and all inner streams have. A graceful stop lets the
// inner streams that run come to their own end, and with [StopInner] it ends them.
//
// Backpressure: upstream waits, with one item, while n inner streams run; at most
// as many items are undelivered as inner streams run, of whichever of them, and
// [Buffered] lets more wait.
// What was accepted and not delivered at an early end is discarded: counted, and
// given to [OnDiscard]. Memory: n items. Goroutines: one for upstream and one for
// each inner stream that runs, joined before it ends; fn runs on upstream's.
//
// n may be [turbopipes.Infinite]; with 1, and nothing Buffered, it is
// [ConcatMap]. Another n below 1, or a nil fn, is an ErrInvalidArgument. For
// functions that give one result see [Parallel]; for the newest stream only,
// [SwitchMap]. It corresponds to RxJS's mergeMap and Reactor's flatMap, whose
// limits are none and 256.
func FlatMap[T, R any](n int, fn func(v T) turbopipes.Observable[R], opts ...FlatMapOption) turbopipes.Operator[T, R] {
	return flatMap("FlatMap", n, fn, opts)
}

func flatMap[T, R any](name string, n int, fn func(v T) turbopipes.Observable[R], opts []FlatMapOption) turbopipes.Operator[T, R] {
	o, bad := opt.Gather(opt.Settings{}, opts)
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
		outer := ctx
		fan := handoff.OpenFan[R](ctx, name, o.Ahead)
		fan.Inner = func(ctx context.Context) (context.Context, *run.Record) { return run.Inner(ctx, o.StopInner) }
		fan.Discard = run.Keep[R](fan.Stage(), o.Discard).Discard
		var refused run.Refused[T]
		lost := run.Keep[T](fan.Stage(), o.Discard)
		fan.After(func() error { return lost.Discard(refused.Take()...) })
		defer fan.Close(&err)
		fan.Run(func(ctx context.Context) error {
			x := flattening[T, R]{fan: fan, fn: fn, letGo: letsGoOf[T, R](), lost: lost, refused: &refused}
			x.outer, x.stops, x.free = outer, o.StopInner, newSlots(n)
			x.release = x.free.release
			return in.Push(ctx, func(v T) bool { return x.item(ctx, v) })
		})
		fan.Loop(emit)
		return nil
	})
}

// flattening is one run of a FlatMap, as upstream's goroutine has it.
type flattening[T, R any] struct {
	fan     *handoff.Fan[R]
	fn      func(v T) turbopipes.Observable[R]
	outer   context.Context //nolint:containedctx // of the whole run
	stops   bool            // a graceful stop reaches them
	free    slots
	release func()
	letGo   func(v T) // nil: items are no parts of another stream
	lost    run.Account[T]
	refused *run.Refused[T]
}

// item starts the inner stream of v when there is a place for it.
func (x *flattening[T, R]) item(ctx context.Context, v T) bool {
	if !x.take(ctx) || x.fan.Failing() || x.stops && stopping(ctx) {
		x.drop(v)
		return x.refused.Keep(v)
	}
	var inner turbopipes.Observable[R]
	x.lost.Try(v, func() { inner = x.fn(v) })
	x.fan.Give(func(w *handoff.Worker[R]) error {
		err := inner.Push(w.Ctx, w.Emit)
		switch {
		case x.letGo != nil: // what is in it is counted where it waits
			x.letGo(v)
		case !w.Some && !w.Lost():
			countCut(w.Ctx, x.lost, x.refused.Keep, v, err)
		}
		return err
	}, x.release)
	return !x.fan.Failing()
}

// take waits for a place. false: ctx has ended.
func (x *flattening[T, R]) take(ctx context.Context) bool {
	if x.free.take(ctx) {
		return true
	}
	// A part of a stream that has failed may still begin: those that run come to their ends.
	return !x.fan.Failing() && x.fan.Ctx.Err() != nil && x.free.take(x.outer)
}

// drop lets v go where it is a part of another stream that nobody has read.
func (x *flattening[T, R]) drop(v T) {
	if x.letGo != nil {
		x.letGo(v)
	}
}

// countCut accounts for an item whose inner stream has ended with err, without having
// emitted anything, and without a stage of it having counted an item. Where the inner
// stream was cut, the item is discarded; where it has failed by itself, the item has.
func countCut[T any](ctx context.Context, lost run.Account[T], refuse func(v T) bool, v T, err error) {
	switch {
	case fault.Cut(ctx, err):
		refuse(v)
	case err != nil:
		lost.FailedOn(v) // a stream is no item
	}
}

// slots lets n through at a time; nil lets all through.
type slots chan struct{}

func newSlots(n int) slots {
	if n == turbopipes.Infinite {
		return nil
	}
	return make(slots, n)
}

// take waits for a slot. false: ctx has ended.
func (s slots) take(ctx context.Context) bool {
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

func (s slots) release() {
	if s != nil {
		<-s
	}
}
