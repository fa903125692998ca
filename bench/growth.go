package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

var growing = workload{
	id: "growth", title: "the cost of an item as things grow",
	about: `Each table is a curve. Each row is the same work at a larger size, with the same number of items, or of
items and stages or subscribers. A cost that does not grow has 1.00 in the column "× first row".`,
	cells: func(s scale) []cell {
		items := s.of(100_000)
		return []cell{
			windowGrowth(s, items), depthGrowth(items), subscriberGrowth(s, s.of(1_000_000)), keyGrowth(s, items), groupGrowth(s, items),
			processorGrowth("processors, a free function, Parallel(8)", items, affine),
			processorGrowth("processors, tasks of 1 µs, Parallel(8)", spinItems(s, time.Microsecond), spinning(time.Microsecond)),
		}
	},
}

// sizes returns 1, 10, … most. With little work, it leaves out the larger ones.
func sizes(s scale, most int) (all []int) {
	for n := 1; n <= s.of(most); n *= 10 {
		all = append(all, n)
	}
	return all
}

// curve makes a cell with a row for each size. want returns the expected results of
// a size, which may have fewer items than the cell.
func curve(name, row string, per int, unitName string, all []int, want func(size int) tally, run func(t *trial, size int)) cell {
	c := cell{name: name, layout: growth, per: per, unit: time.Nanosecond, unitName: unitName, want: tally{1, 0}}
	for _, size := range all {
		c.contenders = append(c.contenders, contender{fmt.Sprintf("%s = %d", row, size), ours, anyBound, func(t *trial) {
			if run(t, size); t.tally == want(size) {
				t.tally = c.want
			}
		}})
	}
	return c
}

func windowGrowth(s scale, items int) cell {
	in := upTo(items)
	return curve("window of Parallel(n), a free function", "n", items, "ns per item", sizes(s, 100_000),
		func(int) tally { return affineTally(items) },
		func(t *trial, n int) { parallelTurbopipes(t, n, in, affine) })
}

func depthGrowth(items int) cell {
	depths := []int{1, 2, 5, 10, 20, 50, 100}
	per := max(items/100, 1) * 100
	in := upTo(per)
	return curve("chain of Map and Filter", "stages", per, "ns per item and stage", depths,
		func(depth int) tally { n := per / depth; return tally{n, n*(n-1)/2 + n*((depth+1)/2)} },
		func(t *trial, depth int) { chainTurbopipes(t, in[:per/depth], depth) })
}

func keyGrowth(s scale, items int) cell {
	in := upTo(items)
	return curve("keys of ParallelBy(8), a free function", "keys", items, "ns per item", sizes(s, 100_000),
		func(int) tally { return affineTally(items) },
		func(t *trial, keys int) {
			op := operators.ParallelBy(8, func(v int) int { return v % keys },
				func(_ context.Context, v int) (int, error) { return affine(v), nil })
			deliver(t, op(turbopipes.FromSlice(in)))
		})
}

func subscriberGrowth(s scale, items int) cell {
	in := upTo(items)
	return curve("subscribers of Publish, subscribing included", "subscribers", items, "ns per item and subscriber", sizes(s, 10_000),
		func(n int) tally { each := items / n; return tally{each * n, n * each * (each - 1) / 2} },
		func(t *trial, n int) { shareTurbopipes(t, in[:items/n], n) })
}

func groupGrowth(s scale, items int) cell {
	in := upTo(items)
	return curve("keys of GroupBy and FlatMap", "keys", items, "ns per item", sizes(s, 100_000),
		func(int) tally { return tally{items, items * (items - 1) / 2} },
		func(t *trial, keys int) {
			deliver(t, turbopipes.Pipe2(turbopipes.FromSlice(in),
				operators.GroupBy(func(v int) int { return v % keys }),
				operators.FlatMap(turbopipes.Infinite, func(g turbopipes.Group[int, int]) turbopipes.Observable[int] { return g.Items })))
		})
}

// processorGrowth has more running goroutines than processors in its last rows.
func processorGrowth(name string, items int, task func(int) int) cell {
	in := upTo(items)
	return curve(name, "GOMAXPROCS", items, "ns per item", []int{1, 2, 4},
		func(int) tally { return affineTally(items) },
		func(t *trial, procs int) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			t.begin()
			parallelTurbopipes(t, 8, in, task)
			t.end()
		})
}
