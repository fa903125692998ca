package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

var breakEven = workload{
	id: "breakeven", title: "how long a task must take for Parallel to pay, and the effect of batches",
	about: `Tasks of 0.1 to 10 µs of processor time, in a plain Map, in Parallel(8), and in batches of 100 items, where
each batch is one task. Parallel pays where its row is faster than the row of Map.`,
	cells: func(s scale) (all []cell) {
		for _, d := range []time.Duration{100, 300, 1000, 3000, 10_000} {
			all = append(all, paying(d, spinItems(s, d)))
		}
		return all
	},
}

func paying(d time.Duration, items int) cell {
	in, task := upTo(items), spinning(d)
	return cell{
		name: fmt.Sprintf("%.1f µs of CPU", float64(d)/1000), layout: efficiency,
		per: items, unit: time.Nanosecond, unitName: "ns per item", want: affineTally(items), rival: "Map",
		contenders: []contender{
			{"split loop", limit, anyBound, func(t *trial) { splitLoop(t, runtime.GOMAXPROCS(0), in, task) }},
			{"turbopipes Map", peer, anyBound, func(t *trial) { deliver(t, operators.Map(task)(turbopipes.FromSlice(in))) }},
			{"turbopipes Parallel(8)", ours, anyBound, func(t *trial) { parallelTurbopipes(t, 8, in, task) }},
			{"turbopipes Parallel(8), Buffered(64)", ours, anyBound, func(t *trial) {
				parallelTurbopipes(t, 8, in, task, operators.Buffered(64))
			}},
			{"turbopipes BufferWithCount(100), Parallel(8)", ours, anyBound, func(t *trial) { parallelBatches(t, in, task) }},
		},
	}
}

func parallelBatches(t *trial, in []int, task func(int) int) {
	results := turbopipes.Pipe2(turbopipes.FromSlice(in),
		operators.BufferWithCount[int](batchSize),
		operators.Parallel(8, func(_ context.Context, batch []int) ([]int, error) {
			for i, v := range batch {
				batch[i] = task(v)
			}
			return batch, nil
		}))
	must(results.Each(background, func(batch []int) error { t.addAll(batch); return nil }))
}
