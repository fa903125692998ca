package operators

import (
	"context"
	"errors"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Name gives what is upstream a name, up to the Name before it.
//
//	in:  a-b--c-|   name: by which errors and profiles call it
//	out: a-b--c-|
//
// Emits when an item comes. Fails with upstream's error in a
// [*turbopipes.StageError] that holds the name: errors.Is and errors.As look through
// it, == does not. An error that has passed a Name before keeps that one's name. A
// panic of upstream has the name as the Stage of its [*turbopipes.PanicError] instead.
// The end of ctx, and what comes from downstream, pass as they are. Completes with
// upstream.
//
// The name is also the pprof label "turbopipes" of the goroutines that upstream's
// operators start, with the operator's own name after it, and part of a warning about
// something that does not end. Memory: none. Goroutines: none; it runs inside its
// subscriber's.
//
// An empty name is an ErrInvalidArgument. It corresponds to Reactor's name and
// checkpoint, and Pekko's named.
func Name[T any](name string) turbopipes.Operator[T, T] {
	if name == "" {
		return turbopipes.Invalid[T, T]("Name", "name is empty, want a name")
	}
	return turbopipes.Lift(own.Mark+"Name", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		below := false // downstream runs: its panic is not upstream's
		defer func() {
			if below {
				return // without a recover: the panic keeps its own stack
			}
			if p := recover(); p != nil {
				panic(fault.FromPanic(p).In(name))
			}
		}()
		err := in.Push(run.Named(ctx, name), func(v T) bool {
			below = true
			ok := emit(v)
			below = false
			return ok
		})
		return fault.Wrap(ctx, err, func(err error) error { return inStage(err, name) })
	})
}

// inStage is err, told in which stage it happened, unless that is known.
func inStage(err error, name string) error {
	if p, ok := err.(*turbopipes.PanicError); ok { //nolint:errorlint // one that an operator has made of a panic: not wrapped
		return p.In(name)
	}
	if s := (*turbopipes.StageError)(nil); errors.As(err, &s) {
		return err
	}
	if p := (*turbopipes.PanicError)(nil); errors.As(err, &p) && p.Stage != "" {
		return err
	}
	return &turbopipes.StageError{Stage: name, Err: err}
}
