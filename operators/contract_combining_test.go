package operators_test

import (
	"github.com/turbopipes/turbopipes/operators"
)

// combining are the entries of what combines streams.
func (p parts) combining() []entry {
	return []entry{
		on("Concat", operators.Concat(p.side)),
		on("Merge", operators.Merge(p.side)),
		on("Zip", operators.Zip(p.side, p.pair)),
	}
}
