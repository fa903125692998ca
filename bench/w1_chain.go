package main

import (
	"context"
	"fmt"
	"time"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/reugn/go-streams"
	"github.com/reugn/go-streams/flow"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

var chains = workload{
	id: "W1", title: "chains of Map and Filter",
	about: `Integers go through 1, 3 or 10 stages that cost almost nothing: Map, Filter, Map, … The filters let every
item through, so that each stage sees each item. Times, bytes and allocations are per item and stage.`,
	cells: func(s scale) (all []cell) {
		for _, depth := range []int{1, 3, 10} {
			all = append(all, chain(depth, s.of(100_000)))
		}
		return all
	},
}

// The stages.
func increment(v int) int { return v + 1 }
func natural(v int) bool  { return v >= 0 }

// maps reports whether stage i is a Map. The other stages are Filters.
func maps(i int) bool { return i%2 == 0 }

func chain(depth, n int) cell {
	items := upTo(n)
	return cell{
		name: fmt.Sprintf("stages: %d", depth), layout: cost, per: n * depth, unit: time.Nanosecond, unitName: "ns per item and stage",
		want: tally{n, n*(n-1)/2 + n*((depth+1)/2)},
		contenders: []contender{
			{"plain loop", limit, anyBound, func(t *trial) { chainLoop(t, items, depth) }},
			{"nested closures by hand", reference, anyBound, func(t *trial) { chainClosures(t, items, depth) }},
			{"turbopipes", ours, anyBound, func(t *trial) { chainTurbopipes(t, items, depth) }},
			{"channels by hand, 64", peer, anyBound, func(t *trial) { chainChannels(t, items, depth) }},
			{"rill", peer, anyBound, func(t *trial) { chainRill(t, items, depth) }},
			{"ro", peer, anyBound, func(t *trial) { chainRo(t, items, depth) }},
			{"rxgo", peer, anyBound, func(t *trial) { chainRx(t, n, depth) }},
			{"rxgo, 1024", peer, anyBound, func(t *trial) { chainRx(t, n, depth, rx1024) }},
			{"go-streams", peer, anyBound, func(t *trial) { chainGoStreams(t, n, depth) }},
		},
	}
}

func chainLoop(t *trial, items []int, depth int) {
next:
	for _, v := range items {
		for i := range depth {
			if maps(i) {
				v = increment(v)
			} else if !natural(v) {
				continue next
			}
		}
		t.add(v)
	}
}

func chainClosures(t *trial, items []int, depth int) {
	emit := func(v int) bool { t.add(v); return true }
	for i := depth - 1; i >= 0; i-- {
		if maps(i) {
			emit = mapped(increment, emit)
		} else {
			emit = filtered(natural, emit)
		}
	}
	for _, v := range items {
		if !emit(v) {
			return
		}
	}
}

func mapped(fn func(int) int, emit func(int) bool) func(int) bool {
	return func(v int) bool { return emit(fn(v)) }
}

func filtered(pred, emit func(int) bool) func(int) bool {
	return func(v int) bool { return !pred(v) || emit(v) }
}

func chainTurbopipes(t *trial, items []int, depth int) {
	o := turbopipes.FromSlice(items)
	for i := range depth {
		if maps(i) {
			o = o.Pipe(operators.Map(increment))
		} else {
			o = o.Pipe(operators.Filter(natural))
		}
	}
	deliver(t, o)
}

func chainChannels(t *trial, items []int, depth int) {
	source := make(chan int, 64)
	go func() {
		defer close(source)
		for _, v := range items {
			source <- v
		}
	}()
	last := source
	for i := range depth {
		in, out := last, make(chan int, 64)
		go func() {
			defer close(out)
			for v := range in {
				if maps(i) {
					out <- increment(v)
				} else if natural(v) {
					out <- v
				}
			}
		}()
		last = out
	}
	for v := range last {
		t.add(v)
	}
}

func chainRill(t *trial, items []int, depth int) {
	stream := rill.FromSlice(items, nil)
	for i := range depth {
		if maps(i) {
			stream = rill.Map(stream, 1, func(v int) (int, error) { return increment(v), nil })
		} else {
			stream = rill.Filter(stream, 1, func(v int) (bool, error) { return natural(v), nil })
		}
	}
	must(rill.ForEach(stream, 1, func(v int) error { t.add(v); return nil }))
}

func chainRo(t *trial, items []int, depth int) {
	o := ro.FromSlice(items)
	for i := range depth {
		if maps(i) {
			o = ro.Pipe1(o, ro.Map(increment))
		} else {
			o = ro.Pipe1(o, ro.Filter(natural))
		}
	}
	o.Subscribe(ro.NewObserver(t.add, must, func() {})).Wait()
}

func chainRx(t *trial, n, depth int, opts ...rxgo.Option) {
	o := rxgo.Range(0, n, opts...)
	for i := range depth {
		if maps(i) {
			o = o.Map(func(_ context.Context, v any) (any, error) { return increment(v.(int)), nil }, opts...)
		} else {
			o = o.Filter(func(v any) bool { return natural(v.(int)) }, opts...)
		}
	}
	deliverRx(t.add, o, opts...)
}

func chainGoStreams(t *trial, n, depth int) {
	var last streams.Flow
	for i := range depth {
		var stage streams.Flow
		if maps(i) {
			stage = flow.NewMap(increment, 1)
		} else {
			stage = flow.NewFilter(natural, 1)
		}
		if last == nil {
			last = sourceGS(n).Via(stage)
		} else {
			last = last.Via(stage)
		}
	}
	for v := range last.Out() {
		t.add(v.(int))
	}
}
