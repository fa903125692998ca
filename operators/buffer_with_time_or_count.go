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
	"github.com/turbopipes/turbopipes/internal/run"
)

// BufferWithTimeOrCount gathers items in slices of n, or of what has come within
// span of a slice's first item.
//
//	in:  abc-d------ef-|   span: 4, n: 3
//	out: --{abc}-----{d}-----({ef}|)
//
// Emits when n items are together, when span has passed since the first of those
// that wait, and at completion what is left. Never an empty slice; an idle stream
// wakes nobody. Fails with upstream; what waits is discarded, or emitted before
// with [FlushOnError].
//
// A slice that is lost counts as its items, which [OnDiscard] hears of.
// Downstream owns the slices. Backpressure: upstream waits while downstream is
// busy. Memory: n items, and one in upstream's hand. Goroutines: one, for
// upstream, joined before it ends.
//
// span ≤ 0 and an n below 1 are an
// ErrInvalidArgument. By count only it is [BufferWithCount]. It corresponds to
// Reactor's bufferTimeout, Pekko's groupedWithin and RxGo's
// BufferWithTimeOrCount; RxJS's bufferTime restarts a clock of its own.
func BufferWithTimeOrCount[T any](span time.Duration, n int, opts ...BufferWithTimeOrCountOption) turbopipes.Operator[T, []T] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case span <= 0:
		return turbopipes.Invalid[T, []T]("BufferWithTimeOrCount", opt.NotPositive("span", span))
	case n < 1:
		return turbopipes.Invalid[T, []T]("BufferWithTimeOrCount", opt.TooSmall("n", n, 1))
	case bad != "":
		return turbopipes.Invalid[T, []T]("BufferWithTimeOrCount", bad)
	}
	return turbopipes.Lift(own.Mark+"BufferWithTimeOrCount", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		batch := timedBuffer[T]{d: span, n: n}
		lost := run.Keep[T](run.At(ctx, "BufferWithTimeOrCount"), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() { err = fault.Join(err, lost.Discard(batch.items...)) }()
		pass := func(full []T) bool { return full == nil || emit(full) }
		up := feed.Open(ctx, "BufferWithTimeOrCount", discarding[T](o.Loss), in.Push)
		defer up.Close(&err)
		clock := alarm.New()
		defer clock.Stop()
		for {
			clock.Set(batch.deadline())
			select {
			case v, more := <-up.Items():
				if !more { // upstream has completed
					pass(batch.take())
					return nil
				}
				now := time.Now()
				late, full := batch.due(now), batch.item(v, now) // one of them, if any
				if !pass(late) || !pass(full) {
					return nil
				}
			case <-clock.C:
				clock.Heard()
				if !pass(batch.due(time.Now())) {
					return nil
				}
			case <-up.Done(): // upstream has failed, or ctx is done: Close tells
				if o.FlushOnError && ctx.Err() == nil {
					pass(batch.take())
				}
				return nil
			}
		}
	})
}
