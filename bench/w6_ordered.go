package main

import (
	"context"
	"runtime"
	"time"

	"github.com/destel/rill"
	"github.com/sourcegraph/conc/stream"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

var ordered = workload{
	id: "W6", title: "a parallel map that keeps the order",
	about: `As W2 and W3, with results in the order of their items, which the checksum verifies. The two rows
"unordered" are there to show the cost of the order. rxgo is left out: the first goroutine of a Map with
WithPool and Serialize can send on a channel that the others have closed, and that panic ends the program.` + aboutParallel,
	cells: func(s scale) []cell {
		const d = 10 * time.Microsecond
		last := orderedCell(micros(d)+" of CPU, n = 8", 8, spinItems(s, d), spinning(d))
		last.layout = efficiency
		return []cell{
			orderedCell("free function, n = 8", 8, s.of(100_000), affine),
			orderedCell("free function, n = 64", 64, s.of(100_000), affine),
			last,
		}
	},
}

func orderedCell(name string, n, items int, task func(int) int) cell {
	in := upTo(items)
	want := trial{}
	for _, v := range in {
		want.addInOrder(affine(v))
	}
	// An unordered contender has another checksum, so it is checked here.
	unordered := func(run func(*trial)) func(*trial) {
		return func(t *trial) {
			if run(t); t.tally == affineTally(items) {
				t.tally = want.tally
			}
		}
	}
	return cell{
		name: name, layout: cost, per: items, unit: time.Nanosecond, unitName: "ns per item", want: want.tally,
		contenders: []contender{
			{"split loop, unordered", limit, anyBound, unordered(func(t *trial) { splitLoop(t, runtime.GOMAXPROCS(0), in, task) })},
			{"turbopipes Parallel, unordered", reference, strict, unordered(func(t *trial) { parallelTurbopipes(t, n, in, task) })},
			{"turbopipes Parallel, Buffered(64), unordered", reference, buffered, unordered(func(t *trial) {
				parallelTurbopipes(t, n, in, task, operators.Buffered(64))
			})},
			{"turbopipes Parallel, Ordered", ours, strict, func(t *trial) { orderedTurbopipes(t, n, in, task) }},
			{"turbopipes Parallel, Ordered, Buffered(64)", ours, buffered, func(t *trial) {
				orderedTurbopipes(t, n, in, task, operators.Buffered(64))
			}},
			{"a channel of channels by hand", peer, strict, func(t *trial) { orderedChannels(t, n, in, task) }},
			{"rill OrderedMap", peer, strict, func(t *trial) { orderedRill(t, n, in, task) }},
			{"conc stream", peer, strict, func(t *trial) { orderedConc(t, n, in, task) }},
		},
	}
}

func orderedTurbopipes(t *trial, n int, in []int, task func(int) int, opts ...operators.ParallelOption) {
	op := operators.Parallel(n, func(_ context.Context, v int) (int, error) { return task(v), nil }, append(opts, operators.Ordered())...)
	must(op(turbopipes.FromSlice(in)).Each(background, func(r int) error { t.addInOrder(r); return nil }))
}

// orderedChannels starts a goroutine for each item, n at a time, and waits for them
// one after another.
func orderedChannels(t *trial, n int, in []int, task func(int) int) {
	queue := make(chan chan int, n-1) // one more is in the consumer's hands
	go func() {
		defer close(queue)
		for _, v := range in {
			result := make(chan int, 1)
			queue <- result
			go func() { result <- task(v) }()
		}
	}()
	for result := range queue {
		t.addInOrder(<-result)
	}
}

func orderedRill(t *trial, n int, in []int, task func(int) int) {
	results := rill.OrderedMap(rill.FromSlice(in, nil), n, func(v int) (int, error) { return task(v), nil })
	must(rill.ForEach(results, 1, func(r int) error { t.addInOrder(r); return nil }))
}

func orderedConc(t *trial, n int, in []int, task func(int) int) {
	s := stream.New().WithMaxGoroutines(n)
	for _, v := range in {
		s.Go(func() stream.Callback {
			r := task(v)
			return func() { t.addInOrder(r) }
		})
	}
	s.Wait()
}
