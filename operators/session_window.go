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

// SessionWindow gathers into one slice what comes without a pause of gap.
//
//	in:  ab-c-----d|   gap: 3
//	out: ------{abc}---({d}|)
//
// Emits when nothing has come for gap, and at completion what is left; earlier
// when a slice is at its most ([WithMaxItems], 65,536 without it), and when
// [WithMaxDuration] has passed since its first item. Never an empty slice; an idle
// stream wakes nobody. Fails with upstream; what waits is discarded, or emitted
// before with [FlushOnError].
//
// A slice that is lost counts as its items, which [OnDiscard] hears of.
// Downstream owns the slices. Backpressure: upstream waits while downstream is
// busy. Memory: the items of a slice, and one in upstream's hand. Goroutines: one,
// for upstream, joined before it ends.
//
// gap ≤ 0 is an ErrInvalidArgument. For the last item of a
// burst only see [Debounce]. In RxJS it is buffer with a debounceTime.
func SessionWindow[T any](gap time.Duration, opts ...SessionWindowOption) turbopipes.Operator[T, []T] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case gap <= 0:
		return turbopipes.Invalid[T, []T]("SessionWindow", opt.NotPositive("gap", gap))
	case bad != "":
		return turbopipes.Invalid[T, []T]("SessionWindow", bad)
	case o.MaxItems == 0:
		o.MaxItems = defaultMaxItems
	}
	return turbopipes.Lift(own.Mark+"SessionWindow", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		s := session[T]{gathering: gathering[T]{most: o.MaxItems}, gap: gap, longest: o.MaxDuration}
		var inHand spot[T]
		lost := run.Keep[T](run.At(ctx, "SessionWindow"), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() { err = fault.Join(err, lost.Discard(append(s.left(), inHand.all()...)...)) }()
		up := feed.Open(ctx, "SessionWindow", discarding[T](o.Loss), in.Push)
		defer up.Close(&err)
		clock := alarm.New()
		defer clock.Stop()
		for {
			clock.Set(s.deadline())
			select {
			case v, more := <-up.Items():
				if !more { // upstream has completed
					s.rest(emit)
					return nil
				}
				now := time.Now()
				inHand.put(v)
				if s.due(now) && !s.rest(emit) {
					return nil
				}
				inHand.take()
				if s.item(v, now) && !s.rest(emit) {
					return nil
				}
			case <-clock.C:
				clock.Heard()
				if s.due(time.Now()) && !s.rest(emit) {
					return nil
				}
			case <-up.Done(): // upstream has failed, or ctx is done: Close tells
				if o.FlushOnError && ctx.Err() == nil {
					s.rest(emit)
				}
				return nil
			}
		}
	})
}
