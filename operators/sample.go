package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Sample emits the newest item each time that notifier emits.
//
//	in:       a-bc---d-e|
//	notifier: -x--x-x--|
//	out:      -a--c-----|
//
// Emits when notifier does, if an item has arrived since the last emission. Drops
// every item that a newer item replaces. At completion it drops the waiting item
// too, unless [EmitLast] is set, which emits that item. Fails as soon as upstream or
// notifier fails, without the waiting item, which counts as discarded. [OnDiscard]
// reports this item, and an item that arrives too late. Dropped items are not
// counted. Completes with upstream, and then cancels notifier. Once notifier has
// completed, nothing more is emitted, except the last item with EmitLast.
//
// Backpressure: neither upstream nor notifier is ever held. Sample reads notifier
// while downstream is busy; of the items that notifier releases then, only the
// newest waits. Memory: two items. Goroutines: two, for upstream and notifier,
// joined before Sample ends.
//
// The zero Observable as notifier is an ErrInvalidArgument. For a steady pace, use a
// [turbopipes.Interval] as notifier. To keep the first item instead, see [Throttle].
// It corresponds to sample in RxJS, Reactor and RxGo; Reactor's emits the last item.
func Sample[T, N any](notifier turbopipes.Observable[N], opts ...SampleOption) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case notifier.IsZero():
		return turbopipes.Invalid[T, T]("Sample", "notifier is the zero Observable")
	case bad != "":
		return turbopipes.Invalid[T, T]("Sample", bad)
	}
	return turbopipes.Lift(own.Mark+"Sample", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		newest := sample[T]{emitLast: o.EmitLast}
		up := feed.OpenClocked(ctx, "Sample", discarding[T](o.Loss), &newest)
		defer up.Scope.Close(&err)
		up.Start(func(ctx context.Context) error {
			return notifier.Push(ctx, func(N) bool {
				return up.Do(newest.tick)
			})
		}, newest.silence)
		up.Start(func(ctx context.Context) error {
			return in.Push(ctx, func(v T) bool {
				return up.Give(v, func() bool { return newest.item(v) })
			})
		}, newest.end)
		up.Loop(ctx, emit)
		return nil
	})
}

// SampleOption is an option of [Sample]: [EmitLast] and [OnDiscard] are.
type SampleOption interface{ opt.SampleOption }

type sampleSetting struct {
	opt.Set
	opt.ForSample
}

// EmitLast makes [Sample] emit the item that waits when upstream completes.
func EmitLast() SampleOption {
	return sampleSetting{Set: func(s *opt.Settings) string {
		s.EmitLast = true
		return ""
	}}
}
