package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// TakeWhile emits the items before the first item for which pred returns false.
//
//	in:  a-b-1-c-|   pred: letters
//	out: a-b-|
//
// Emits when an item arrives for which pred returns true. Completes at the first
// other item, when upstream was stopped and reaped, or with upstream. [Inclusive]
// also emits the first other item. Fails with upstream. Items that arrive after the
// end are not counted. Memory: none. Goroutines: none; pred runs on the subscriber's
// goroutine.
//
// A nil pred is an ErrInvalidArgument. To use a count instead of a condition, see
// [Take]; to drop these items and keep the rest, see [SkipWhile]. It corresponds to
// takeWhile in RxJS, Reactor and RxGo.
func TakeWhile[T any](pred func(v T) bool, opts ...TakeOption) turbopipes.Operator[T, T] {
	o, bad := takeOptionsOf(opts)
	switch {
	case pred == nil:
		return turbopipes.Invalid[T, T]("TakeWhile", "pred is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("TakeWhile", bad)
	}
	return turbopipes.Lift(own.Mark+"TakeWhile", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		var work run.Work[T]
		defer work.Failed(ctx)
		return in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			ok := pred(v)
			work.Busy = false
			if ok {
				return emit(v)
			}
			if o.inclusive {
				emit(v)
			}
			return false
		}))
	})
}

// TakeOption is an option of [TakeWhile].
type TakeOption interface{ take(*takeOptions) }

type takeOptions struct{ inclusive bool }

type inclusive struct{}

func (inclusive) take(o *takeOptions) { o.inclusive = true }

// Inclusive makes [TakeWhile] emit the item that ends it as well.
func Inclusive() TakeOption { return inclusive{} }

func takeOptionsOf(opts []TakeOption) (o takeOptions, bad string) {
	for _, opt := range opts {
		if opt == nil {
			return o, "an option is nil"
		}
		opt.take(&o)
	}
	return o, ""
}
