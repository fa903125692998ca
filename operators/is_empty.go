package operators

import (
	"github.com/turbopipes/turbopipes"
)

// IsEmpty reports whether there is no item.
//
//	in:  --a-b-|
//	out: --(f|)    f: false
//
// Emits when the first item comes: false. It then stops upstream, and completes once
// upstream is reaped. If there is no item, it emits true when upstream completes.
// Fails when upstream fails before the answer. The items that it looks at are not
// counted in [turbopipes.Stats]. Memory: none. Goroutines: none; it runs on the
// subscriber's goroutine.
//
// To ask for a condition, see [Any]; to replace an empty stream, [DefaultIfEmpty],
// [SwitchIfEmpty] and [ThrowIfEmpty]. It corresponds to RxJS's isEmpty, and is the
// opposite of Reactor's hasElements.
func IsEmpty[T any]() turbopipes.Operator[T, bool] {
	return firstVerdict("IsEmpty", func(T) bool { return true }, false)
}
