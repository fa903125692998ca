package operators

import (
	"context"
	"errors"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Name labels the part of the pipeline between the previous Name and this one.
//
//	in:  a-b--c-|   name: by which errors and profiles call it
//	out: a-b--c-|
//
// Emits when an item arrives. Fails with upstream's error, wrapped in a
// [*turbopipes.StageError] that holds the name. errors.Is and errors.As look through
// the StageError; == does not. An error that has already passed another Name keeps
// that Name's label. If upstream panics, the name becomes the Stage of the
// [*turbopipes.PanicError] instead. The end of ctx, and anything that comes from
// downstream, such as a panic, pass unchanged. Completes with upstream.
//
// The name is also used for the goroutines that upstream's operators start. Their
// pprof label "turbopipes" is the name, followed by the operator's own name. A
// warning about something that does not end contains the name too. Memory: none.
// Goroutines: none; it runs on the subscriber's goroutine.
//
// An empty name is an ErrInvalidArgument. It corresponds to Reactor's name and
// checkpoint, and to Pekko's named.
func Name[T any](name string) turbopipes.Operator[T, T] {
	if name == "" {
		return turbopipes.Invalid[T, T]("Name", "name is empty, want a name")
	}
	return turbopipes.Lift(own.Mark+"Name", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		below := false // downstream is running: a panic is downstream's, not upstream's
		defer func() {
			if below {
				return // without a recover, so that the panic keeps its own stack
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
		return fault.Wrap(ctx, err, func(err error) error { return asStageError(err, name) })
	})
}

// asStageError returns err with the name of the stage in which it happened, unless err
// already holds one.
func asStageError(err error, name string) error {
	if p, ok := err.(*turbopipes.PanicError); ok { //nolint:errorlint // an operator that makes a PanicError of a panic does not wrap it
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
