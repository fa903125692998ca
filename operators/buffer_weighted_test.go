package operators_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestBufferWeighted(t *testing.T) {
	weight := func(v string) int64 {
		switch {
		case v == "0":
			return 0
		case v == "9":
			return math.MaxInt64
		case v == "-":
			return -1
		case strings.ToLower(v) == v:
			return 1
		}
		return 2
	}
	weighted := strung(operators.BufferWeighted(3, weight))
	tptest.Doc(t, "buffer_weighted.go", "BufferWeighted", turbopipes.Compose2(weighted, operators.Map(func(b string) string {
		return map[string]string{"ab": "x", "Cd": "y"}[b]
	})))
	for name, c := range map[string]struct{ in, out string }{
		"empty":                 {"--|", "--|"},
		"exactly":               {"abcd|", "---{abc}(d|)"},
		"a heavy one":           {"a-9-b|", "2:a 2:9 5:b 5:|"},
		"a heavy one at first":  {"9a|", "9-(a|)"},
		"two heavy ones":        {"99|", "99|"},
		"weightless ones":       {"a-B-0-c|", "------{aB0}(c|)"},
		"an error at first":     {"#", "#"},
		"an error drops":        {"ab#", "--#"},
		"an error when emitted": {"abcd#", "---{abc}#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, weighted, c.out) })
	}
	for text, op := range map[string]turbopipes.Operator[int, []int]{
		"n is 0, want at least 1": operators.BufferWeighted(0, func(int) int64 { return 1 }),
		"weight is nil":           operators.BufferWeighted[int](1, nil),
	} {
		requireInvalid(t, op, "BufferWeighted: "+text)
	}
	requirePanics(t, operators.BufferWeighted(1, func(string) int64 { panic(errBoom) }))
}

func TestBufferWeightedNegative(t *testing.T) {
	op := operators.BufferWeighted(9, func(v int) int64 { return int64(2 - v) })
	s := endedBy(t, op(turbopipes.Range(0, 9)), 0, 0, itself)
	require.ErrorIs(t, s.err, turbopipes.ErrInvalidArgument)
	require.EqualError(t, s.err, "turbopipes: invalid argument: BufferWeighted: weight returns -1, want at least 0")
	require.Empty(t, s.items)
	require.EqualValues(t, 3, s.stats.Discarded)
}

func ExampleBufferWeighted() {
	messages := turbopipes.Just("hello", "dear", "world")
	// Packets of at most ten bytes.
	packets := operators.BufferWeighted(10, func(m string) int64 { return int64(len(m)) })(messages)
	fmt.Println(packets.Collect(context.Background()))
	// Output: [[hello dear] [world]] <nil>
}

func BenchmarkBufferWeighted(b *testing.B) {
	benchmark(b, operators.BufferWeighted(64, func(int) int64 { return 1 }))
}
