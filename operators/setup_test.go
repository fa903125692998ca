package operators_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// perRun is how often one run of a fused operator may allocate, if it is more than
// fewPerRun.
var perRun = map[string]float64{
	"Count": 5, "Do": 5, "Max": 5, "Min": 5, "Reduce": 5, "ReduceWith": 5, "Retry": 5, "Retrying": 5, "Sum": 5, "TryMap": 5,
	"CircuitBreaker": 6, "ElementAt": 6, "Intersperse": 6, "SkipLast": 6,
	"Dedup": 7, "Distinct": 7, "FlatMapSeq": 7, "StatefulMap": 7, "TakeLast": 7,
	"ConcatMap": 8, "RateLimit": 8, "Single": 8, "TopK": 8, "BufferWithCount": 10, "Serialize": 11,
	"ToMap": 11, "ToMapWithValueSelector": 11, // a map
	"Dematerialize": 7, "DeadLetter": 7, "Unbatch": 7, "Unwrap": 7, // two operators
	"Log":         14, // a line
	"Partition":   14, // two subscriptions
	"WithContext": 20, // a ctx of its own
	"a chain":     30, // ten operators
}

// fewPerRun is enough for the stream that Lift makes, the operator's state, and the
// function that receives the items.
const fewPerRun = 4

// A pipeline is often built and run for each request. So its operators allocate only
// what they need.
func TestFusedAllocateLittlePerRun(t *testing.T) {
	one := turbopipes.Range(0, 1)
	bare := leastAllocs(func() { _ = one.Drain(context.Background()) })
	for name, drain := range fused() {
		most, listed := perRun[name]
		if !listed {
			most = fewPerRun
		}
		require.LessOrEqual(t, leastAllocs(func() { drain(one) })-bare, most, name)
	}
}

// What one run of a whole pipeline allocates, from the consuming call to its end.
func TestPipelinesAllocateLittlePerRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	three := turbopipes.Compose3(
		operators.Map(func(v int) int { return v + 1 }),
		operators.Filter(func(v int) bool { return v > 1 }),
		operators.Map(func(v int) int { return 2 * v }),
	)(turbopipes.Range(0, 5))
	parallel := operators.Parallel(4, identity)(three)
	for _, c := range []struct {
		name string
		run  func()
		most float64
	}{
		{"three stages, Drain", func() { _ = three.Drain(ctx) }, 11},
		{"three stages, Collect", func() { _, _ = three.Collect(ctx) }, 12},
		{"three stages, Subscribe and Wait", func() { _ = three.Subscribe(ctx, turbopipes.Observer[int]{}).Wait() }, 17},
		{"three stages and Parallel, Drain", func() { _ = parallel.Drain(ctx) }, 26},
		{"three stages and Parallel, Collect", func() { _, _ = parallel.Collect(ctx) }, 27},
		{"three stages and Parallel, Subscribe and Wait", func() { _ = parallel.Subscribe(ctx, turbopipes.Observer[int]{}).Wait() }, 37},
	} {
		require.LessOrEqual(t, leastAllocs(c.run), c.most, c.name)
	}
}

// leastAllocs is how often f allocates if nothing disturbs it: the collector empties
// pools, and the order of goroutines changes what has to be allocated.
func leastAllocs(f func()) float64 {
	least := math.Inf(1)
	for range 30 {
		least = min(least, testing.AllocsPerRun(1, f))
	}
	return least
}
