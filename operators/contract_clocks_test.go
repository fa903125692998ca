package operators_test

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// clocks are the entries of what deals with time.
func (parts) clocks() []entry {
	return []entry{
		on("TimeInterval", operators.TimeInterval[int]()),
		on("Timestamp", turbopipes.Compose2(operators.Timestamp[int](), // the times of two subscriptions differ
			operators.Map(func(s turbopipes.Timestamped[int]) int { return s.Value }))),
	}
}
