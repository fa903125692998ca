package operators_test

import (
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// children are those of an item of upstream, and have none.
func (p parts) children(v int) turbopipes.Observable[int] {
	if v >= 100 {
		return turbopipes.Empty[int]()
	}
	return p.long(v + 1)
}

// transforming are the entries of what transforms.
func (p parts) transforming() []entry {
	return []entry{
		on("BufferWithCount", operators.BufferWithCount[int](4)),
		on("BufferWithCount/overlapping", operators.BufferWithCount[int](3, operators.WithStep(2))),
		on("BufferWithCount/flushing", operators.BufferWithCount[int](4, operators.FlushOnError())),
		on("BufferWithTimeOrCount", operators.BufferWithTimeOrCount[int](16*time.Millisecond, 4)),
		on("ConcatMap", operators.ConcatMap(p.inner)),
		on("ExhaustMap", operators.ExhaustMap(p.inner)),
		on("ExhaustMap/long", operators.ExhaustMap(p.long)),
		on("Expand", operators.Expand(2, p.children)),
		on("Expand/infinite", operators.Expand(turbopipes.Infinite, p.children)),
		on("FilterMap", operators.FilterMap(func(v int) (int, bool) { return p.double(v), p.small(v) })),
		on("FlatMap", operators.FlatMap(2, p.long)),
		on("FlatMap/one", operators.FlatMap(1, p.long)),
		on("FlatMap/infinite", operators.FlatMap(turbopipes.Infinite, p.long)),
		from("Flatten", p.long, operators.Flatten[int](2)),
		from("Flatten/one", p.long, operators.Flatten[int](1)),
		on("Map", operators.Map(p.double)),
		on("Materialize", operators.Materialize[int]()).recovering(),
		on("Scan", operators.Scan(1, func(sum, v int) int { return sum + v + 1 })),
		on("SwitchMap", operators.SwitchMap(p.inner)),
		on("SwitchMap/long", operators.SwitchMap(p.long)),
	}
}
