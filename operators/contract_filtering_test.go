package operators_test

import (
	"time"

	"github.com/turbopipes/turbopipes/operators"
)

// filtering returns the entries of the operators that filter.
func (p parts) filtering() []entry {
	third := func(v int) bool { return v == 2 }
	return []entry{
		on("Debounce", operators.Debounce[int](6*time.Millisecond)),
		on("Debounce/long", operators.Debounce[int](16*time.Millisecond, operators.WithEdge(operators.BothEdges))),
		on("Dedup", operators.Dedup(operators.Self[int], 2, 34*time.Millisecond)).one(),
		on("Distinct", operators.Distinct(operators.Self[int], operators.WithMaxKeys(length))).one(),
		on("Distinct/by key", operators.Distinct(p.small)),
		on("DistinctUntilChanged", operators.DistinctUntilChanged(p.small)),
		on("ElementAt", operators.ElementAt[int](2)).needing(),
		on("Filter", operators.Filter(p.small)),
		on("Find", operators.Find(third)),
		on("FindIndex", operators.FindIndex(third)),
		on("FindIndex/none", operators.FindIndex(func(int) bool { return false })),
		on("First", operators.First[int]()).needing(),
		on("FirstOrDefault", operators.FirstOrDefault(-1)),
		on("IgnoreElements", operators.IgnoreElements[int]()),
		on("Last", operators.Last[int]()).needing(),
		on("LastOrDefault", operators.LastOrDefault(-1)),
		on("Single", operators.Single(third)).needing(),
		on("Skip", operators.Skip[int](2)),
		on("SkipFor", operators.SkipFor[int](24*time.Millisecond)),
		on("SkipLast", operators.SkipLast[int](2)),
		on("SkipLast/none", operators.SkipLast[int](0)).one(),
		on("Sample", operators.Sample[int](p.side)),
		on("Sample/last", operators.Sample[int](p.side, operators.EmitLast())),
		on("SkipUntil", operators.SkipUntil[int](p.side)),
		on("SkipWhile", operators.SkipWhile(p.small)),
		on("Take", operators.Take[int](3)),
		on("Take/none", operators.Take[int](0)),
		on("TakeFor", operators.TakeFor[int](38*time.Millisecond)),
		on("TakeLast", operators.TakeLast[int](2)),
		on("TakeLast/more", operators.TakeLast[int](length+1)).one(),
		on("TakeUntil", operators.TakeUntil[int](p.side)),
		on("TakeUntilMatch", operators.TakeUntilMatch(third)),
		on("TakeWhile", operators.TakeWhile(p.small)),
		on("TakeWhile/inclusive", operators.TakeWhile(p.small, operators.Inclusive())),
	}
}
