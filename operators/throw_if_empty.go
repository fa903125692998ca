package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// ThrowIfEmpty fails where a stream is empty.
//
//	in:  -----|
//	out: -----#
//
// Emits when an item comes. Fails with upstream, or with what err gives where
// that completes without an item, also when it is stopped gracefully; with a nil
// err, or where err gives nil, that is an ErrEmpty. Completes with upstream.
// Memory: none. Goroutines: none; err runs on the subscriber's.
//
// For a value instead of an error see [DefaultIfEmpty]; to stop at the first
// item, [First]. It corresponds to RxJS's throwIfEmpty and to Reactor's
// switchIfEmpty with an error.
func ThrowIfEmpty[T any](err func() error) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"ThrowIfEmpty", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		found, failed := passed(ctx, in, emit)
		if failed != nil || found {
			return failed
		}
		if err != nil {
			failed = err()
		}
		if failed == nil {
			failed = fmt.Errorf("%w: ThrowIfEmpty", turbopipes.ErrEmpty)
		}
		return failed
	})
}
