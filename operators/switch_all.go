package operators

import "github.com/turbopipes/turbopipes"

// SwitchAll emits the items of the newest stream that upstream has emitted.
//
//	in:    a---b-------|   each a stream
//	inner: -x-y-z|         as this one
//	out:   -{ax}-{ay}-{bx}-{by}-{bz}--|
//
// Emits when the running inner stream does. A new stream cancels the running one,
// and is subscribed to when the old stream has ended: two inner streams never overlap.
// Of the streams that arrive during this time, only the newest is kept. Once a newer
// stream is there, no item of the old stream is emitted. Fails when upstream or an
// inner stream fails. Completes when upstream and the last inner stream have
// completed. After a graceful stop, the last inner stream runs to its own end; with
// [StopInner], the stop ends it too.
//
// Backpressure: upstream is never held; an inner stream waits while downstream is
// busy. An item of an inner stream that is not delivered at an early end counts as
// discarded, and [OnDiscard] reports it. The same holds for an item that was already
// handed over when a newer stream came. The streams themselves are not counted.
// Memory: one stream. Goroutines: two, for upstream and for the inner streams,
// joined before SwitchAll ends.
//
// A zero Observable that comes from upstream is an ErrInvalidArgument. It is
// [SwitchMap] for items that are streams; for the items of all streams, see
// [Flatten]. It corresponds to RxJS's switchAll and Reactor's switchOnNext.
func SwitchAll[T any](opts ...InnerOption) turbopipes.Operator[turbopipes.Observable[T], T] {
	o, bad := innerOptionsOf(opts)
	if bad != "" {
		return turbopipes.Invalid[turbopipes.Observable[T], T]("SwitchAll", bad)
	}
	return switchMap("SwitchAll", Self[turbopipes.Observable[T]], o)
}
