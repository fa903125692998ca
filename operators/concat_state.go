package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
)

// line is what the streams of a Concat emit to, one after another. Where one of them is
// a Concat itself, with nothing between, that has the same line: an item passes one
// line, however many are nested, and not one for each.
type line[T any] struct {
	pass    func(T) bool
	refused bool // downstream has
	passed  bool // an item has passed
	below   bool // downstream runs: its panic is not upstream's
}

type lineKey struct{}

// lineTo returns the line that emit is the end of, or begins one. Streams that emit to
// the line's pass are pushed under the ctx that it returns.
func lineTo[T any](ctx context.Context, emit func(T) bool) (*line[T], context.Context) {
	if l, ok := ctx.Value(lineKey{}).(*line[T]); ok && handoff.SameFunc(l.pass, emit) {
		return l, ctx
	}
	l := new(line[T])
	l.pass = func(v T) bool {
		l.below, l.passed = true, true
		ok := emit(v)
		l.below = false
		if !ok {
			l.refused = true
		}
		return ok
	}
	return l, context.WithValue(ctx, lineKey{}, l)
}

// guard is turbopipes.Guard on the line.
func (l *line[T]) guard(ctx context.Context, in turbopipes.Observable[T]) (err error) {
	defer func() {
		if l.below {
			return // without a recover: the panic keeps its own stack
		}
		if p := recover(); p != nil {
			err = fault.FromPanic(p)
		}
	}()
	return in.Push(ctx, l.pass)
}
