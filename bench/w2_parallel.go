package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/reugn/go-streams/flow"
	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/pool"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"golang.org/x/sync/errgroup"
)

const aboutParallel = `

"holds" is the number of items that a contender may hold: items that were taken from the source and not
delivered. *n* is one for each task. *more* is an additional buffer. A buffer buys speed with memory and with
the time that results wait in it; the page "latency" shows that time. ro has no operator that bounds the
number of tasks that run at a time. conc's iter.Map is quick, but takes a slice and returns a slice, all at
the end.`

var free = workload{
	id: "W2", title: "a parallel map over a function that costs nothing",
	about: `Each result comes to one consumer. The function costs nothing, so the figures are the cost of the machinery.
Most programs will never notice that much of it.` + aboutParallel,
	cells: func(s scale) (all []cell) {
		for _, n := range []int{2, 8, 64} {
			all = append(all, parallel(fmt.Sprintf("n = %d", n), n, s.of(100_000), affine))
		}
		return all
	},
}

// affine is the result of every task. inverse returns the item of a result.
func affine(v int) int  { return 3*v + 1 }
func inverse(r int) int { return (r - 1) / 3 }

func affineTally(n int) tally { return tally{n, 3*n*(n-1)/2 + n} }

// parallel makes a cell in which task runs for each item, n at a time.
func parallel(name string, n, items int, task func(int) int) cell {
	in := upTo(items)
	return cell{
		name: name, layout: cost, per: items, unit: time.Nanosecond, unitName: "ns per item", want: affineTally(items),
		contenders: []contender{
			{"split loop", limit, anyBound, func(t *trial) { splitLoop(t, runtime.GOMAXPROCS(0), in, task) }},
			{"turbopipes Parallel", ours, strict, func(t *trial) { parallelTurbopipes(t, n, in, task) }},
			{"turbopipes Parallel, Buffered(64)", ours, buffered, func(t *trial) { parallelTurbopipes(t, n, in, task, operators.Buffered(64)) }},
			{"channels by hand", peer, strict, func(t *trial) { parallelChannels(t, n, 0, in, task) }},
			{"channels by hand, 64", peer, buffered, func(t *trial) { parallelChannels(t, n, 64, in, task) }},
			{"rill Map", peer, strict, func(t *trial) { parallelRill(t, n, in, task) }},
			{"conc pool and a channel", peer, strict, func(t *trial) { parallelConc(t, n, in, task) }},
			{"errgroup and a channel", peer, strict, func(t *trial) { parallelErrgroup(t, n, in, task) }},
			{"rxgo WithPool", peer, strict, func(t *trial) { parallelRx(t, n, items, task) }},
			{"rxgo WithPool, 1024", peer, buffered, func(t *trial) { parallelRx(t, n, items, task, rx1024) }},
			{"go-streams Map", peer, strict, func(t *trial) { parallelGoStreams(t, n, items, task) }},
			{"conc iter.Map: slices", reference, anyBound, func(t *trial) { parallelIter(t, n, in, task) }},
		},
	}
}

// splitLoop splits the items among several goroutines.
func splitLoop(t *trial, goroutines int, in []int, task func(int) int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for g := range goroutines {
		part := in[len(in)*g/goroutines : len(in)*(g+1)/goroutines]
		all.Go(func() {
			var own tally
			for _, v := range part {
				own.count++
				own.sum += task(v)
			}
			mu.Lock()
			t.join(own)
			mu.Unlock()
		})
	}
	all.Wait()
}

func parallelTurbopipes(t *trial, n int, in []int, task func(int) int, opts ...operators.ParallelOption) {
	op := operators.Parallel(n, func(_ context.Context, v int) (int, error) { return task(v), nil }, opts...)
	deliver(t, op(turbopipes.FromSlice(in)))
}

func parallelChannels(t *trial, n, buffer int, in []int, task func(int) int) {
	jobs, results := make(chan int, buffer), make(chan int, buffer)
	go func() {
		defer close(jobs)
		for _, v := range in {
			jobs <- v
		}
	}()
	var workers sync.WaitGroup
	for range n {
		workers.Go(func() {
			for v := range jobs {
				results <- task(v)
			}
		})
	}
	go func() { workers.Wait(); close(results) }()
	for r := range results {
		t.add(r)
	}
}

func parallelRill(t *trial, n int, in []int, task func(int) int) {
	results := rill.Map(rill.FromSlice(in, nil), n, func(v int) (int, error) { return task(v), nil })
	must(rill.ForEach(results, 1, func(r int) error { t.add(r); return nil }))
}

func parallelConc(t *trial, n int, in []int, task func(int) int) {
	results := make(chan int)
	go func() {
		defer close(results)
		p := pool.New().WithMaxGoroutines(n)
		for _, v := range in {
			p.Go(func() { results <- task(v) })
		}
		p.Wait()
	}()
	for r := range results {
		t.add(r)
	}
}

func parallelErrgroup(t *trial, n int, in []int, task func(int) int) {
	results := make(chan int)
	var g errgroup.Group
	g.SetLimit(n)
	go func() {
		defer close(results)
		for _, v := range in {
			g.Go(func() error { results <- task(v); return nil })
		}
		_ = g.Wait() // the error is checked below
	}()
	for r := range results {
		t.add(r)
	}
	must(g.Wait())
}

func parallelRx(t *trial, n, items int, task func(int) int, opts ...rxgo.Option) {
	o := rxgo.Range(0, items, opts...).Map(func(_ context.Context, v any) (any, error) {
		return task(v.(int)), nil
	}, append(opts, rxgo.WithPool(n))...)
	deliverRx(t.add, o, opts...)
}

func parallelGoStreams(t *trial, n, items int, task func(int) int) {
	for r := range sourceGS(items).Via(flow.NewMap(task, n)).Out() {
		t.add(r.(int))
	}
}

func parallelIter(t *trial, n int, in []int, task func(int) int) {
	m := iter.Mapper[int, int]{MaxGoroutines: n}
	for _, r := range m.Map(in, func(v *int) int { return task(*v) }) {
		t.add(r)
	}
}
