package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestOnBackpressureError(t *testing.T) {
	busy := tptest.Busy(5 * tptest.Step)
	strict := operators.OnBackpressureError[string]()
	tptest.Doc(t, "on_backpressure_error.go", "OnBackpressureError", strict, busy, tptest.Error(turbopipes.ErrOverflow), tptest.Once())
	tptest.Marbles(t, "--|", strict, "--|", busy)
}

func ExampleOnBackpressureError() {
	alarms := turbopipes.Just("door open") // none may be missed unnoticed
	fmt.Println(operators.OnBackpressureError[string]()(alarms).Collect(context.Background()))
	// Output: [door open] <nil>
}

func BenchmarkOnBackpressureError(b *testing.B) {
	once := turbopipes.Compose(operators.OnBackpressureError[int](), operators.OnErrorComplete[int](func(error) bool { return true }))
	benchmark(b, once)
}
