package operators_test

import (
	"time"

	"github.com/turbopipes/turbopipes/operators"
)

// filtering are the entries of what filters.
func (p parts) filtering() []entry {
	return []entry{
		on("Debounce", operators.Debounce[int](6*time.Millisecond)),
		on("Debounce/long", operators.Debounce[int](16*time.Millisecond, operators.Leading())),
		on("Filter", operators.Filter(p.small)),
		on("Sample", operators.Sample[int](p.side)),
		on("Sample/last", operators.Sample[int](p.side, operators.EmitLast())),
		on("Skip", operators.Skip[int](2)),
		on("SkipUntil", operators.SkipUntil[int](p.side)),
		on("SkipWhile", operators.SkipWhile(p.small)),
		on("Take", operators.Take[int](3)),
		on("Take/none", operators.Take[int](0)),
		on("TakeFor", operators.TakeFor[int](38*time.Millisecond)),
		on("TakeUntil", operators.TakeUntil[int](p.side)),
		on("TakeWhile", operators.TakeWhile(p.small)),
		on("TakeWhile/inclusive", operators.TakeWhile(p.small, operators.Inclusive())),
	}
}
