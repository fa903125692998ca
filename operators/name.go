package operators

import (
	"context"
	"errors"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Name gives what is upstream a name, up to the Name before it.
//
//	in:  a-b--c-|   name: by which errors and profiles call it
//	out: a-b--c-|
//
// Emits when an item comes. The name is the Stage of a
// [*turbopipes.PanicError] that upstream ends with, is put before its
// ErrInvalidArgument, is the pprof label "turbopipes" of the goroutines that its
// operators start, with the operator's own name behind it, and is what a warning
// about something that does not end tells. Items, other errors, and what comes
// from downstream pass as they are. Fails and completes with upstream. Memory:
// none. Goroutines: none; it runs inside its subscriber's.
//
// An empty name is an ErrInvalidArgument. It corresponds to Reactor's name and
// checkpoint, and Pekko's named.
func Name[T any](name string) turbopipes.Operator[T, T] {
	if name == "" {
		return turbopipes.Invalid[T, T]("Name", "name is empty")
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
		err := in.Push(scope.Named(ctx, name), func(v T) bool {
			below = true
			ok := emit(v)
			below = false
			return ok
		})
		return namedError(err, name)
	})
}

// misuse is an ErrInvalidArgument, with the name of where it is.
type misuse struct {
	name string
	err  error
}

func (m *misuse) Error() string { return m.name + ": " + m.err.Error() }
func (m *misuse) Unwrap() error { return m.err }

func namedError(err error, name string) error {
	if p, ok := err.(*turbopipes.PanicError); ok { //nolint:errorlint // one that an operator has made of a panic: not wrapped
		return p.In(name)
	}
	if m := (*misuse)(nil); errors.Is(err, turbopipes.ErrInvalidArgument) && !errors.As(err, &m) {
		return &misuse{name, err}
	}
	return err
}
