package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestTakeUntilMatch(t *testing.T) {
	op := operators.TakeUntilMatch(letters)
	tptest.Doc(t, "take_until_match.go", "TakeUntilMatch", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"none":              {"-1-2|", "-1-2|"},
		"the first":         {"-a-1|", "-(a|)"},
		"in one instant":    {"(1ab)#", "(1a|)"},
		"an error at first": {"#", "#"},
		"an error before":   {"-1#", "-1#"},
		"an error behind":   {"-a#", "-(a|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.TakeUntilMatch[int](nil), "TakeUntilMatch: pred is nil")
	requirePanics(t, operators.TakeUntilMatch(func(string) bool { panic(errBoom) }))
}

func ExampleTakeUntilMatch() {
	states := turbopipes.Just("queued", "running", "done", "archived")
	job := operators.TakeUntilMatch(func(state string) bool { return state == "done" })(states)
	fmt.Println(job.Collect(context.Background()))
	// Output: [queued running done] <nil>
}

func BenchmarkTakeUntilMatch(b *testing.B) {
	benchmark(b, operators.TakeUntilMatch(func(v int) bool { return v < 0 }))
}
