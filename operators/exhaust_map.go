package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// ExhaustMap makes a stream of an item and emits the items of that stream. It drops
// all other items until that stream has ended.
//
//	in:    a--b---c|
//	inner: -x-y|     of each item
//	out:   -{ax}-{ay}----{cx}-{cy}|
//
// Emits when the inner stream does. Drops the items that come while an inner stream
// runs; these are not counted in [turbopipes.Stats]. Fails when upstream or the
// inner stream fails; the other one is cancelled and reaped first. Completes when
// upstream and the last inner stream have completed. A graceful stop lets the inner
// stream come to its own end; with [StopInner] it ends that stream.
//
// When the stream ends early, an item counts as discarded if no inner stream has
// begun for it, or if its inner stream was cut short before that stream has emitted
// an item or counted one. An item of the inner stream that comes after upstream's
// failure counts as discarded too. [OnDiscard] is called for all of these.
//
// Backpressure: upstream never waits; the inner stream waits while downstream is
// busy. Memory: one item. Goroutines: one, for upstream, joined before the stream
// ends; fn and the inner streams run on the subscriber's goroutine.
//
// A nil fn is an ErrInvalidArgument, and so is a zero Observable that fn returns. To
// end the old stream instead, see [SwitchMap]; to make upstream wait, [ConcatMap].
// It corresponds to RxJS's exhaustMap.
func ExhaustMap[T, R any](fn func(v T) turbopipes.Observable[R], opts ...InnerOption) turbopipes.Operator[T, R] {
	o, bad := innerOptionsOf(opts)
	switch {
	case fn == nil:
		return turbopipes.Invalid[T, R]("ExhaustMap", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, R]("ExhaustMap", bad)
	}
	letGo := letGoFuncOf[T, R]()
	return turbopipes.Lift(own.Mark+"ExhaustMap", func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) (err error) {
		s, free := scope.Open(ctx, "ExhaustMap"), handoff.New[T](1)
		lost, results := run.Keep[T](s.Stage(), o.Discard), run.Keep[R](s.Stage(), o.Discard)
		var refused run.Refused[T]
		var lostResults run.Refused[R]
		s.After(func() error {
			return fault.Join(lost.Discard(refused.Take()...), results.Discard(lostResults.Take()...))
		})
		release := scope.OnDone(s.Ctx, free.Halt)
		defer func() {
			s.Close(&err)
			release()
			err = fault.Join(err, lost.Discard(free.Left()...))
		}()
		s.Upstream(func(ctx context.Context) error {
			return in.Push(ctx, func(v T) bool {
				switch free.OfferIdle(v) {
				case handoff.Refused:
					return refused.Keep(v)
				case handoff.Dropped:
					if letGo != nil {
						letGo(v)
					}
				}
				return true
			})
		}, func(err error) {
			if err != nil {
				s.Fail(err)
				return
			}
			free.Close(nil)
		})
		s.Settle()
		inner, own := run.Inner(s.Ctx, o.StopInner)
		left, some := false, false
		pass := func(r R) bool {
			some = true
			if s.Ctx.Err() != nil { // upstream has failed
				return lostResults.Keep(r)
			}
			if left = !emit(r); left {
				s.Stop() // stop upstream too, while the inner stream unwinds
			}
			return !left
		}
		for {
			v, ok := free.Next()
			switch {
			case !ok:
				return nil
			case o.StopInner && stopRequested(ctx):
				if letGo != nil {
					letGo(v)
				}
				if err := lost.Discard(v); err != nil {
					return err
				}
				continue
			}
			some = false
			var stream turbopipes.Observable[R]
			lost.Try(v, func() { stream = fn(v) })
			lostBefore := own.Lost()
			err := stream.Push(inner, pass)
			switch {
			case letGo != nil: // v is a stream: its items are counted where they wait
				letGo(v)
			case !some && own.Lost() == lostBefore:
				countCut(inner, lost, refused.Keep, v, err)
			}
			if err != nil || left {
				return err
			}
		}
	})
}
