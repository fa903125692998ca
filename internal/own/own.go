// Package own distinguishes the library's operators from those that users write.
// Both are made with turbopipes.Lift.
package own

import (
	"context"
	"strings"
)

// Mark is the prefix of a library operator's name. A library operator returns the token
// of its goroutine itself (see run.Start), because it calls no user code before it
// subscribes to upstream.
const Mark = "\x00"

// Part, after Mark, tells Lift that the operator makes a part of another stream,
// such as a group. Under a ctx of [LettingGo], such a part is let go instead of run.
const Part = "\x01"

// Name returns the operator's name without marks, and whether Mark and Part were
// there.
func Name(name string) (operator string, ours, part bool) {
	operator, ours = strings.CutPrefix(name, Mark)
	if ours {
		operator, part = strings.CutPrefix(operator, Part)
	}
	return operator, ours, part
}

type lettingGo struct{}

// LettingGo returns a ctx under which a part is let go instead of run.
func LettingGo() context.Context {
	return context.WithValue(context.Background(), lettingGo{}, true)
}

// LetsGo reports whether ctx was made by LettingGo.
func LetsGo(ctx context.Context) bool { return ctx.Value(lettingGo{}) != nil }
