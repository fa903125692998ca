package operators_test

import (
	"github.com/turbopipes/turbopipes/operators"
)

// parallel are the entries of the Parallel group.
func (p parts) parallel() []entry {
	return []entry{
		on("Parallel", operators.Parallel(2, p.slow)).one(),
		on("Parallel/ordered", operators.Parallel(2, p.slow, operators.Ordered())).one(),
		on("Parallel/buffered", operators.Parallel(2, p.slow, operators.Buffered(3))).one(),
		on("ParallelBy", operators.ParallelBy(2, p.small, p.slow)).one(),
		on("ParallelResults", operators.ParallelResults(2, p.slow)).one(),
		from("Tasks", p.task, operators.Tasks[int](2)).one(),
		on("TryMap", operators.TryMap(p.slow)).one(),
		from("Unwrap", p.result, operators.Unwrap[int]()).one(),
	}
}
