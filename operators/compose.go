package operators

import "github.com/turbopipes/turbopipes"

// Compose makes one operator of two: first f, then g. It is [turbopipes.Compose2],
// which has kin for up to nine operators.
//
//	in:  a-1--b-|   f: letters only; g: to upper case
//	out: A----B-|
//
// Emits when g does; everything else is as in f and g. Goroutines: those of f and g.
// A nil f or g is an ErrInvalidArgument. It corresponds to RxJS's pipe as a
// function, Reactor's transform and Pekko's via.
func Compose[A, B, C any](f turbopipes.Operator[A, B], g turbopipes.Operator[B, C]) turbopipes.Operator[A, C] {
	return turbopipes.Compose2(f, g)
}
