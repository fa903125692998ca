package tptest

import (
	"errors"
	"testing"
	"time"

	"github.com/turbopipes/turbopipes"
)

// Step is the virtual time that one column of a diagram stands for.
const Step = time.Millisecond

// ErrMarble is the error that # stands for.
var ErrMarble = errors.New("marble error")

// Marbles fails t unless op turns the stream that in draws into the one that
// out draws. The items are strings, each letter itself.
//
// The diagram is run to its end, also under [turbopipes.Checked]; once per item
// of out with a downstream that leaves there; and once per column with a ctx
// that is cancelled there; and once per column in which something happens with a
// graceful stop. Each of these runs has virtual time of its own and checks what
// comes out and when, and that nothing is left running.
//
// in and out may draw no end: in then goes on without one, and the ctx is
// cancelled in the last column of out, or where out has a !.
func Marbles(t *testing.T, in string, op turbopipes.Operator[string, string], out string, opts ...Option) {
	t.Helper()
	if op == nil {
		t.Fatal("tptest: op is nil")
	}
	var told []string
	err := marbles(bubbleOf(t), func(text string) { told = append(told, text) }, in, op, out, opts)
	for _, text := range told {
		t.Error(text)
	}
	conclude(t, err)
}

func marbles(run bubble, tell func(string), in string, op turbopipes.Operator[string, string], out string, opts []Option) error {
	return explore(run, func(s *Scenario) {
		s.tell = tell
		Expect(s, op(Cold[string](s, in, nil)), out, nil, opts...)
	})
}
