package operators

import (
	"github.com/turbopipes/turbopipes"
)

// Partition splits src into the items for which pred returns true and the rest.
//
//	in:   a-1-b-2-|   pred: letters
//	out:  a---b---|   match
//	rest: --1---2-|
//
// Emits when an item of src arrives that belongs to the stream. Drops the other
// items. Fails and completes with src. match and rest are two streams, and each of
// them runs src anew. Memory: none. Goroutines: none; pred runs on the subscriber's
// goroutine.
//
// If pred is nil, or src is the zero Observable, both streams fail with an
// ErrInvalidArgument. For only one of the two streams, see [Filter]. It corresponds
// to RxJS's partition and Pekko's divertTo.
func Partition[T any](src turbopipes.Observable[T], pred func(v T) bool) (match, rest turbopipes.Observable[T]) {
	if pred == nil {
		bad := turbopipes.Invalid[T, T]("Partition", "pred is nil")(src)
		return bad, bad
	}
	return filter("Partition", pred, true)(src), filter("Partition", pred, false)(src)
}
