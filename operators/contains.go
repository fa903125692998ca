package operators

import (
	"github.com/turbopipes/turbopipes"
)

// Contains tells whether v is among the items.
//
//	in:  a-b-c-|   v: b
//	out: --(t|)    t: true
//
// Emits when an item comes that equals v: true, and completes right after it, when
// upstream was stopped and reaped; or when upstream completes: false, also where there
// was no item. Fails when upstream fails before. The items that it looks at count
// nowhere. Memory: none. Goroutines: none; it runs inside its subscriber's.
//
// Items are compared by ==: a NaN is never found, and items that can't be compared
// end the stream with a PanicError. To ask for a condition instead of a value, see
// [Any]. It corresponds to Reactor's hasElement; RxGo's Contains takes a
// predicate.
func Contains[T comparable](v T) turbopipes.Operator[T, bool] {
	return decided("Contains", func(item T) bool { return item == v }, true)
}
