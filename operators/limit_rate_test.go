package operators_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestLimitRate(t *testing.T) {
	tptest.Doc(t, "limit_rate.go", "LimitRate", operators.LimitRate[string](4))
	bursts := operators.LimitRate[string](4)
	busy := tptest.Busy(5 * tptest.Step)
	for name, c := range map[string]struct{ in, out string }{
		"a downstream that waits": {"a-----b|", "a-----b----|"},
		"a slow one":              {"abcd|", "a----b----c----d----|"},
		"empty":                   {"--|", "--|"},
		"never":                   {"---", "---"},
		"an error at first":       {"#", "#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, bursts, c.out, busy) })
	}
	// Once: it stays the first failure, though ctx ends while downstream works.
	tptest.Marbles(t, "abc#", bursts, "a----b----c----#", busy, tptest.Once())
	requireInvalid(t, operators.LimitRate[int](0), "LimitRate: n is 0, want at least 1")
}

// LimitRate requests n items of upstream, and three quarters of n again when a quarter is
// left.
func TestLimitRateAsksInBursts(t *testing.T) {
	for n, want := range map[int][]int{
		1: {2, 3, 4, 5, 6, 7, 8, 9, 10, 11},   // one in hand each time
		2: {3, 3, 5, 5, 7, 7, 9, 9, 11, 11},   // down to none
		8: {9, 9, 9, 9, 9, 9, 15, 15, 15, 15}, // down to two
	} {
		bubble(t, fmt.Sprint(n), func(t *testing.T) {
			var asked atomic.Int64
			src := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
				for i := range 20 {
					if !emit(i) {
						break
					}
					if asked.Add(1) == 1 {
						time.Sleep(time.Second) // until it is delivered
					}
				}
				return nil
			})
			var ahead []int
			s := operators.LimitRate[int](n)(src).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(int) {
				time.Sleep(2 * time.Second)
				if ahead = append(ahead, int(asked.Load())); len(ahead) == len(want) {
					time.Sleep(time.Hour)
				}
			}})
			time.Sleep(time.Minute)
			s.Dispose()
			require.Equal(t, want, ahead)
			require.Equal(t, asked.Load()+1-int64(len(want)), s.Stats().Discarded, "and the one in upstream's hand")
		})
	}
}

func ExampleLimitRate() {
	pages := turbopipes.Range(1, 1000) // fetched a page at a time
	sum := 0
	err := operators.LimitRate[int](100)(pages).Each(context.Background(), func(v int) error { sum += v; return nil })
	fmt.Println(sum, err)
	// Output: 500500 <nil>
}

func BenchmarkLimitRate(b *testing.B) { benchmark(b, operators.LimitRate[int](64)) }
