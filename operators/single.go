package operators

import (
	"context"
	"errors"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Single gives the only item that pred is true for.
//
//	in:  1-a-2-|   pred: letters
//	out: ------(a|)
//
// Emits when upstream completes: the only match. Drops the other items. Fails
// with an ErrTooManyItems at a second match, after upstream was stopped, with an
// ErrNotFound where upstream completes and no item has matched, with an ErrEmpty
// where there was none at all, both also when it is stopped gracefully, and with
// upstream. The match that it holds then counts as discarded.
//
// With a nil pred every item matches. Memory: one item. Goroutines: none; pred
// runs on the subscriber's.
//
// For the first of several matches see [Find]. It corresponds to single in RxJS
// and Reactor, whose single takes no predicate.
func Single[T any](pred func(v T) bool) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"Single", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		var match T
		held, verdict := int64(0), turbopipes.ErrEmpty
		defer func() { run.Count(ctx, held) }()
		err := in.Push(ctx, func(v T) bool {
			switch matches := pred == nil || pred(v); {
			case matches && held > 0:
				verdict = turbopipes.ErrTooManyItems
				return false
			case matches:
				match, held, verdict = v, 1, nil
			case held == 0:
				verdict = turbopipes.ErrNotFound
			}
			return true
		})
		switch {
		case err != nil && !errors.Is(verdict, turbopipes.ErrTooManyItems):
			return err
		case verdict != nil:
			return fault.Join(fmt.Errorf("%w: Single", verdict), err)
		}
		held = 0
		emit(match)
		return nil
	})
}
