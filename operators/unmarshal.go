package operators

import "github.com/turbopipes/turbopipes"

// Unmarshal gives the T that fn reads out of each item. json.Unmarshal is such
// an fn.
//
//	in:  a-b--x-|   fn: to upper case; it fails on x
//	out: A-B--#
//
// Emits when an item comes. fn reads into a fresh T each time. Fails with fn's first
// error, as a [*turbopipes.ItemError] that holds the bytes, after upstream was
// stopped, or when upstream fails. The item that fn has failed on counts as failed.
// Completes with upstream. Memory: none. Goroutines: none; fn runs on the
// subscriber's.
//
// A nil fn is an ErrInvalidArgument. The inverse is [Marshal]. It corresponds to
// RxGo's Unmarshal.
func Unmarshal[T any](fn func(b []byte, to any) error) turbopipes.Operator[[]byte, T] {
	if fn == nil {
		return turbopipes.Invalid[[]byte, T]("Unmarshal", "fn is nil")
	}
	return convert("Unmarshal", func(b []byte) (v T, err error) {
		err = fn(b, &v)
		return v, err
	})
}
