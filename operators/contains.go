package operators

import (
	"github.com/turbopipes/turbopipes"
)

// Contains reports whether v is among the items.
//
//	in:  a-b-c-|   v: b
//	out: --(t|)    t: true
//
// Emits when an item comes that equals v: true. It then stops upstream, and
// completes once upstream is reaped. If there is no such item, it emits false when
// upstream completes, also for an empty stream. Fails when upstream fails before the
// answer. The items that it looks at are not counted in [turbopipes.Stats]. Memory:
// none. Goroutines: none; it runs on the subscriber's goroutine.
//
// Items are compared with ==: a NaN is never found, and items that can't be compared
// end the stream with a PanicError. To ask for a condition instead of a value, see
// [Any]. It corresponds to Reactor's hasElement; RxGo's Contains takes a predicate.
func Contains[T comparable](v T) turbopipes.Operator[T, bool] {
	return firstVerdict("Contains", func(item T) bool { return item == v }, true)
}
