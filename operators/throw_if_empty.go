package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// ThrowIfEmpty fails if the stream is empty.
//
//	in:  -----|
//	out: -----#
//
// Emits when an item arrives. Fails with upstream. If upstream completes without an
// item, also through a graceful stop, it fails with the error that err returns. If
// err is nil or returns nil, the error is an ErrEmpty. Completes with upstream.
// Memory: none. Goroutines: none; err runs on the subscriber's goroutine.
//
// To emit a value instead of an error, see [DefaultIfEmpty]; to stop at the first
// item, see [First]. It corresponds to RxJS's throwIfEmpty, and to Reactor's
// switchIfEmpty with an error.
func ThrowIfEmpty[T any](err func() error) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"ThrowIfEmpty", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		found, failed := passThrough(ctx, in, emit)
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
