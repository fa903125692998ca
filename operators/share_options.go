package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// ShareOption is an option of [Share]: [KeepOnComplete], [KeepOnError], [KeepConnected],
// [turbopipes.WithMinSubscribers], [turbopipes.WithGrace], and the options of queues,
// [turbopipes.WithQueue], [turbopipes.WithOverflow] and [OnDiscard], are.
type ShareOption interface{ opt.ShareOption }

// ShareReplayOption is an option of [ShareReplay]: [turbopipes.WithTTL] and those of
// [Share] are.
type ShareReplayOption interface{ opt.ShareReplayOption }

// KeepOnComplete makes a shared stream complete for a subscriber that comes after its
// completion, instead of running upstream anew.
func KeepOnComplete() turbopipes.ShareSetting {
	return turbopipes.ShareSetting{Set: func(s *opt.Settings) string {
		s.KeepOnComplete = true
		return ""
	}}
}

// KeepOnError makes a shared stream fail with its error for a subscriber that comes
// after that, instead of running upstream anew.
func KeepOnError() turbopipes.ShareSetting {
	return turbopipes.ShareSetting{Set: func(s *opt.Settings) string {
		s.KeepOnError = true
		return ""
	}}
}

// KeepConnected makes a shared stream stay connected when its last subscriber has
// left, until upstream ends or ctx does. Upstream runs under ctx, which owns the
// connection: nobody waits for it. A nil ctx is an ErrInvalidArgument.
func KeepConnected(ctx context.Context) turbopipes.ShareSetting {
	return turbopipes.ShareSetting{Set: func(s *opt.Settings) string {
		s.Connected = ctx
		return opt.NotNil("KeepConnected", "ctx", ctx == nil)
	}}
}

// shareOptions gathers the options of a shared stream.
func shareOptions[O opt.Option[opt.Settings]](opts []O) (o opt.Settings, bad string) {
	o.Size, o.MinSubscribers = defaultQueue, 1
	return opt.Gather(o, opts)
}

// shareWith makes the operator; history makes what each run remembers.
func shareWith[T any](name string, o opt.Settings, history func() *hot.History[T]) turbopipes.Operator[T, T] {
	return func(in turbopipes.Observable[T]) turbopipes.Observable[T] {
		shared := hot.NewShared(name, in.Push, func() *hot.Hub[T] {
			return hot.New(hot.Config[T]{
				Name: name, Size: o.Size, Overflow: o.Overflow, Discard: o.Discard, History: history(),
			})
		})
		return turbopipes.Lift(own.Mark+name, func(ctx context.Context, _ turbopipes.Observable[T], emit func(T) bool) error {
			return shared.Run(ctx, emit, hot.PolicyOf(o))
		})(in)
	}
}
