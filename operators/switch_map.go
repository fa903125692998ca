package operators

import (
	"context"
	"errors"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// SwitchMap calls fn to make a stream of the newest item, and emits the items of
// that stream.
//
//	in:    a---b-------|
//	inner: -x-y-z|     of each item
//	out:   -{ax}-{ay}-{bx}-{by}-{bz}--|
//
// Emits when the running inner stream does. A new item cancels the inner stream.
// When the stream has unwound, fn is called for the new item: two inner streams
// never overlap. Of the items that arrive during this time, only the newest is kept,
// so fn may never be called for the items between. Once a newer item is there, no
// item of the old stream is emitted. Fails when upstream or an inner stream fails.
// Completes when upstream and the last inner stream have completed. After a graceful
// stop, the last inner stream runs to its own end; with [StopInner], the stop ends
// it too.
//
// At an early end, three kinds of items count as discarded, and [OnDiscard] reports
// them: an item of upstream that waits or arrives too late, an item whose inner
// stream was cut off before it had emitted anything, and an item of an inner stream
// that was not delivered. An item of an inner stream that was already handed over
// when a newer item came counts as discarded too. Items that a newer item replaces
// are not counted.
//
// Backpressure: upstream is never held; an inner stream waits while downstream is
// busy. Memory: one item. Goroutines: two, one for upstream, and one for fn and the
// inner streams, joined before SwitchMap ends.
//
// A nil fn is an ErrInvalidArgument. For the items of all streams, see [FlatMap] and
// [ConcatMap]; to keep the old stream instead, see [ExhaustMap]. It corresponds to
// switchMap in RxJS and Reactor, which do not wait for the old stream to unwind.
func SwitchMap[T, R any](fn func(v T) turbopipes.Observable[R], opts ...InnerOption) turbopipes.Operator[T, R] {
	o, bad := innerOptionsOf(opts)
	switch {
	case fn == nil:
		return turbopipes.Invalid[T, R]("SwitchMap", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, R]("SwitchMap", bad)
	}
	return switchMap("SwitchMap", fn, o)
}

func switchMap[T, R any](name string, fn func(v T) turbopipes.Observable[R], o innerOptions) turbopipes.Operator[T, R] {
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) (err error) {
		s := scope.Open(ctx, name)
		x := switchRun[T, R]{newestItem: newSwitch[T](), fn: fn, stops: o.StopInner, out: handoff.NewHand[innerItem[R]](), letGo: letGoFuncOf[T, R]()}
		x.items, x.results = run.Keep[T](s.Stage(), o.Discard), run.Keep[R](s.Stage(), o.Discard)
		defer func() {
			s.Close(&err)
			err = fault.Join(err, x.items.Discard(append(x.left(), x.refused.Take()...)...), x.results.Discard(x.lost.Take()...))
		}()
		s.Upstream(func(ctx context.Context) error {
			if err := in.Push(ctx, func(v T) bool { return x.accept(ctx, v) }); err != nil {
				return err
			}
			x.close()
			return nil
		}, s.Fail)
		s.Go(func(ctx context.Context) error {
			if err := x.runNewest(ctx); err != nil {
				return err
			}
			x.out.Close()
			return nil
		})
		s.Settle()
		for {
			r, ok := x.out.Next(s.Ctx)
			switch {
			case !ok:
				return nil
			case !x.is(r.turn): // a newer item came while this item was handed over
				if err := x.results.Discard(r.v); err != nil {
					return err
				}
			case !emit(r.v):
				return nil
			}
		}
	})
}

// innerItem is an item of an inner stream, and the turn of that stream.
type innerItem[R any] struct {
	v    R
	turn uint64
}

// switchRun is one run of a SwitchMap.
type switchRun[T, R any] struct {
	*newestItem[T]
	fn      func(v T) turbopipes.Observable[R]
	stops   bool // a graceful stop reaches the inner streams
	out     *handoff.Hand[innerItem[R]]
	letGo   func(v T) // nil: the items are not parts of another stream
	items   run.Account[T]
	results run.Account[R]
	refused run.Refused[T]
	lost    run.Refused[R]
}

// accept is upstream's emit. It never waits.
func (x *switchRun[T, R]) accept(ctx context.Context, v T) bool {
	if ctx.Err() != nil || x.stops && stopRequested(ctx) {
		return x.refused.Keep(v)
	}
	if old, replaced := x.put(v); replaced && x.letGo != nil {
		x.letGo(old)
	}
	return true
}

// runNewest runs one inner stream after another until upstream has ended.
func (x *switchRun[T, R]) runNewest(ctx context.Context) error {
	inner, rec := run.Inner(ctx, x.stops)
	for {
		v, turn, ok := x.next(ctx)
		if !ok {
			return nil
		}
		if err := x.run(inner, rec, v, turn); err != nil {
			return err
		}
	}
}

// run runs the inner stream of v. A stream that was switched away from has lost only
// items that it had emitted.
func (x *switchRun[T, R]) run(ctx context.Context, rec *run.Record, v T, turn uint64) error {
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	x.running(turn, cancel)
	some := false
	var stream turbopipes.Observable[R]
	x.items.Try(v, func() { stream = x.fn(v) })
	before := rec.Lost()
	err := stream.Push(own, func(r R) bool {
		some = true
		switch {
		case x.out.Put(own, innerItem[R]{r, turn}):
			return x.is(turn)
		case errors.Is(context.Cause(own), errSwitched):
			return false // the item is outdated
		}
		return x.lost.Keep(r)
	})
	rest := fault.Strip(own, err) // the stream was switched away from, or ctx is done
	switch {
	case x.letGo != nil: // the items in v are counted where they wait
		x.letGo(v)
	case rest == nil && errors.Is(context.Cause(own), errSwitched):
	case !some && rec.Lost() == before:
		countCut(own, x.items, x.refused.Keep, v, err)
	}
	return rest
}
