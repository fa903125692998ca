package operators_test

import (
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// utilities are the entries of the utilities.
func (parts) utilities() []entry {
	return []entry{
		on("Do", operators.Do(operators.Hooks[int]{
			Subscribe: func() {}, Next: func(int) {}, Error: func(error) {}, Complete: func() {}, Stop: func(error) {},
		})),
		on("Finally", operators.Finally[int](func() {})),
		on("Name", operators.Name[int]("stage")),
		on("ObserveOn", operators.ObserveOn[int](turbopipes.WithQueue(2))),
		on("Prefetch", operators.Prefetch[int](2)),
		on("Repeat", operators.Repeat[int](2, operators.WithDelay(time.Second))).again(),
	}
}
