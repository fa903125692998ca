package operators_test

import (
	"context"

	"github.com/turbopipes/turbopipes/operators"
)

// aggregates returns the entries of the operators that aggregate.
func (p parts) aggregates() []entry {
	return []entry{
		on("Average", operators.Average[int]()),
		on("Count", operators.Count[int]()),
		on("MapReduce", operators.MapReduce(2, func(ctx context.Context, v int) (int, int, error) {
			v, err := p.slow(ctx, v)
			return parity(v), v, err
		}, plus)),
		on("Max", operators.Max(ascending)),
		on("Min", operators.Min(ascending)),
		on("Reduce", operators.Reduce(0, func(sum, v int) int { return sum + v })),
		on("ReduceWith", operators.ReduceWith(func() int { return 1 }, func(sum, v int) int { return sum + v })),
		on("Sort", operators.Sort(ascending)).one(),
		on("Sort/bounded", operators.Sort(ascending, operators.WithMaxItems(length))).one(),
		on("Sum", operators.Sum[int]()),
		on("ToMap", operators.ToMap(parity)),
		on("ToMapWithValueSelector", operators.ToMapWithValueSelector(parity, p.double)),
		on("ToMultiMap", operators.ToMultiMap(parity)),
		on("ToSlice", operators.ToSlice[int]()),
		on("ToSlice/bounded", operators.ToSlice[int](operators.WithCapacity(3), operators.WithMaxItems(length))),
		on("TopK", operators.TopK(3, ascending)),
	}
}
