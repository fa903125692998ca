package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// decoupled is an operator whose upstream runs on a goroutine of its own, one
// item ahead at most; put decides what becomes of an item.
func decoupled[T any](name string, hooks run.Hooks[T], put func(*handoff.Boundary[T], T) bool) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		b := handoff.OpenBoundary[T](ctx, name, 1, turbopipes.ErrOverflow)
		b.Lost = hooks.At(b.Stage())
		defer b.Close(&err)
		b.Start(in.Push, func(v T) bool { return put(b, v) })
		return b.Loop(emit)
	})
}

// deliver emits what next takes out of the store of d, under whose lock it is
// called.
func deliver[T any](d *handoff.Desk, next func() (T, bool), emit func(T) bool) error {
	for {
		var v T
		if !d.Take(func() (ok bool) {
			v, ok = next()
			return ok
		}) {
			return d.Err()
		}
		if !emit(v) {
			return nil
		}
	}
}

// unlessItPanics runs f, which calls a function of the user's for v, on upstream's
// goroutine. Where f panics, v has fallen; the panic goes on.
func unlessItPanics[T any](v T, fell func(T) error, f func()) {
	done := false
	defer func() {
		if !done {
			_ = fell(v) // the panic is what the stream ends with
		}
	}()
	f()
	done = true
}
