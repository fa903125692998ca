package operators_test

import (
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// clocks returns the entries of the operators that use the clock.
func (p parts) clocks() []entry {
	long := 16 * time.Millisecond
	later := func(int) turbopipes.Observable[int] { return turbopipes.Timer(long) }
	idle := func() int { return -1 }
	return []entry{
		on("Audit", operators.Audit[int](long)),
		on("Delay", operators.Delay[int](long)).one(),
		on("Delay/full", operators.Delay[int](2*time.Second, turbopipes.WithQueue(2))).one(),
		on("DelaySubscription", operators.DelaySubscription[int](7*time.Millisecond)).one(),
		on("DelayWhen", operators.DelayWhen(later)).one(),
		on("DelayWhen/full", operators.DelayWhen(later, turbopipes.WithQueue(1))).one(),
		on("KeepAlive", operators.KeepAlive(long, idle)).again(),
		on("RateLimit", operators.RateLimit[int](1, 13*time.Millisecond)).one(),
		on("RateLimit/burst", operators.RateLimit[int](1, 23*time.Millisecond, operators.WithBurst[int](2), operators.WithCost(p.double))).one(),
		on("Throttle", operators.Throttle[int](long)),
		on("Throttle/trailing", operators.Throttle[int](long, operators.WithEdge(operators.BothEdges))),
		on("Throttle/only", operators.Throttle[int](long, operators.WithEdge(operators.TrailingEdge))),
		on("TimeInterval", operators.TimeInterval[int]()).one(),
		on("Timestamp", turbopipes.Compose2(operators.Timestamp[int](), // the times of two subscriptions differ
			operators.Map(func(s turbopipes.Timestamped[int]) int { return s.Value }))),
	}
}

// again is for operators that emit equal items without running upstream again.
func (e entry) again() entry { e.repeats = true; return e }
