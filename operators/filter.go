package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Filter lets the items through that pred is true for.
//
//	in:  a-1-b-2-|   pred: letters
//	out: a---b---|
//
// Emits when an item comes that pred is true for. Drops the others. Fails and
// completes with upstream. Memory: none. Goroutines: none; pred runs on the
// subscriber's.
//
// A nil pred is an ErrInvalidArgument. To change the items as well, see
// [FilterMap]. It corresponds to filter in RxJS, Reactor and RxGo.
func Filter[T any](pred func(v T) bool) turbopipes.Operator[T, T] {
	if pred == nil {
		return turbopipes.Invalid[T, T]("Filter", "pred is nil")
	}
	return turbopipes.Lift(own.Mark+"Filter", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		return in.Push(ctx, func(v T) bool { return !pred(v) || emit(v) })
	})
}
