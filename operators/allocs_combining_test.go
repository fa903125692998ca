package operators_test

import (
	"cmp"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// Operators that combine streams allocate at a subscription, and for a slice that they
// emit.
func TestCombiningAllocatesNothingPerItem(t *testing.T) {
	at := func(v int) time.Time { return time.Unix(int64(v), 0) }
	more, one, none := turbopipes.Range(0, 10_000), turbopipes.Just(0), turbopipes.Empty[int]()
	both := func(op turbopipes.Operator[turbopipes.Observable[int], []int]) func(turbopipes.Observable[int]) {
		return func(in turbopipes.Observable[int]) { _ = op(turbopipes.Just(in, in)).Drain(context.Background()) }
	}
	for name, c := range map[string]struct {
		drain  func(turbopipes.Observable[int])
		slices float64 // of 5000 items
	}{
		"CombineLatest":           {drained(operators.CombineLatest(one, sum)), 0},
		"CombineLatest, Buffered": {drained(operators.CombineLatest(one, sum, operators.Buffered(16))), 0},
		"CombineLatestAll":        {both(operators.CombineLatestAll[int]()), 10_000},
		"Interleave":              {drained(operators.Interleave(1, none)), 0},
		"Join":                    {drained(operators.Join(more, 0, at, at, sum)), 0},
		"Join, Buffered":          {drained(operators.Join(more, 0, at, at, sum, operators.Buffered(16))), 0},
		"MergePrioritized":        {drained(operators.MergePrioritized(none)), 0},
		"MergeSorted":             {drained(operators.MergeSorted(cmp.Compare[int], none)), 0},
		"Race":                    {drained(operators.Race(turbopipes.Never[int]())), 0},
		"SequenceEqual":           {drained(operators.SequenceEqual(more, same[int])), 0},
		"SubscribeOn":             {drained(operators.SubscribeOn[int](nil)), 0},
		"WithLatestFrom":          {drained(operators.WithLatestFrom(one, sum)), 0},
		"Zip":                     {drained(operators.Zip(more, sum)), 0},
		"Zip, Buffered":           {drained(operators.Zip(more, sum, operators.Buffered(16))), 0},
		"ZipAll":                  {both(operators.ZipAll[int]()), 5000},
	} {
		t.Run(name, func(t *testing.T) {
			few, many := turbopipes.Range(0, 100), turbopipes.Range(0, 5000)
			require.Less(t, allocs(c.drain, many)-allocs(c.drain, few), 50+c.slices, "allocations of 5000 items and of 100")
		})
	}
}
