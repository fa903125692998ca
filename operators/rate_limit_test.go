package operators_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// rated returns a RateLimit of n items per so many columns.
func rated(n, per int, opts ...operators.RateLimitOption[string]) turbopipes.Operator[string, string] {
	return operators.RateLimit[string](n, time.Duration(per)*tptest.Step, opts...)
}

func TestRateLimit(t *testing.T) {
	tptest.Doc(t, "rate_limit.go", "RateLimit", rated(1, 3))
	burst := operators.WithBurst[string](3)
	cost := operators.WithCost(func(v string) int {
		return map[string]int{"a": 1, "b": 2, "c": 3, "e": 5, "z": 0, "y": -1}[v]
	})
	busy := []tptest.Option{tptest.Busy(7 * tptest.Step)}
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		also    []tptest.Option
	}{
		"empty":                         {rated(1, 3), "--|", "--|", nil},
		"an error at first":             {rated(1, 3), "#", "#", nil},
		"an error behind items":         {rated(1, 3), "ab#", "a--(b#)", nil},
		"slower than the rate":          {rated(1, 3), "a---b---c|", "a---b---c|", nil},
		"exactly at the rate":           {rated(1, 3), "a--b--c|", "a--b--c|", nil},
		"several, evenly":               {rated(3, 6), "abcd|", "a-b-c-(d|)", nil},
		"no token is stored":            {rated(1, 3), "a---------bc|", "a---------b--(c|)", nil},
		"a burst":                       {rated(1, 3, burst), "0:a 0:b 0:c 0:d 0:e 0:|", "0:a 0:b 0:c 3:d 6:e 6:|", nil},
		"a burst, filled again":         {rated(1, 3, burst), "0:a 0:b 0:c 20:d 20:e 20:f 20:g 20:|", "0:a 0:b 0:c 20:d 20:e 20:f 23:g 23:|", nil},
		"a burst, filled in part":       {rated(1, 3, burst), "0:a 0:b 0:c 7:d 7:e 7:f 7:|", "0:a 0:b 0:c 7:d 7:e 9:f 9:|", nil},
		"a cost":                        {rated(1, 3, cost), "0:a 0:a 0:|", "0:a 3:a 3:|", nil},
		"a cost, from a store":          {rated(1, 3, burst, cost), "0:b 0:a 0:b 0:|", "0:b 0:a 6:b 6:|", nil},
		"dearer than the store":         {rated(1, 3, burst, cost), "0:e 0:a 0:|", "0:e 9:a 9:|", nil},
		"it waits until that is full":   {rated(1, 3, burst, cost), "0:a 0:e 0:|", "0:a 3:e 3:|", nil},
		"the debt is paid first":        {rated(1, 3, cost), "0:e 0:a 0:|", "0:e 15:a 15:|", nil},
		"what costs nothing passes":     {rated(1, 3, cost), "0:e 0:z 0:y 0:|", "0:e 0:z 0:y 0:|", nil},
		"a busy downstream, no wait":    {rated(1, 3), "abc|", "0:a 7:b 14:c 21:|", busy},
		"a busy downstream, and a wait": {rated(1, 9), "abc|", "0:a 9:b 18:c 25:|", busy},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.also...) })
	}
	for text, op := range map[string]turbopipes.Operator[int, int]{
		"n is 0, want at least 1":            operators.RateLimit[int](0, 1),
		"per is 0s, want more than 0":        operators.RateLimit[int](1, 0),
		"option 1 is nil":                    operators.RateLimit[int](1, 1, nil),
		"WithBurst: n is 0, want at least 1": operators.RateLimit[int](1, 1, operators.WithBurst[int](0)),
		"WithCost: cost is nil":              operators.RateLimit[int](1, 1, operators.WithCost[int](nil)),
	} {
		requireInvalid(t, op, "RateLimit: "+text)
	}
	requirePanics(t, operators.RateLimit[string](1, 1, operators.WithCost(func(string) int { panic(errBoom) })))
}

// The rate is exact, also where a token takes no whole number of nanoseconds.
func TestRateLimitIsExact(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		begin := time.Now()
		require.NoError(t, operators.RateLimit[int](3, time.Second)(turbopipes.Range(0, 3001)).Drain(t.Context()))
		require.Equal(t, 1000*time.Second, time.Since(begin))
	})
}

// After a stop, the waiting item is emitted at its time. After the end of ctx it is
// not.
func TestRateLimitEnds(t *testing.T) {
	limit := operators.RateLimit[int](1, 5*time.Second)
	bubble(t, "a stop", func(t *testing.T) {
		s := endedBy(t, limit(turbopipes.Interval(time.Second)), 0, 3500*time.Millisecond, stop)
		require.Equal(t, []int{0, 1}, s.items)
		require.True(t, s.completed)
		require.Equal(t, 6*time.Second, s.took)
	})
	bubble(t, "ctx", func(t *testing.T) {
		s := endedBy(t, limit(turbopipes.Interval(time.Second)), 0, 3500*time.Millisecond, dispose)
		require.Equal(t, []int{0}, s.items)
		require.Equal(t, 3500*time.Millisecond, s.took)
		require.EqualValues(t, 1, s.stats.Discarded, "the one that it held")
	})
}

func ExampleRateLimit() {
	began := time.Now()
	calls := operators.RateLimit[int](100, time.Second, operators.WithBurst[int](2))(turbopipes.Range(1, 4))
	items, err := calls.Collect(context.Background())
	fmt.Println(items, err, time.Since(began) >= 20*time.Millisecond) // two of them waited 10 ms each
	// Output: [1 2 3 4] <nil> true
}

func ExampleWithCost() {
	files := turbopipes.Just("a.txt", "movie.mp4")
	// A kilobyte per millisecond, but not more than 64 at once.
	size := operators.WithCost(func(name string) int { return len(name) })
	uploads := operators.RateLimit[string](1, time.Millisecond, size, operators.WithBurst[string](64))
	fmt.Println(uploads(files).Collect(context.Background()))
	// Output: [a.txt movie.mp4] <nil>
}

func BenchmarkRateLimit(b *testing.B) {
	benchmark(b, operators.RateLimit[int](math.MaxInt, time.Second))
}
