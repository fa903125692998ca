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

func TestOnBackpressureReduce(t *testing.T) {
	busy := tptest.Busy(5 * tptest.Step)
	concat := operators.OnBackpressureReduce(func(a, b string) string { return a + b })
	tptest.Doc(t, "on_backpressure_reduce.go", "OnBackpressureReduce", concat, busy)
	tptest.Marbles(t, "--|", concat, "--|", busy)
	requireInvalid(t, operators.OnBackpressureReduce[int](nil), "OnBackpressureReduce: merge is nil")
}

func TestOnBackpressureReducePanics(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var got []int
		s := operators.OnBackpressureReduce(func(int, int) int { panic(errBoom) })(paced(4, time.Second)).
			Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) { got = append(got, v); time.Sleep(time.Minute) }})
		require.ErrorIs(t, s.Wait(), errBoom)
		require.Equal(t, []int{0, 1}, got, "what waited is delivered")
		require.EqualValues(t, 1, s.Stats().Dropped)
	})
}

// Items that are being merged when the end comes are counted.
func TestOnBackpressureReduceEndsMeanwhile(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		in := 0
		src := operators.Do(operators.Hooks[int]{Next: func(int) { in++ }})(paced(3, time.Second))
		s := operators.OnBackpressureReduce(func(a, b int) int { time.Sleep(time.Minute); return a + b })(src).
			Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(int) { time.Sleep(10 * time.Second) }})
		time.Sleep(3 * time.Second)
		s.Dispose()
		require.Equal(t, 3, in)
		require.Equal(t, turbopipes.Stats{Delivered: 1, Discarded: 1}, s.Stats(), "two were merged into one")
	})
}

func ExampleOnBackpressureReduce() {
	moves := turbopipes.Range(1, 100) // steps of a pointer; a slow screen gets their sum
	at := 0
	add := func(pending, next int) int { return pending + next }
	err := operators.OnBackpressureReduce(add)(moves).Each(context.Background(), func(step int) error { at += step; return nil })
	fmt.Println(at, err)
	// Output: 5050 <nil>
}

func BenchmarkOnBackpressureReduce(b *testing.B) {
	benchmark(b, operators.OnBackpressureReduce(func(a, b int) int { return a + b }))
}
