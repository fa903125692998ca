package operators

import (
	"github.com/turbopipes/turbopipes"
)

// IsEmpty tells whether there is no item.
//
//	in:  --a-b-|
//	out: --(f|)    f: false
//
// Emits when the first item comes: false, and completes right after it, when upstream
// was stopped and reaped; or when upstream completes without one: true. Fails when
// upstream fails before. The items that it looks at count nowhere. Memory: none.
// Goroutines: none; it runs inside its subscriber's.
//
// To ask for a condition see [Any]; to put something in the place of an empty
// stream, [DefaultIfEmpty], [SwitchIfEmpty] and [ThrowIfEmpty]. It corresponds to
// RxJS's isEmpty and is the opposite of Reactor's hasElements.
func IsEmpty[T any]() turbopipes.Operator[T, bool] {
	return decided("IsEmpty", func(T) bool { return true }, false)
}
