package operators

import (
	"github.com/turbopipes/turbopipes"
)

// Partition splits src into the items that pred is true for and the rest.
//
//	in:   a-1-b-2-|   pred: letters
//	out:  a---b---|   match
//	rest: --1---2-|
//
// Emits when an item of src comes that belongs there. Drops the others. Fails and
// completes with src. match and rest are two streams, each of which runs src
// afresh. Memory: none. Goroutines: none; pred runs on the subscriber's.
//
// A nil pred, or the zero Observable as src, is an ErrInvalidArgument of both. For
// one of the two see [Filter]. It corresponds to RxJS's partition and Pekko's
// divertTo.
func Partition[T any](src turbopipes.Observable[T], pred func(v T) bool) (match, rest turbopipes.Observable[T]) {
	if pred == nil {
		bad := turbopipes.Invalid[T, T]("Partition", "pred is nil")(src)
		return bad, bad
	}
	return filter("Partition", pred, true)(src), filter("Partition", pred, false)(src)
}
