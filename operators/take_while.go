package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
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
func TakeWhile[T any](pred func(v T) bool, opts ...TakeWhileOption) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(takeWhileOptions{}, opts)
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

// TakeWhileOption is an option of [TakeWhile]: [Inclusive] is.
type TakeWhileOption interface{ opt.Option[takeWhileOptions] }

type takeWhileOptions struct{ inclusive bool }

// Inclusive makes [TakeWhile] emit the item that ends it as well.
func Inclusive() TakeWhileOption {
	return opt.Func[takeWhileOptions](func(o *takeWhileOptions) string {
		o.inclusive = true
		return ""
	})
}
