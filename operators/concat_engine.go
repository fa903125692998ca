package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
)

// concatLine receives the items of the streams of a Concat, one stream after another. If
// one of these streams is itself a Concat, with no operator between, both have the
// same line. So an item passes one line, however deep the nesting is, and not one
// line for each Concat.
type concatLine[T any] struct {
	pass    func(T) bool
	refused bool // downstream has refused an item
	passed  bool // an item has passed
	below   bool // downstream is running, so a panic is not upstream's
}

type concatLineKey struct{}

// concatLineTo returns the line that ends in emit, or begins a new one. A stream that
// emits to the line's pass must be pushed with the ctx that lineTo returns.
func concatLineTo[T any](ctx context.Context, emit func(T) bool) (*concatLine[T], context.Context) {
	if l, ok := ctx.Value(concatLineKey{}).(*concatLine[T]); ok && handoff.SameFunc(l.pass, emit) {
		return l, ctx
	}
	l := new(concatLine[T])
	l.pass = func(v T) bool {
		l.below, l.passed = true, true
		ok := emit(v)
		l.below = false
		if !ok {
			l.refused = true
		}
		return ok
	}
	return l, context.WithValue(ctx, concatLineKey{}, l)
}

// guard works like turbopipes.Guard, but on the line.
func (l *concatLine[T]) guard(ctx context.Context, in turbopipes.Observable[T]) (err error) {
	defer func() {
		if l.below {
			return // without a recover, so that the panic keeps its own stack
		}
		if p := recover(); p != nil {
			err = fault.FromPanic(p)
		}
	}()
	return in.Push(ctx, l.pass)
}
