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
		})),
		on("Finally", operators.Finally[int](func() {})),
		on("Log", operators.Log[int](slog.New(slog.DiscardHandler), "stage")),
		on("Name", operators.Name[int]("stage")).naming(),
		on("ObserveOn", operators.ObserveOn[int](turbopipes.WithQueue(2))),
		on("Prefetch", operators.Prefetch[int](2)),
		on("Serialize", operators.Serialize(0, operators.Self[int])),
		on("Serialize/late", operators.Serialize(2, func(v int) int { return length + 1 - v }, operators.SkipGaps())),
		on("SubscribeOn", operators.SubscribeOn[int](nil)),
		on("SubscribeOn/elsewhere", operators.SubscribeOn[int](func(task func()) { go task() })),
		on("WithContext", operators.WithContext[int](valued)),
		on("WithContext/child", operators.WithContext[int](ownChild)),
		on("Repeat", operators.Repeat[int](2, operators.WithDelay(time.Second))).again(),
	}
}
