package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestOnBackpressureLatest(t *testing.T) {
	busy := tptest.Busy(5 * tptest.Step)
	tptest.Doc(t, "on_backpressure_latest.go", "OnBackpressureLatest", operators.OnBackpressureLatest[string](), busy)
	tptest.Marbles(t, "--|", operators.OnBackpressureLatest[string](), "--|", busy)
	requireInvalid(t, operators.OnBackpressureLatest[int](nil), "OnBackpressureLatest: option 1 is nil")
}

func ExampleOnBackpressureLatest() {
	prices := turbopipes.Range(1, 100) // quotes that come faster than a screen can show them
	last := 0
	err := operators.OnBackpressureLatest[int]()(prices).Each(context.Background(), func(v int) error { last = v; return nil })
	fmt.Println(last, err) // the newest one is always shown
	// Output: 100 <nil>
}

func BenchmarkOnBackpressureLatest(b *testing.B) { benchmark(b, operators.OnBackpressureLatest[int]()) }
