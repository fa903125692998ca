package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Debounce emits the latest item after quiet has passed without a newer one.
//
//	in:  a-bc---d----e-|   quiet: 3
//	out: ------c---d---(e|)
//
// Emits when quiet has passed since the last item. At completion it emits the item
// that waits. With [WithEdge] it emits the first item of a burst at once, in
// addition to the last item or instead. [WithMaxWait] limits how long a burst can
// hold the latest item back. Drops each item that is followed by a newer one in
// time; these items are not counted in [turbopipes.Stats]. Fails as soon as upstream
// fails, without the item that waits. That item counts as discarded, and [OnDiscard]
// is called for it.
//
// Backpressure: upstream never waits. The clock goes on while downstream is busy,
// and of the items that become due meanwhile only the newest waits. Memory: two
// items. Goroutines: one, for upstream, joined before the stream ends.
//
// With a quiet of 0 every item passes, upstream waits while downstream is busy, and
// no goroutine is needed. A negative quiet is an ErrInvalidArgument. To emit at a
// steady pace instead, batch with [BufferWithTimeOrCount]. It corresponds to RxJS's
// debounceTime, Reactor's sampleTimeout and RxGo's Debounce. RxGo's drops the item
// that waits at completion.
func Debounce[T any](quiet time.Duration, opts ...DebounceOption) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(opt.Settings{Edge: int(TrailingEdge)}, opts)
	switch {
	case quiet < 0:
		return turbopipes.Invalid[T, T]("Debounce", opt.Negative("quiet", quiet))
	case bad != "":
		return turbopipes.Invalid[T, T]("Debounce", bad)
	}
	edge := Edge(o.Edge)
	plan := debounceOptions{Quiet: quiet, MaxWait: o.MaxWait, Leading: edge&LeadingEdge != 0, Trailing: edge&TrailingEdge != 0}
	return turbopipes.Lift(own.Mark+"Debounce", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if quiet == 0 {
			return in.Push(ctx, emit)
		}
		burst := debounce[T]{debounceOptions: plan}
		up := feed.OpenClocked(ctx, "Debounce", discarding[T](o.Loss), &burst)
		defer up.Scope.Close(&err)
		up.Start(func(ctx context.Context) error {
			return in.Push(ctx, func(v T) bool {
				return up.Give(v, func() bool { return burst.item(v, up.Now()) })
			})
		}, burst.end)
		up.Loop(ctx, emit)
		return nil
	})
}

// DebounceOption is an option of [Debounce]: [WithEdge], [WithMaxWait] and [OnDiscard]
// are.
type DebounceOption interface{ opt.DebounceOption }

type debounceOptions struct {
	Quiet    time.Duration
	MaxWait  time.Duration // 0: no limit
	Leading  bool          // the first item of a burst is emitted at once
	Trailing bool          // the last one is emitted when the burst is over
}

type debounceSetting struct {
	opt.Set
	opt.ForDebounce
}

// WithMaxWait makes [Debounce] emit the latest item at most limit after the first
// item that it has withheld, even if the burst goes on. With [LeadingEdge] nothing is
// withheld. limit ≤ 0 is an ErrInvalidArgument.
func WithMaxWait(limit time.Duration) DebounceOption {
	return debounceSetting{Set: func(s *opt.Settings) string {
		s.MaxWait = limit
		return opt.Positive("WithMaxWait", "limit", limit)
	}}
}
