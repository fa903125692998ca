package delivery

import (
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// teeQueue is how many events a sink of Tee may be behind the fastest one.
const teeQueue = 64

// Tee gives each delivery to every sink. The event is acked when each of them has acked
// its part. The receipts of all sinks are emitted.
//
// Fails when a sink fails. The slowest sink sets the pace: another one is at most 64
// events ahead. An event whose part a sink drops, or never gets since the sink has
// completed, stays open. Goroutines: one for each sink, and one for upstream.
//
// A nil sink, and no sink at all, are an ErrInvalidArgument.
func Tee[T any](sinks ...turbopipes.Operator[Delivery[T], Receipt]) turbopipes.Operator[Delivery[T], Receipt] {
	if len(sinks) == 0 {
		return turbopipes.Invalid[Delivery[T], Receipt]("delivery.Tee", "no sink was given, want at least 1")
	}
	for i, sink := range sinks {
		if sink == nil {
			return turbopipes.Invalid[Delivery[T], Receipt]("delivery.Tee", fmt.Sprintf("sinks[%d] is nil", i))
		}
	}
	split := operators.Map(func(d Delivery[T]) []Delivery[T] {
		values := make([]T, len(sinks))
		for i := range values {
			values[i] = d.Value
		}
		return Split(d, values...)
	})
	share := operators.Share[[]Delivery[T]](turbopipes.WithQueue(teeQueue), turbopipes.WithMinSubscribers(len(sinks)))
	return func(in turbopipes.Observable[Delivery[T]]) turbopipes.Observable[Receipt] {
		parts := share(split(in))
		outs := make([]turbopipes.Observable[Receipt], len(sinks))
		for i, sink := range sinks {
			outs[i] = sink(operators.Map(func(all []Delivery[T]) Delivery[T] { return all[i] })(parts))
		}
		return operators.Merge(outs[1:]...)(outs[0])
	}
}
