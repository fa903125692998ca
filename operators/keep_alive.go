package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/alarm"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// KeepAlive emits an item that fn returns whenever upstream is idle for a while.
//
//	in:  a-b----------c-|   idle: 4, fn: z
//	out: a-b---z---z--c-|
//
// Emits when an item comes, and when idle has passed without an item. The time
// begins with the subscription, and again each time downstream has finished with an
// item of upstream or of fn. When that moment comes, fn's item is first, whatever
// else happens then. Fails and completes with upstream. A downstream that is busy
// never gets an item of fn, and the time that downstream takes does not count.
//
// Backpressure: upstream waits while downstream is busy. An item of upstream that is
// not delivered when the stream ends early counts as discarded, and [OnDiscard] is
// called for it. Memory: none. Goroutines: one, for upstream, joined before the
// stream ends; fn runs on the subscriber's goroutine.
//
// An idle of 0 or less and a nil fn are an ErrInvalidArgument. To fail instead, see
// [Timeout]. It corresponds to Pekko's keepAlive.
func KeepAlive[T any](idle time.Duration, fn func() T, opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	switch {
	case idle <= 0:
		return turbopipes.Invalid[T, T]("KeepAlive", opt.NotPositive("idle", idle))
	case fn == nil:
		return turbopipes.Invalid[T, T]("KeepAlive", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("KeepAlive", bad)
	}
	return turbopipes.Lift(own.Mark+"KeepAlive", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		up := feed.OpenIntake(ctx, "KeepAlive", discarding[T](o), in.Push)
		var inHand singleSlot[T]
		defer func() {
			up.Close(&err)
			err = fault.Join(err, discarding[T](o).At(up.Stage()).Discard(inHand.all()...))
		}()
		clock := alarm.New()
		defer clock.Stop()
		for {
			v, got, idles := up.NextWithin(clock, idle)
			if idles && ctx.Err() == nil {
				if got == feed.Item {
					inHand.put(v)
				}
				if !emit(fn()) {
					return nil
				}
				inHand.take()
			}
			switch got {
			case feed.Item:
				if !emit(v) {
					return nil
				}
			case feed.Completed, feed.Ended: // if it has failed, or ctx is done, Close sets err
				return nil
			}
		}
	})
}
