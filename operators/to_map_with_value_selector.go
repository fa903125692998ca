package operators

import "github.com/turbopipes/turbopipes"

// ToMapWithValueSelector emits one map with the values that value makes of the
// items, by the items' keys.
//
//	in:  a-b--c-|   key: vowel or consonant; value: to upper case
//	out: -------(x|)   x: the vowel A, the consonant C
//
// Emits when upstream completes. Everything else is as in [ToMap], including
// [OnDiscard], which reports the values. Goroutines: none; key and value run on the
// subscriber's goroutine.
//
// A nil key or value is an ErrInvalidArgument. It corresponds to Reactor's
// collectMap and RxGo's ToMapWithValueSelector.
func ToMapWithValueSelector[T any, K comparable, V any](key func(v T) K, value func(v T) V, opts ...turbopipes.LossOption) turbopipes.Operator[T, map[K]V] {
	switch {
	case key == nil:
		return turbopipes.Invalid[T, map[K]V]("ToMapWithValueSelector", "key is nil")
	case value == nil:
		return turbopipes.Invalid[T, map[K]V]("ToMapWithValueSelector", "value is nil")
	}
	return toMap("ToMapWithValueSelector", key, value, opts)
}
