package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestOnBackpressureDrop(t *testing.T) {
	busy := tptest.Busy(5 * tptest.Step)
	tptest.Doc(t, "on_backpressure_drop.go", "OnBackpressureDrop", operators.OnBackpressureDrop[string](), busy)
	tptest.Marbles(t, "--|", operators.OnBackpressureDrop[string](), "--|", busy)
}

func ExampleOnBackpressureDrop() {
	dropped := 0
	frames := operators.OnBackpressureDrop(operators.OnDrop(func(int) { dropped++ }))(turbopipes.Range(1, 100))
	shown := 0
	err := frames.Each(context.Background(), func(int) error { shown++; return nil })
	fmt.Println(shown+dropped, err)
	// Output: 100 <nil>
}

func BenchmarkOnBackpressureDrop(b *testing.B) { benchmark(b, operators.OnBackpressureDrop[int]()) }
