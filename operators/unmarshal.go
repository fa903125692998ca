package operators

import "github.com/turbopipes/turbopipes"

// Unmarshal emits the T that fn reads from each item. For example, fn can be
// json.Unmarshal.
//
//	in:  a-b--x-|   fn: to upper case; it fails on x
//	out: A-B--#
//
// Emits when an item arrives. fn reads into a new T each time. Fails with fn's first
// error, after upstream was stopped, or when upstream fails. fn's error comes as a
// [*turbopipes.ItemError] that holds the bytes. The item on which fn failed counts
// as failed. Completes with upstream. Memory: none. Goroutines: none; fn runs on the
// subscriber's goroutine.
//
// A nil fn is an ErrInvalidArgument. The inverse is [Marshal]. It corresponds to
// RxGo's Unmarshal.
func Unmarshal[T any](fn func(b []byte, to any) error) turbopipes.Operator[[]byte, T] {
	if fn == nil {
		return turbopipes.Invalid[[]byte, T]("Unmarshal", "fn is nil")
	}
	return convertEach("Unmarshal", func(b []byte) (v T, err error) {
		err = fn(b, &v)
		return v, err
	})
}
