package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// ShareOption is an option of [Share] and [ShareReplay]: those here,
// [turbopipes.WithMinSubscribers], [turbopipes.WithGrace], and the options of
// queues, [turbopipes.WithQueue], [turbopipes.WithOverflow] and [OnDiscard].
type ShareOption = turbopipes.ShareOption

type (
	keepOnComplete struct{}
	keepOnError    struct{}
	keepConnected  struct{ ctx context.Context } //nolint:containedctx // it is the owner of the connection
)

func (keepOnComplete) ApplyShare(s *opt.Share) { s.KeepOnComplete = true }

func (keepOnError) ApplyShare(s *opt.Share) { s.KeepOnError = true }

func (k keepConnected) ApplyShare(s *opt.Share) {
	if s.Connected = k.ctx; k.ctx == nil {
		opt.Note(&s.Bad, "KeepConnected's ctx is nil")
	}
}

// KeepOnComplete makes a shared stream complete for who comes after its
// completion, instead of running upstream anew.
func KeepOnComplete() ShareOption { return keepOnComplete{} }

// KeepOnError makes a shared stream fail with its error for who comes after that,
// instead of running upstream anew.
func KeepOnError() ShareOption { return keepOnError{} }

// KeepConnected makes a shared stream stay connected when its last subscriber has
// left, until upstream ends or ctx does. Upstream runs under ctx, which owns the
// connection: nobody waits for it. A nil ctx is an ErrInvalidArgument.
func KeepConnected(ctx context.Context) ShareOption { return keepConnected{ctx} }

func shareOptions(opts []ShareOption) (o opt.Share, bad string) {
	o.Size, o.MinSubscribers = 256, 1
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyShare(&o)
	}
	return o, o.Bad
}

// sharing makes the operator; history makes what each run remembers.
func sharing[T any](name string, o opt.Share, history func() *hot.History[T]) turbopipes.Operator[T, T] {
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
