package turbopipes

import "github.com/turbopipes/turbopipes/internal/fault"

// pipe applies op; a nil op is an error at subscription.
func pipe[A, B any](o Observable[A], op Operator[A, B]) Observable[B] {
	if op == nil {
		return failing[B](fault.Invalid("Pipe", "the operator is nil"))
	}
	return op(o)
}
