package operators_test

import (
	"github.com/turbopipes/turbopipes/operators"
)

// hot returns the entries of the operators that share a run of upstream.
func (parts) hot() []entry {
	return []entry{
		on("Share", operators.Share[int]()).one(),
		on("ShareReplay", operators.ShareReplay[int](length)).one(),
	}
}
