package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// SwitchAll emits what the newest of the streams emits that come from upstream.
//
//	in:    a---b-------|   each a stream
//	inner: -x-y-z|         as this one
//	out:   -{ax}-{ay}-{bx}-{by}-{bz}--|
//
// Emits when the inner stream that runs does. A new one cancels it, and is
// subscribed to when the old one has unwound: two never overlap. Of streams that
// come meanwhile only the newest is kept. Once a newer one is there, nothing of the
// old one is emitted. Fails when upstream or an inner stream fails. Completes when
// upstream and the last inner stream have. A graceful stop lets that one come to
// its own end, and with [StopInner] it ends that one.
//
// Backpressure: upstream is never held; an inner stream waits while downstream is
// busy. Memory: one stream. Goroutines: two, for upstream and for the inner
// streams, joined before it ends.
//
// A zero Observable that comes from upstream is an ErrInvalidArgument. It is
// [SwitchMap] for items that are streams; for all of them see [Flatten]. It
// corresponds to RxJS's switchAll and Reactor's switchOnNext.
func SwitchAll[T any](opts ...InnerOption) turbopipes.Operator[turbopipes.Observable[T], T] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	if bad != "" {
		return turbopipes.Invalid[turbopipes.Observable[T], T]("SwitchAll", bad)
	}
	return switchMap("SwitchAll", Self[turbopipes.Observable[T]], o)
}
