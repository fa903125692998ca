// Package forgottenclaim drops deliveries.
package forgottenclaim

import (
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

type order struct{ Paid bool }

type orderDelivery = delivery.Delivery[order]

func isPaid(d orderDelivery) bool { return d.Value.Paid }

func dropped(in tp.Observable[orderDelivery]) {
	_ = in.Pipe(operators.Filter(isPaid))                                                     // want `Filter drops deliveries and forgets their claims, so they are never acked: use delivery.Filter, which acks them`
	_ = in.Pipe(operators.Filter(func(d delivery.Delivery[order]) bool { return isPaid(d) })) // want `Filter drops deliveries`
	_ = operators.FilterMap(func(d orderDelivery) (order, bool) { return d.Value, true })(in) // want `FilterMap drops deliveries`
	_ = in.Pipe(operators.Skip[orderDelivery](3))                                             // want `Skip drops deliveries and forgets their claims, so they are never acked: settle each delivery before`
	_ = in.Pipe(operators.Debounce[orderDelivery](time.Second))                               // want `Debounce drops deliveries`
	_ = in.Pipe(operators.OnBackpressureLatest[orderDelivery]())                              // want `OnBackpressureLatest drops deliveries and forgets their claims, so they are never acked: leave it out`
	_ = operators.IgnoreElements[orderDelivery]()(in)                                         // want `IgnoreElements drops deliveries and forgets their claims, so they are never acked: end the pipeline with`
}

func settled(in tp.Observable[orderDelivery]) tp.Observable[delivery.Receipt] {
	paid := operators.Filter(func(d orderDelivery) bool {
		if !d.Value.Paid {
			d.Ack()
		}
		return d.Value.Paid
	})
	return tp.Pipe3(in, paid,
		delivery.Filter(func(o order) bool { return o.Paid }),
		delivery.AckAll[order]()).Pipe(operators.Filter(func(r delivery.Receipt) bool { return r.Err == nil }))
}

func others(in tp.Observable[int], ds tp.Observable[orderDelivery]) {
	_ = in.Pipe(operators.Skip[int](3))
	_ = ds.Pipe(operators.Take[orderDelivery](3))
	_ = operators.BufferWithCount[orderDelivery](3)(ds)
}
