package main

import (
	"runtime"
	"sync"
	"time"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/reugn/go-streams"
	"github.com/reugn/go-streams/flow"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

const fanIn = 8

var merging = workload{
	id: "W8", title: "merging 8 sources",
	about: `8 sources, each quick and on a goroutine of its own, come to one consumer. turbopipes holds one undelivered
item for each. ro's Merge subscribes to one source after another on one goroutine, unless each source has a
SubscribeOn, which buffers. The row without SubscribeOn merges nothing that runs at the same time.`,
	cells: func(s scale) []cell { return []cell{merge(s.of(12_500))} },
}

// merge makes a cell with n items in each source.
func merge(n int) cell {
	all := n * fanIn
	in := upTo(all)
	parts := make([][]int, fanIn)
	for i := range parts {
		parts[i] = in[i*n : (i+1)*n]
	}
	return cell{
		name: "Merge", layout: cost, per: all, unit: time.Nanosecond, unitName: "ns per item", want: tally{all, all * (all - 1) / 2},
		contenders: []contender{
			{"split loop", limit, anyBound, func(t *trial) { splitLoop(t, runtime.GOMAXPROCS(0), in, same) }},
			{"turbopipes Merge", ours, strict, func(t *trial) { mergeTurbopipes(t, parts) }},
			{"a channel by hand", peer, strict, func(t *trial) { mergeChannels(t, 0, parts) }},
			{"a channel by hand, 64", peer, buffered, func(t *trial) { mergeChannels(t, 64, parts) }},
			{"rill Merge", peer, strict, func(t *trial) { mergeRill(t, parts) }},
			{"ro Merge", reference, anyBound, func(t *trial) { mergeRo(t, parts, 0) }},
			{"ro Merge, SubscribeOn(64)", peer, buffered, func(t *trial) { mergeRo(t, parts, 64) }},
			{"rxgo Merge", peer, strict, func(t *trial) { mergeRx(t, n) }},
			{"rxgo Merge, 1024", peer, buffered, func(t *trial) { mergeRx(t, n, rx1024) }},
			{"go-streams Merge", peer, strict, func(t *trial) { mergeGoStreams(t, parts) }},
		},
	}
}

func same(v int) int { return v }

func mergeTurbopipes(t *trial, parts [][]int) {
	sources := make([]turbopipes.Observable[int], len(parts))
	for i, part := range parts {
		sources[i] = turbopipes.FromSlice(part)
	}
	deliver(t, operators.Merge(sources[1:]...)(sources[0]))
}

func mergeChannels(t *trial, buffer int, parts [][]int) {
	out := make(chan int, buffer)
	var sources sync.WaitGroup
	for _, part := range parts {
		sources.Go(func() {
			for _, v := range part {
				out <- v
			}
		})
	}
	go func() { sources.Wait(); close(out) }()
	for v := range out {
		t.add(v)
	}
}

func mergeRill(t *trial, parts [][]int) {
	sources := make([]<-chan rill.Try[int], len(parts))
	for i, part := range parts {
		sources[i] = rill.FromSlice(part, nil)
	}
	must(rill.ForEach(rill.Merge(sources...), 1, func(v int) error { t.add(v); return nil }))
}

func mergeRo(t *trial, parts [][]int, buffer int) {
	sources := make([]ro.Observable[int], len(parts))
	for i, part := range parts {
		sources[i] = ro.FromSlice(part)
		if buffer > 0 {
			sources[i] = ro.Pipe1(sources[i], ro.SubscribeOn[int](buffer))
		}
	}
	ro.Merge(sources...).Subscribe(ro.NewObserver(t.add, must, func() {})).Wait()
}

func mergeRx(t *trial, n int, opts ...rxgo.Option) {
	sources := make([]rxgo.Observable, fanIn)
	for i := range sources {
		sources[i] = rxgo.Range(i*n, n, opts...)
	}
	deliverRx(t.add, rxgo.Merge(sources, opts...), opts...)
}

func mergeGoStreams(t *trial, parts [][]int) {
	sources := make([]streams.Flow, len(parts))
	for i, part := range parts {
		sources[i] = flow.NewPassThrough()
		go func() {
			defer close(sources[i].In())
			for _, v := range part {
				sources[i].In() <- v
			}
		}()
	}
	for v := range flow.Merge(sources...).Out() {
		t.add(v.(int))
	}
}

var flattening = workload{
	id: "W8b", title: "flattening streams of 100 items, 8 at a time",
	about: `Each item becomes a stream of 100 items. 8 such streams run at a time and come to one consumer. turbopipes
and the channel have a row with a buffer of 64. ro's MergeMap and rxgo's FlatMap run one inner stream after
another. go-streams takes slices as streams.`,
	cells: func(s scale) []cell { return []cell{flatten(s.of(1000))} },
}

const innerItems = 100

// flatten makes a cell with n inner streams. Inner stream i is i*100, i*100+1, …
func flatten(n int) cell {
	in, all := upTo(n), n*innerItems
	out := upTo(all)
	return cell{
		name: "FlatMap", layout: cost, per: all, unit: time.Nanosecond, unitName: "ns per item", want: tally{all, all * (all - 1) / 2},
		contenders: []contender{
			{"split loop", limit, anyBound, func(t *trial) { splitLoop(t, runtime.GOMAXPROCS(0), out, same) }},
			{"turbopipes FlatMap(8)", ours, strict, func(t *trial) { flattenTurbopipes(t, in) }},
			{"turbopipes FlatMap(8), Buffered(64)", ours, buffered, func(t *trial) { flattenTurbopipes(t, in, operators.Buffered(64)) }},
			{"channels by hand", peer, strict, func(t *trial) { flattenChannels(t, 0, in) }},
			{"channels by hand, 64", peer, buffered, func(t *trial) { flattenChannels(t, 64, in) }},
			{"rill FlatMap", peer, strict, func(t *trial) { flattenRill(t, in) }},
			{"ro MergeMap: one at a time", peer, anyBound, func(t *trial) { flattenRo(t, in) }},
			{"rxgo FlatMap: one at a time", peer, anyBound, func(t *trial) { flattenRx(t, n) }},
			{"rxgo FlatMap, 1024: one at a time", peer, anyBound, func(t *trial) { flattenRx(t, n, rx1024) }},
			{"go-streams FlatMap: of slices", peer, strict, func(t *trial) { flattenGoStreams(t, n) }},
		},
	}
}

func flattenTurbopipes(t *trial, in []int, opts ...operators.FlatMapOption) {
	op := operators.FlatMap(fanIn, func(i int) turbopipes.Observable[int] {
		return turbopipes.Range(i*innerItems, innerItems)
	}, opts...)
	deliver(t, op(turbopipes.FromSlice(in)))
}

func flattenChannels(t *trial, buffer int, in []int) {
	jobs, out := make(chan int), make(chan int, buffer)
	go func() {
		defer close(jobs)
		for _, i := range in {
			jobs <- i
		}
	}()
	var workers sync.WaitGroup
	for range fanIn {
		workers.Go(func() {
			for i := range jobs {
				for v := range innerItems {
					out <- i*innerItems + v
				}
			}
		})
	}
	go func() { workers.Wait(); close(out) }()
	for v := range out {
		t.add(v)
	}
}

func flattenRill(t *trial, in []int) {
	out := rill.FlatMap(rill.FromSlice(in, nil), fanIn, func(i int) <-chan rill.Try[int] {
		return rill.Generate(func(send func(int), _ func(error)) {
			for v := range innerItems {
				send(i*innerItems + v)
			}
		})
	})
	must(rill.ForEach(out, 1, func(v int) error { t.add(v); return nil }))
}

func flattenRo(t *trial, in []int) {
	out := ro.Pipe1(ro.FromSlice(in), ro.MergeMap(func(i int) ro.Observable[int64] {
		return ro.Range(int64(i*innerItems), int64((i+1)*innerItems))
	}))
	out.Subscribe(ro.NewObserver(func(v int64) { t.add(int(v)) }, must, func() {})).Wait()
}

func flattenRx(t *trial, n int, opts ...rxgo.Option) {
	o := rxgo.Range(0, n, opts...).FlatMap(func(i rxgo.Item) rxgo.Observable {
		return rxgo.Range(i.V.(int)*innerItems, innerItems, opts...)
	}, opts...)
	deliverRx(t.add, o, opts...)
}

func flattenGoStreams(t *trial, n int) {
	slices := flow.NewFlatMap(func(i int) []int {
		inner := make([]int, innerItems)
		for v := range inner {
			inner[v] = i*innerItems + v
		}
		return inner
	}, fanIn)
	for v := range sourceGS(n).Via(slices).Out() {
		t.add(v.(int))
	}
}
