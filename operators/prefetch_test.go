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

func TestPrefetch(t *testing.T) {
	tptest.Doc(t, "prefetch.go", "Prefetch", operators.Prefetch[string](2))
	busy := tptest.Busy(5 * tptest.Step)
	for name, c := range map[string]struct {
		n       int
		in, out string
		opts    []tptest.Option
	}{
		"empty":              {2, "--|", "--|", nil},
		"an error at first":  {2, "#", "#", nil},
		"an error later":     {2, "-a-#", "-a-#", nil},
		"a busy downstream":  {1, "abcd|", "0:a 5:b 10:c 15:d 20:|", []tptest.Option{busy}},
		"the queue, then #":  {3, "abc#", "0:a 5:b 10:c 15:#", []tptest.Option{busy, tptest.Once()}},
		"it works meanwhile": {1, "a---b---c|", "0:a 5:b 10:c 15:|", []tptest.Option{busy}},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, operators.Prefetch[string](c.n), c.out, c.opts...) })
	}
	requireInvalid(t, operators.Prefetch[int](0), "Prefetch: n is 0, want at least 1")
}

// Upstream works n items ahead, and no more. Items left at an early end are counted.
func TestPrefetchBounds(t *testing.T) {
	for n := 1; n < 4; n++ {
		bubble(t, fmt.Sprint(n), func(t *testing.T) {
			var source counting
			s := endedBy(t, operators.Prefetch[int](n)(source.stream(100)), time.Second, 2500*time.Millisecond, dispose)
			require.Equal(t, []int{0, 1, 2}, s.items)
			require.EqualValues(t, 3+n, source.accepted.Load())
			require.EqualValues(t, 3+n+1, source.begun.Load())
			require.EqualValues(t, n+1, s.stats.Discarded)
		})
	}
}

func TestPrefetchGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := endedBy(t, operators.Prefetch[int](2)(turbopipes.Interval(time.Second)), 3*time.Second, 5500*time.Millisecond, stop)
		require.Equal(t, []int{0, 1, 2, 3, 4}[:len(s.items)], s.items)
		require.True(t, s.completed)
		require.Zero(t, s.stats.Discarded)
	})
}

func ExamplePrefetch() {
	pages := operators.TryMap(func(_ context.Context, n int) (string, error) {
		return fmt.Sprint("page ", n), nil // fetched while the one before is being read
	})(turbopipes.Range(1, 3))
	for page, err := range operators.Prefetch[string](1)(pages).Seq(context.Background()) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(page)
	}
	// Output:
	// page 1
	// page 2
	// page 3
}

func BenchmarkPrefetch(b *testing.B) { benchmark(b, operators.Prefetch[int](64)) }
