package operators_test

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// conditional returns the entries of the conditional operators.
func (p parts) conditional() []entry {
	return []entry{
		on("All", operators.All(p.small)),
		on("Any", operators.Any(func(v int) bool { return v > 2 })),
		on("Any/none", operators.Any(func(v int) bool { return v < 0 })),
		on("Contains", operators.Contains(3)),
		on("DefaultIfEmpty", operators.DefaultIfEmpty(-1)).one(),
		on("DefaultIfEmpty/empty", turbopipes.Compose2(operators.IgnoreElements[int](), operators.DefaultIfEmpty(-1))),
		on("IsEmpty", operators.IsEmpty[int]()),
		on("SwitchIfEmpty", operators.SwitchIfEmpty(p.side)).one(),
		on("SwitchIfEmpty/empty", turbopipes.Compose2(operators.IgnoreElements[int](), operators.SwitchIfEmpty(p.side))),
		on("ThrowIfEmpty", operators.ThrowIfEmpty[int](nil)).needing().one(),
	}
}
