package operators_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestSessionWindow(t *testing.T) {
	sessions := func(gap int, opts ...operators.SessionWindowOption) turbopipes.Operator[string, string] {
		return strung(operators.SessionWindow[string](time.Duration(gap)*tptest.Step, opts...))
	}
	tptest.Doc(t, "session_window.go", "SessionWindow", sessions(3)) // 19
	longest, most, flush := operators.WithMaxDuration(5*tptest.Step), operators.WithMaxItems(2), operators.FlushOnError()
	busy := []tptest.Option{tptest.Busy(7 * tptest.Step)}
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		opts    []tptest.Option
	}{
		"empty":                   {sessions(3), "----|", "----|", nil},
		"an item when it is over": {sessions(3), "a--b-|", "---a-(b|)", nil},
		"an error at first":       {sessions(3), "#", "#", nil},
		"an error drops the rest": {sessions(3), "ab#", "--#", nil},
		"unless it flushes":       {sessions(3, flush), "ab#", "--({ab}#)", []tptest.Option{tptest.Once()}},
		"at its most":             {sessions(3, most), "abc-----|", "-{ab}---c--|", nil},
		"at its longest":          {sessions(3, longest), "a-b-c-d-----|", "-----{abc}---d--|", nil},
		"an item at its longest":  {sessions(3, longest), "a-b-cd----|", "-----{abc}--d-|", nil},
		"longer than the gap":     {sessions(3, operators.WithMaxDuration(9*tptest.Step)), "ab----|", "----{ab}-|", nil},
		"a busy downstream":       {sessions(2), "ab----cd------e-|", "3:{ab} 12:{cd} 19:{e} 26:|", busy},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.opts...) })
	}
	for text, op := range map[string]turbopipes.Operator[int, []int]{
		"gap is 0s, want more than 0":                    operators.SessionWindow[int](0),
		"option 1 is nil":                                operators.SessionWindow[int](1, nil),
		"WithMaxDuration: limit is 0s, want more than 0": operators.SessionWindow[int](1, operators.WithMaxDuration(0)),
	} {
		requireInvalid(t, op, "SessionWindow: "+text)
	}
}

func TestSessionWindowDiscards(t *testing.T) {
	accounted[operators.SessionWindowOption](t, operators.FlushOnError(), func(opts ...operators.SessionWindowOption) turbopipes.Operator[int, []int] {
		return operators.SessionWindow[int](time.Hour, opts...)
	})
}

func TestSessionWindowHoldsUpstream(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var source counting
		op := operators.SessionWindow[int](time.Hour, operators.WithMaxItems(2))
		s := endedBy(t, op(source.stream(100)), time.Second, 2500*time.Millisecond, dispose)
		require.Equal(t, [][]int{{0, 1}, {2, 3}, {4, 5}}, s.items)
		require.EqualValues(t, 6, source.accepted.Load())
	})
}

func ExampleSessionWindow() {
	clicks := turbopipes.Just("home", "search", "item")
	visits := operators.SessionWindow[string](30*time.Minute, operators.WithMaxItems(2))(clicks)
	fmt.Println(visits.Collect(context.Background()))
	// Output: [[home search] [item]] <nil>
}

func BenchmarkSessionWindow(b *testing.B) { benchmark(b, operators.SessionWindow[int](time.Hour)) }
