package operators_test

import (
	"errors"
	"iter"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// backpressure returns the entries of the operators for explicit backpressure.
func (p parts) backpressure() []entry {
	add := func(pending, next int) int { return 1000*pending + next }
	overflown := func(err error) bool { return errors.Is(err, turbopipes.ErrOverflow) } // a slow consumer is no failure here
	return []entry{
		on("BackpressureTimeout", operators.BackpressureTimeout[int](time.Hour)).one(),
		on("Conflate", operators.Conflate(operators.Self[int], add)),
		on("ConflateByKey", operators.ConflateByKey(operators.Self[int])),
		on("Extrapolate", operators.Extrapolate(func(int) iter.Seq[int] { return nil })).one(),
		on("Gate", operators.Gate[int](turbopipes.Never[bool]())).one(),
		on("LimitRate", operators.LimitRate[int](2)).one(),
		on("LoadShed", operators.LoadShed[int](2, time.Hour)),
		on("OnBackpressureBatch", operators.OnBackpressureBatch[int](2)),
		on("OnBackpressureBuffer", operators.OnBackpressureBuffer[int](2, turbopipes.Block)).one(),
		on("OnBackpressureBuffer/DropOldest", operators.OnBackpressureBuffer[int](2, turbopipes.DropOldest)),
		on("OnBackpressureDrop", operators.OnBackpressureDrop[int]()),
		on("OnBackpressureError", turbopipes.Compose(operators.OnBackpressureError[int](), operators.OnErrorComplete[int](overflown))).overflowing(),
		on("OnBackpressureLatest", operators.OnBackpressureLatest[int]()),
		on("OnBackpressureReduce", operators.OnBackpressureReduce(add)),
		on("SpillToDisk", operators.SpillToDisk("", 2, decimals)).one(),
	}
}
