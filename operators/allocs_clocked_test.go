package operators_test

import (
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// Operators that run upstream on a goroutine allocate at a subscription, and when a
// goroutine parks for the first time.
func TestClockedAllocateNothingPerItem(t *testing.T) {
	for name, drain := range map[string]func(turbopipes.Observable[int]){
		"Audit":               drained(operators.Audit[int](time.Nanosecond)),
		"BackpressureTimeout": drained(operators.BackpressureTimeout[int](time.Hour)),
		"Debounce":            drained(operators.Debounce[int](time.Nanosecond)),
		"Delay":               drained(operators.Delay[int](time.Nanosecond, turbopipes.WithQueue(4))),
		"Extrapolate":         drained(operators.Extrapolate(func(int) iter.Seq[int] { return nil })),
		"KeepAlive":           drained(operators.KeepAlive(time.Hour, func() int { return 0 })),
		"Sample":              drained(operators.Sample[int](turbopipes.Never[int]())),
		"Throttle":            drained(operators.Throttle[int](time.Nanosecond)),
		"Timeout":             drained(operators.Timeout[int](time.Hour)),
	} {
		t.Run(name, func(t *testing.T) {
			few, many := turbopipes.Range(0, 100), turbopipes.Range(0, 5000)
			require.Less(t, allocs(drain, many)-allocs(drain, few), 50.0, "allocations of 5000 items and of 100")
		})
	}
}

// A slice of known size is one allocation, and a slice that grows is a few.
func TestBatchesAllocateTheirSlices(t *testing.T) {
	never := turbopipes.Never[int]()
	for name, c := range map[string]struct {
		op       turbopipes.Operator[int, []int]
		perSlice float64
		slices   float64 // of 5000 items
	}{
		"BufferWithTimeOrCount": {operators.BufferWithTimeOrCount[int](time.Hour, 50), 1, 100},
		"SessionWindow":         {operators.SessionWindow[int](time.Hour, operators.WithMaxItems(64)), 7, 79}, // 1, 2, 4 … 64
		"BufferWithTime":        {operators.BufferWithTime[int](time.Hour), 30, 1},
		"BufferWhen":            {operators.BufferWhen[int](never), 30, 1},
	} {
		t.Run(name, func(t *testing.T) {
			drain := drained(c.op)
			most := c.perSlice*c.slices + 50
			require.Less(t, allocs(drain, turbopipes.Range(0, 5000))-allocs(drain, turbopipes.Range(0, 100)), most)
		})
	}
}
