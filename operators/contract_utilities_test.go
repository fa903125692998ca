package operators_test

import (
	"log/slog"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// utilities are the entries of the utilities.
func (parts) utilities() []entry {
	return []entry{
		from("Dematerialize", func(v int) turbopipes.Notification[int] {
			return turbopipes.Notification[int]{Kind: turbopipes.KindNext, Value: v}
		}, operators.Dematerialize[int]()),
		on("Do", operators.Do(operators.Hooks[int]{
			Subscribe: func() {}, Next: func(int) {}, Error: func(error) {}, Complete: func() {}, Stop: func(error) {},
		})).one(),
		on("Finally", operators.Finally[int](func() {})).one(),
		on("Log", operators.Log[int](slog.New(slog.DiscardHandler), "stage")).one(),
		on("Name", operators.Name[int]("stage")).naming().one(),
		on("ObserveOn", operators.ObserveOn[int](turbopipes.WithQueue(2))).one(),
		on("Prefetch", operators.Prefetch[int](2)).one(),
		on("Serialize", operators.Serialize(0, operators.Self[int])).one(),
		on("Serialize/late", operators.Serialize(2, func(v int) int { return length + 1 - v }, operators.SkipGaps())).one(),
		on("SubscribeOn", operators.SubscribeOn[int](nil)).one(),
		on("SubscribeOn/elsewhere", operators.SubscribeOn[int](func(task func()) { go task() })).one(),
		on("WithContext", operators.WithContext[int](valued)).one(),
		on("WithContext/child", operators.WithContext[int](ownChild)).one(),
		on("Repeat", operators.Repeat[int](2, operators.WithDelay(time.Second))).again().one(),
	}
}
