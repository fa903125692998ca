package main

import (
	"time"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/reugn/go-streams/flow"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

const batchSize = 100

var batches = workload{
	id: "W9", title: "batches of 100",
	about: `Integers are gathered into slices of 100, each a new slice. Times, bytes and allocations are per item. One
allocation for each batch is 0.01.`,
	cells: func(s scale) []cell { return []cell{batch(s.of(2000) * batchSize)} },
}

func batch(n int) cell {
	in := upTo(n)
	return cell{
		name: "batches of 100", layout: cost, per: n, unit: time.Nanosecond, unitName: "ns per item", want: tally{n, n * (n - 1) / 2},
		contenders: []contender{
			{"plain loop", limit, anyBound, func(t *trial) { batchLoop(t, in) }},
			{"turbopipes BufferWithCount", ours, anyBound, func(t *trial) { batchTurbopipes(t, in) }},
			{"channels by hand, 64", peer, anyBound, func(t *trial) { batchChannels(t, in) }},
			{"rill Batch", peer, anyBound, func(t *trial) { batchRill(t, in) }},
			{"ro BufferWithCount", peer, anyBound, func(t *trial) { batchRo(t, in) }},
			{"rxgo BufferWithCount", peer, anyBound, func(t *trial) { batchRx(t, n) }},
			{"rxgo BufferWithCount, 1024", peer, anyBound, func(t *trial) { batchRx(t, n, rx1024) }},
			{"go-streams Batch", peer, anyBound, func(t *trial) { batchGoStreams(t, n) }},
		},
	}
}

func (t *trial) addAll(batch []int) {
	for _, v := range batch {
		t.add(v)
	}
}

func batchLoop(t *trial, in []int) {
	batch := make([]int, 0, batchSize)
	for _, v := range in {
		if batch = append(batch, v); len(batch) == batchSize {
			t.addAll(batch)
			batch = make([]int, 0, batchSize)
		}
	}
	t.addAll(batch)
}

func batchTurbopipes(t *trial, in []int) {
	o := operators.BufferWithCount[int](batchSize)(turbopipes.FromSlice(in))
	must(o.Each(background, func(batch []int) error { t.addAll(batch); return nil }))
}

func batchChannels(t *trial, in []int) {
	items, out := make(chan int, 64), make(chan []int, 64)
	go func() {
		defer close(items)
		for _, v := range in {
			items <- v
		}
	}()
	go func() {
		defer close(out)
		batch := make([]int, 0, batchSize)
		for v := range items {
			if batch = append(batch, v); len(batch) == batchSize {
				out <- batch
				batch = make([]int, 0, batchSize)
			}
		}
		if len(batch) > 0 {
			out <- batch
		}
	}()
	for batch := range out {
		t.addAll(batch)
	}
}

func batchRill(t *trial, in []int) {
	out := rill.Batch(rill.FromSlice(in, nil), batchSize, -1)
	must(rill.ForEach(out, 1, func(batch []int) error { t.addAll(batch); return nil }))
}

func batchRo(t *trial, in []int) {
	out := ro.Pipe1(ro.FromSlice(in), ro.BufferWithCount[int](batchSize))
	out.Subscribe(ro.NewObserver(t.addAll, must, func() {})).Wait()
}

func batchRx(t *trial, n int, opts ...rxgo.Option) {
	for item := range rxgo.Range(0, n, opts...).BufferWithCount(batchSize, opts...).Observe(opts...) {
		must(item.E)
		for _, v := range item.V.([]any) {
			t.add(v.(int))
		}
	}
}

// batchGoStreams needs an interval, because go-streams has no batch without one.
func batchGoStreams(t *trial, n int) {
	for batch := range sourceGS(n).Via(flow.NewBatch[int](batchSize, time.Hour)).Out() {
		t.addAll(batch.([]int))
	}
}
