package operators_test

import (
	"github.com/turbopipes/turbopipes/operators"
)

// aggregates are the entries of what aggregates.
func (parts) aggregates() []entry {
	return []entry{
		on("Reduce", operators.Reduce(0, func(sum, v int) int { return sum + v })),
	}
}
