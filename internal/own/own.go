// Package own tells the operators of the library from those that users write: both
// are made by turbopipes.Lift.
package own

import (
	"context"
	"strings"
)

// Mark is put before the name of an operator of the library. Such an operator gives
// back the token of its goroutine itself, see run.Start, since it calls no code of
// the user's before it subscribes to upstream.
const Mark = "\x00"

// Part, after Mark, tells Lift that it makes a part of another stream, such as a group,
// whose run lets the part go under a ctx of [LettingGo].
const Part = "\x01"

// Name returns the operator's name without the mark, and whether it had it.
func Name(name string) (operator string, ours, part bool) {
	operator, ours = strings.CutPrefix(name, Mark)
	if ours {
		operator, part = strings.CutPrefix(operator, Part)
	}
	return operator, ours, part
}

type lettingGo struct{}

// LettingGo returns a ctx under which a part is not run, but let go.
func LettingGo() context.Context {
	return context.WithValue(context.Background(), lettingGo{}, true)
}

// LetsGo tells whether ctx is one of LettingGo's.
func LetsGo(ctx context.Context) bool { return ctx.Value(lettingGo{}) != nil }
