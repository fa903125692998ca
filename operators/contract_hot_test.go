package operators_test

import (
	"github.com/turbopipes/turbopipes/operators"
)

// hot are the entries of what shares a run of upstream.
func (parts) hot() []entry {
	return []entry{
		on("Share", operators.Share[int]()).one(),
		on("ShareReplay", operators.ShareReplay[int](length)).one(),
	}
}
