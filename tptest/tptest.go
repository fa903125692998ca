package tptest

import (
	"errors"
	"testing"
	"time"

	"github.com/turbopipes/turbopipes"
)

// Step is the virtual time of one column of a diagram.
const Step = time.Millisecond

// ErrMarble is the error of # in a diagram.
var ErrMarble = errors.New("marble error")

// Marbles fails t unless op turns the stream that in draws into the stream that out
// draws. The items are strings: each letter is itself.
//
// The diagram is run to its end, also under [turbopipes.Checked]; once per item of
// out, with a downstream that leaves at that item; once per column, with a ctx that
// is cancelled in that column; and once per column in which something happens, with
// a graceful stop. Each of these runs has its own virtual time. It checks the items
// and their columns, and that nothing is left running.
//
// in and out may have no end. in then continues without one, and ctx is cancelled in
// the last column of out, or at the ! of out.
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
