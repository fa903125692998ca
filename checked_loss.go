package turbopipes

import (
	"context"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
)

// refusals watches, for one run of an operator under Checked, what the operator
// refuses to its upstream.
type refusals struct {
	emitted atomic.Int64 // calls of the operator's emit
	below   atomic.Bool  // downstream has refused
	forgot  atomic.Bool  // an item was refused that was not passed on
}

// upstream is in, watched.
func upstream[T any](r *refusals, in Observable[T]) Observable[T] {
	watched := in
	watched.src = func(ctx context.Context, emit func(T) bool) error {
		return in.src(ctx, func(v T) bool {
			emitted := r.emitted.Load()
			ok := emit(v)
			if !ok && r.emitted.Load() == emitted && !r.below.Load() {
				r.forgot.Store(true)
			}
			return ok
		})
	}
	return watched
}

// strictLift is [strict] for an operator that a user has written: it also reports an
// item that the operator has refused and neither passed on nor accounted for, unless
// the operator has completed.
func strictLift[In, Out any](ctx context.Context, name string, in Observable[In],
	op func(ctx context.Context, in Observable[In], emit func(Out) bool) error, emit func(Out) bool,
) error {
	r := &refusals{}
	i := &inspection{name: name}
	counted := run.From(ctx).Lost() // also by what the operator runs
	return strict(ctx, i, func(ctx context.Context, emit func(Out) bool) error {
		err := fault.Settle(ctx, op(ctx, upstream(r, in), func(v Out) bool {
			r.emitted.Add(1)
			ok := emit(v)
			if !ok {
				r.below.Store(true)
			}
			return ok
		}))
		if err != nil && r.forgot.Load() && run.From(ctx).Lost() == counted {
			i.report("an item was refused that was neither passed on nor given to Lost")
		}
		return err
	}, emit)
}
