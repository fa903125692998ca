package operators

import (
	"github.com/turbopipes/turbopipes"
)

// All reports whether pred is true for every item.
//
//	in:  a-b-1-c-|   pred: letters
//	out: ----(f|)    f: false
//
// Emits when pred returns false for an item: false. It then stops upstream, and
// completes once upstream is reaped. If there is no such item, it emits true when
// upstream completes, also for an empty stream. Fails when upstream fails before the
// answer. The items that it looks at are not counted in [turbopipes.Stats]. Memory:
// none. Goroutines: none; pred runs on the subscriber's goroutine.
//
// A nil pred is an ErrInvalidArgument. To ask for one match, see [Any]; to pass the
// items as long as they match, [TakeWhile]. It corresponds to RxJS's every, and to
// all in Reactor and RxGo.
func All[T any](pred func(v T) bool) turbopipes.Operator[T, bool] {
	if pred == nil {
		return turbopipes.Invalid[T, bool]("All", "pred is nil")
	}
	return firstVerdict("All", func(v T) bool { return !pred(v) }, false)
}
