package main

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

var subscribing = workload{
	id: "subscription", title: "the cost of a subscription",
	about: `A stream of no item, or of one, is built with an operator, subscribed to, and read to its end. This is the
fixed price of a pipeline. It includes the goroutines that an operator starts. The last table has pipelines of
several operators over five items. turbopipes only.`,
	cells: func(s scale) []cell {
		n := s.of(2000)
		return []cell{subscribeTo("empty", n, 0), subscribeTo("one item", n, 1), requests(n)}
	},
}

// requests makes a cell of n runs of pipelines over five items, as a server runs one for
// each of its requests.
func requests(n int) cell {
	const items = 5
	run := func(name string, last func(in obs) obs) contender {
		return contender{name, ours, anyBound, func(t *trial) {
			for range n {
				deliver(t, last(turbopipes.Pipe3(turbopipes.Range(0, items), operators.Map(inc), operators.Filter(natural), operators.Map(inc))))
			}
		}}
	}
	return cell{
		name: "five items, of a request", layout: cost, per: n, unit: time.Nanosecond, unitName: "ns per subscription",
		want: tally{n * items, n * items * (items + 3) / 2},
		contenders: []contender{
			run("Map, Filter and Map", func(in obs) obs { return in }),
			run("Map, Filter, Map and Parallel(4)", func(in obs) obs {
				return operators.Parallel(4, func(_ context.Context, v int) (int, error) { return v, nil })(in)
			}),
		},
	}
}

// subscribeTo makes a cell of n subscriptions. Each subscribes to a stream of items
// items.
func subscribeTo(name string, n, items int) cell {
	source := turbopipes.FromSlice(upTo(items)) // its only item is 0
	row := func(name string, assemble func() turbopipes.Observable[int]) contender {
		return contender{name, ours, anyBound, func(t *trial) {
			for range n {
				deliver(t, assemble())
			}
		}}
	}
	through := func(op func() turbopipes.Operator[int, int]) func() turbopipes.Observable[int] {
		return func() turbopipes.Observable[int] { return op()(source) }
	}
	fed := func(t *trial) {
		for range n {
			s := turbopipes.NewSubject[int]()
			sub := s.Observable().Subscribe(background, turbopipes.Observer[int]{Next: t.add})
			for v := range items {
				must(s.Next(background, v))
			}
			s.Complete()
			must(sub.Wait())
		}
	}
	return cell{
		name: name, layout: cost, per: n, unit: time.Nanosecond, unitName: "ns per subscription", want: tally{n * items, 0},
		contenders: []contender{
			row("no operator", func() turbopipes.Observable[int] { return source }),
			row("Map", through(func() turbopipes.Operator[int, int] { return operators.Map(same) })),
			row("Filter", through(func() turbopipes.Operator[int, int] { return operators.Filter(natural) })),
			row("Parallel(8)", through(func() turbopipes.Operator[int, int] {
				return operators.Parallel(8, func(_ context.Context, v int) (int, error) { return v, nil })
			})),
			row("Merge, of two", through(func() turbopipes.Operator[int, int] {
				return operators.Merge(turbopipes.Empty[int]())
			})),
			row("FlatMap(8)", through(func() turbopipes.Operator[int, int] {
				return operators.FlatMap(8, func(v int) turbopipes.Observable[int] { return turbopipes.Just(v) })
			})),
			row("Debounce", through(func() turbopipes.Operator[int, int] { return operators.Debounce[int](time.Second) })),
			row("BufferWithTimeOrCount", func() turbopipes.Observable[int] {
				return operators.Map(func(batch []int) int { return batch[0] })(
					operators.BufferWithTimeOrCount[int](time.Second, 100)(source))
			}),
			row("ObserveOn", through(func() turbopipes.Operator[int, int] { return operators.ObserveOn[int]() })),
			{"Subject and a subscriber", ours, anyBound, fed},
		},
	}
}
