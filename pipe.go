package turbopipes

import "github.com/turbopipes/turbopipes/internal/fault"

// pipe applies op. A nil op is an error at the subscription.
func pipe[A, B any](o Observable[A], op Operator[A, B]) Observable[B] {
	if op == nil {
		return failing[B](fault.Invalid("Pipe", "the operator is nil"))
	}
	return op(o)
}

// Compose makes one operator of two: first f, then g. It is [Compose2]. For more
// operators, see [Compose3] to [Compose9].
//
//	in:  a-1--b-|   f: letters only; g: to upper case
//	out: A----B-|
//
// Emits when g does; everything else is as in f and g. Goroutines: those of f and g.
// A nil f or g is an [ErrInvalidArgument]. It corresponds to RxJS's pipe as a
// function, Reactor's transform and Pekko's via.
func Compose[A, B, C any](f Operator[A, B], g Operator[B, C]) Operator[A, C] {
	return Compose2(f, g)
}
