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

// SessionWindow gathers the items that arrive without a pause of gap into one slice.
//
//	in:  ab-c-----d|   gap: 3
//	out: ------{abc}---({d}|)
//
// Emits when no item has arrived for gap, and at completion the items that are left.
// Emits earlier when a slice has as many items as [WithMaxItems] allows (65,536
// without it), and when the time of [WithMaxDuration] has passed since the first
// item of the slice. A slice is never empty, and an idle stream wakes no goroutine.
// Fails with upstream. The waiting items are discarded then or, with [FlushOnError],
// emitted before the error.
//
// A lost slice counts as its items, and [OnDiscard] reports each of them. Downstream
// owns the slices. Backpressure: upstream waits while downstream is busy. Memory:
// the items of a slice, and one item that upstream holds. Goroutines: one, for
// upstream, joined before SessionWindow ends.
//
// gap ≤ 0 is an ErrInvalidArgument. For only the last item of a
// burst, see [Debounce]. It corresponds to RxJS's buffer with a debounceTime.
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
		s := sessionSlice[T]{openSlice: openSlice[T]{most: o.MaxItems}, gap: gap, longest: o.MaxDuration}
		var inHand singleSlot[T]
		lost := run.Keep[T](run.At(ctx, "SessionWindow"), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() { err = fault.Join(err, lost.Discard(append(s.left(), inHand.all()...)...)) }()
		up := feed.Open(ctx, "SessionWindow", discarding[T](o.Loss), in.Push)
		defer up.Scope.Close(&err)
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
			case <-up.Done(): // upstream has failed, or ctx is done: Close reports it
				if o.FlushOnError && ctx.Err() == nil {
					s.rest(emit)
				}
				return nil
			}
		}
	})
}
