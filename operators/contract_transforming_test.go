package operators_test

import (
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// transforming are the entries of what transforms.
func (p parts) transforming() []entry {
	return []entry{
		on("BufferWithCount", operators.BufferWithCount[int](4)),
		on("BufferWithCount/overlapping", operators.BufferWithCount[int](3, operators.WithStep(2))),
		on("BufferWithCount/flushing", operators.BufferWithCount[int](4, operators.FlushOnError())),
		on("BufferWithTimeOrCount", operators.BufferWithTimeOrCount[int](16*time.Millisecond, 4)),
		on("ConcatMap", operators.ConcatMap(p.inner)),
		on("FilterMap", operators.FilterMap(func(v int) (int, bool) { return p.double(v), p.small(v) })),
		on("FlatMap", operators.FlatMap(2, p.long)),
		on("FlatMap/one", operators.FlatMap(1, p.long)),
		on("FlatMap/infinite", operators.FlatMap(turbopipes.Infinite, p.long)),
		on("Map", operators.Map(p.double)),
		on("Materialize", operators.Materialize[int]()).recovering(),
		on("Scan", operators.Scan(1, func(sum, v int) int { return sum + v + 1 })),
		on("SwitchMap", operators.SwitchMap(p.inner)),
		on("SwitchMap/long", operators.SwitchMap(p.long)),
	}
}
