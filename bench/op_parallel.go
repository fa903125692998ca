package main

import (
	"context"
	"slices"
	"time"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// parallelRows have tasks that cost nothing. W2, W3 and W6 have others.
func parallelRows() []row {
	const n = 8
	hand := []way{workers(0, n, sendInc), workers(64, n, sendInc)}
	viaRills := viaRill(func(in rills) rills { return rill.Map(in, n, incErr) })
	with := func(mine way, peers ...way) []way { return slices.Concat([]way{mine}, hand, peers) }
	parallel := func(opts ...operators.ParallelOption) way {
		return us(func(in obs) obs { return operators.Parallel(n, incTask, opts...)(in) })
	}
	tasks := make([]turbopipes.Task[int], itemsPerRun)
	for v := range tasks {
		tasks[v] = func(context.Context) (int, error) { return v + 1, nil }
	}
	return []row{
		{name: "Parallel", variant: "n = 8", outcome: anyOrder, ways: with(parallel(), viaRills, viaRx(func(in rxgo.Observable) rxgo.Iterable {
			return in.Map(rxFunc(inc), rxgo.WithPool(n))
		}))},
		{name: "Parallel", variant: "n = 8, Buffered(64)", outcome: anyOrder, ways: with(parallel(operators.Buffered(64)), viaRills)},
		{name: "Parallel", variant: "n = 2, Buffered(64)", outcome: anyOrder, ways: []way{
			us(func(in obs) obs { return operators.Parallel(2, incTask, operators.Buffered(64))(in) }),
			workers(0, 2, sendInc), workers(64, 2, sendInc), viaRill(func(in rills) rills { return rill.Map(in, 2, incErr) }),
		}},
		{
			name: "Parallel", variant: "n = 1000, tasks that sleep 1 ms", units: 20_000, outcome: anyOrder, needs: 0.3,
			goals: []goal{atMost(1, unbufferedName), atMost(1, rillName)},
			ways: []way{
				us(func(in obs) obs {
					return operators.Parallel(1000, func(_ context.Context, v int) (int, error) { time.Sleep(time.Millisecond); return v, nil })(in)
				}),
				workers(0, 1000, func(v int, out chan<- int) { time.Sleep(time.Millisecond); out <- v }),
				viaRill(func(in rills) rills {
					return rill.Map(in, 1000, func(v int) (int, error) { time.Sleep(time.Millisecond); return v, nil })
				}),
			},
		},
		{name: "Parallel", variant: "n = 8, Ordered", ways: []way{
			parallel(operators.Ordered()), orderedHand(n),
			viaRill(func(in rills) rills { return rill.OrderedMap(in, n, incErr) }),
		}, needs: 0},
		{name: "ParallelBy", variant: "n = 8, 100 keys", outcome: anyOrder, ways: with(us(func(in obs) obs {
			return operators.ParallelBy(n, func(v int) int { return v % 100 }, incTask)(in)
		}))},
		{name: "ParallelResults", variant: "n = 8", outcome: anyOrder, ways: with(usOf(value, func(in obs) turbopipes.Observable[turbopipes.Result[int]] {
			return operators.ParallelResults(n, incTask)(in)
		}))},
		{name: "Tasks", variant: "n = 8", outcome: anyOrder, ways: with(usNOf(value, func(items int) turbopipes.Observable[turbopipes.Result[int]] {
			return operators.Tasks[int](n)(turbopipes.FromSlice(tasks[:items]))
		}))},
		{name: "TryMap", ways: []way{
			us(func(in obs) obs { return operators.TryMap(incTask)(in) }), closures(mapping(inc)),
			viaRo(func(in roInt) roInt { return ro.MapErr(incErr)(in) }),
			viaRill(func(in rills) rills { return rill.OrderedMap(in, 1, incErr) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.Map(rxFunc(inc)) }),
		}},
		{name: "AsResults", variant: "in TryMap", ways: []way{
			usOf(value, func(in obs) turbopipes.Observable[turbopipes.Result[int]] {
				return operators.TryMap(operators.AsResults(incTask))(in)
			}), closures(mapping(inc)),
		}},
		{name: "Unwrap", ways: []way{
			us(func(in obs) obs { return operators.Unwrap[int]()(operators.Map(result)(in)) }), closures(plain),
		}},
	}
}

func sendInc(v int, out chan<- int) { out <- v + 1 }

// orderedHand is the way of W6: a goroutine for each task, and a channel of channels.
func orderedHand(n int) way {
	return way{"channel of channels by hand", limit, func(items int, add adder) {
		queue := make(chan chan int, n-1)
		go func() {
			defer close(queue)
			for v := range items {
				result := make(chan int, 1)
				queue <- result
				go func() { result <- v + 1 }()
			}
		}()
		for result := range queue {
			add(<-result)
		}
	}}
}
