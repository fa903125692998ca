package operators

import (
	"context"
	"errors"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// SwitchMap runs the stream that fn makes of the newest item, and emits what it
// emits.
//
//	in:    a---b-------|
//	inner: -x-y-z|     of each item
//	out:   -{ax}-{ay}-{bx}-{by}-{bz}--|
//
// Emits when the inner stream that runs does. A new item cancels it, and when it
// has unwound, fn is called for that item: two inner streams never overlap. Of
// items that come meanwhile only the newest is kept, so those between may never
// be subscribed. Once a newer item is there, nothing of the old stream is emitted.
// Fails when upstream or an inner stream fails. Completes when upstream and the
// last inner stream have. A graceful stop lets that one come to its own end, and
// with [StopInner] it ends that one.
//
// Backpressure: upstream is never held; an inner stream waits while downstream is
// busy. Memory: one item. Goroutines: two, for upstream and for the inner streams
// and fn, joined before it ends.
//
// A nil fn is an ErrInvalidArgument. For all the streams see [FlatMap] and
// [ConcatMap]; to keep the old one instead, [ExhaustMap]. It corresponds to switchMap
// in RxJS and Reactor, which do not wait for the old stream to unwind.
func SwitchMap[T, R any](fn func(v T) turbopipes.Observable[R], opts ...InnerOption) turbopipes.Operator[T, R] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case fn == nil:
		return turbopipes.Invalid[T, R]("SwitchMap", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, R]("SwitchMap", bad)
	}
	return switchMap("SwitchMap", fn, o)
}

func switchMap[T, R any](name string, fn func(v T) turbopipes.Observable[R], o opt.Settings) turbopipes.Operator[T, R] {
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) (err error) {
		s := scope.Open(ctx, name)
		x := switching[T, R]{newestItem: newSwitch[T](), fn: fn, stops: o.StopInner, out: make(chan switched[R]), letGo: letsGoOf[T, R]()}
		x.items, x.results = run.Keep[T](s.Stage(), o.Discard), run.Keep[R](s.Stage(), o.Discard)
		defer func() {
			s.Close(&err)
			err = fault.Join(err, x.items.Discard(append(x.left(), x.refused.Take()...)...), x.results.Discard(x.lost.Take()...))
		}()
		ended := make(chan struct{})
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
			close(ended)
			return nil
		})
		s.Settle()
		for {
			select {
			case r := <-x.out:
				if !x.is(r.turn) { // a newer item came while this was handed over
					if err := x.results.Discard(r.v); err != nil {
						return err
					}
				} else if !emit(r.v) {
					return nil
				}
			case <-ended:
				return nil
			case <-s.Ctx.Done():
				return nil
			}
		}
	})
}

// switched is what an inner stream has emitted.
type switched[R any] struct {
	v    R
	turn uint64
}

// switching is one run of a SwitchMap.
type switching[T, R any] struct {
	*newestItem[T]
	fn      func(v T) turbopipes.Observable[R]
	stops   bool // a graceful stop reaches the inner streams
	out     chan switched[R]
	letGo   func(v T) // nil: items are no parts of another stream
	items   run.Account[T]
	results run.Account[R]
	refused run.Refused[T]
	lost    run.Refused[R]
}

// accept is upstream's emit: it never waits.
func (x *switching[T, R]) accept(ctx context.Context, v T) bool {
	if ctx.Err() != nil || x.stops && stopping(ctx) {
		return x.refused.Keep(v)
	}
	if old, replaced := x.put(v); replaced && x.letGo != nil {
		x.letGo(old)
	}
	return true
}

// runNewest runs one inner stream after another until upstream has ended.
func (x *switching[T, R]) runNewest(ctx context.Context) error {
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

// run runs the inner stream of v. One that was switched away from has lost nothing
// but what it had emitted.
func (x *switching[T, R]) run(ctx context.Context, rec *run.Record, v T, turn uint64) error {
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	x.running(turn, cancel)
	some := false
	var stream turbopipes.Observable[R]
	x.items.Try(v, func() { stream = x.fn(v) })
	before := rec.Lost()
	err := stream.Push(own, func(r R) bool {
		some = true
		select {
		case x.out <- switched[R]{r, turn}:
			return x.is(turn)
		case <-own.Done():
			if errors.Is(context.Cause(own), errSwitched) {
				return false // it is outdated
			}
			return x.lost.Keep(r)
		}
	})
	rest := fault.Strip(own, err) // it was switched away from, or ctx is done
	switch {
	case x.letGo != nil: // what is in it is counted where it waits
		x.letGo(v)
	case rest == nil && errors.Is(context.Cause(own), errSwitched):
	case !some && rec.Lost() == before:
		countCut(own, x.items, x.refused.Keep, v, err)
	}
	return rest
}
