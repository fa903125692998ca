package operators_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestOnBackpressureBatch(t *testing.T) {
	busy := tptest.Busy(5 * tptest.Step)
	joined := operators.Map(func(v []string) string { return strings.Join(v, "") })
	batches := turbopipes.Compose(operators.OnBackpressureBatch[string](3), joined)
	tptest.Doc(t, "on_backpressure_batch.go", "OnBackpressureBatch", batches, busy)
	tptest.Marbles(t, "--|", batches, "--|", busy)
	requireInvalid(t, operators.OnBackpressureBatch[int](0), "OnBackpressureBatch: n is 0, want at least 1")
}

func ExampleOnBackpressureBatch() {
	rows := turbopipes.Range(1, 100)
	written := 0
	err := operators.OnBackpressureBatch[int](50)(rows).Each(context.Background(), func(batch []int) error {
		written += len(batch) // one INSERT for each batch; a slower database gets larger ones
		return nil
	})
	fmt.Println(written, err)
	// Output: 100 <nil>
}

func BenchmarkOnBackpressureBatch(b *testing.B) { benchmark(b, operators.OnBackpressureBatch[int](64)) }
