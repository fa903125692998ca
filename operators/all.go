package operators

import (
	"github.com/turbopipes/turbopipes"
)

// All tells whether pred is true for every item.
//
//	in:  a-b-1-c-|   pred: letters
//	out: ----(f|)    f: false
//
// Emits when an item comes that pred is false for: false, and completes right after
// it, when upstream was stopped and reaped; or when upstream completes: true, also
// where there was no item. Fails when upstream fails before. The items that it looks
// at count nowhere. Memory: none. Goroutines: none; pred runs on the subscriber's.
//
// A nil pred is an ErrInvalidArgument. To ask for one match see [Any]; to keep
// the items as long as they match, [TakeWhile]. It corresponds to RxJS's every,
// and to all in Reactor and RxGo.
func All[T any](pred func(v T) bool) turbopipes.Operator[T, bool] {
	if pred == nil {
		return turbopipes.Invalid[T, bool]("All", "pred is nil")
	}
	return decided("All", func(v T) bool { return !pred(v) }, false)
}
