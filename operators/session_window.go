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
		up := sessionRun[T]{Meet: feed.OpenMeet(ctx, "SessionWindow"), clock: alarm.New()}
		up.session = sessionSlice[T]{openSlice: openSlice[T]{most: o.MaxItems}, gap: gap, longest: o.MaxDuration}
		lost := run.Keep[T](up.Stage(), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() {
			up.clock.Stop()
			up.Close(&err)
			err = fault.Join(err, lost.Discard(up.session.left()...))
		}()
		up.lane = feed.Lay(up.Meet, discarding[T](o.Loss), 0, up.accept)
		up.lane.Start(in.Push)
		for {
			up.clock.Set(up.session.deadline())
			var over []T
			switch up.Await(up.clock) {
			case feed.Due:
				over, up.out = up.out, nil
			case feed.Rang:
				if up.session.due(up.clock.Now()) {
					over = up.session.cut()
				}
			case feed.Over: // upstream has failed, or ctx is done: Close reports it
				if o.FlushOnError && ctx.Err() == nil {
					up.session.flush(emit)
				}
				return nil
			}
			if over != nil && !emit(over) {
				return nil
			}
			if up.lane.Ended() { // upstream has completed
				up.session.flush(emit)
				return nil
			}
		}
	})
}

// sessionRun is one run of a SessionWindow. Upstream fills the slice while the
// subscriber waits.
type sessionRun[T any] struct {
	*feed.Meet
	lane    *feed.Lane[T]
	clock   *alarm.Alarm
	session sessionSlice[T]
	out     []T // to be emitted before the items of session
}

// accept adds v to the session, or begins the next one with it. The clock is set when
// a session begins, because the subscriber sleeps on. It then rings too early if more
// items come.
func (r *sessionRun[T]) accept(v T) (due bool) {
	now := r.clock.Now()
	if r.session.due(now) {
		r.out = r.session.cut()
	}
	begins := len(r.session.items) == 0
	if r.session.item(v, now) { // not when out is set: a session that waits is never full
		r.out = r.session.cut()
	} else if begins && r.out == nil {
		r.clock.Set(r.session.deadline())
	}
	return r.out != nil
}
