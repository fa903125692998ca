package operators_test

import (
	"time"

	"github.com/turbopipes/turbopipes/operators"
)

// errors are the entries of what deals with errors.
func (p parts) errors() []entry {
	return []entry{
		on("Catch", operators.Catch(p.ignore)).recovering(),
		on("Retry", operators.Retry[int](2)).repeating(),
		on("Retry/backoff", operators.Retry[int](1, operators.WithBackoff(operators.Constant(time.Second)))).repeating(),
		on("Timeout", operators.Timeout[int](time.Hour)),
	}
}
