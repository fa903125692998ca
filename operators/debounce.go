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
// that waits. With [Leading] it also emits the first item of a burst, at once.
// [WithMaxWait] limits how long a burst can hold the latest item back. Drops each
// item that is followed by a newer one in time; these items are not counted in
// [turbopipes.Stats]. Fails as soon as upstream fails, without the item that waits.
// That item counts as discarded, and [OnDiscard] is called for it.
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
	o, bad := debounceOptionsOf(quiet, opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Debounce", bad)
	}
	return turbopipes.Lift(own.Mark+"Debounce", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if quiet == 0 {
			return in.Push(ctx, emit)
		}
		burst := debounce[T]{debounceOptions: o}
		up := feed.OpenClocked(ctx, "Debounce", discarding[T](o.Loss), &burst)
		defer up.Scope.Close(&err)
		up.Start(func(ctx context.Context) error {
			return in.Push(ctx, func(v T) bool {
				return up.Give(v, func(now time.Time) bool { return burst.item(v, now) })
			})
		}, burst.end)
		up.Loop(ctx, emit)
		return nil
	})
}

// DebounceOption is an option of [Debounce].
type DebounceOption interface{ ApplyDebounce(*opt.Debounce) }

type debounceOptions = opt.Debounce

type (
	leading struct{}
	maxWait time.Duration
)

func (leading) ApplyDebounce(o *debounceOptions) { o.Leading = true }

func (m maxWait) ApplyDebounce(o *debounceOptions) {
	if o.MaxWait = time.Duration(m); m <= 0 {
		o.Bad = "WithMaxWait's duration is not positive"
	}
}

// Leading makes [Debounce] emit the first item of a burst at once. The last one
// of the burst follows when it is over, if it is another.
func Leading() DebounceOption { return leading{} }

// WithMaxWait makes [Debounce] emit the latest item at most d after the first
// one that it has withheld, even if the burst goes on. d ≤ 0 is an
// ErrInvalidArgument.
func WithMaxWait(d time.Duration) DebounceOption { return maxWait(d) }

func debounceOptionsOf(quiet time.Duration, opts []DebounceOption) (o debounceOptions, bad string) {
	o.Quiet = quiet
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyDebounce(&o)
	}
	if quiet < 0 {
		return o, "quiet is negative"
	}
	return o, o.Bad
}
