package main

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strconv"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func transformingRows() []row {
	rows := []row{
		{name: "Map", ways: []way{
			us(func(in obs) obs { return operators.Map(inc)(in) }), closures(mapping(inc)),
			viaRo(func(in roInt) roInt { return ro.Map(inc)(in) }),
			viaRill(func(in rills) rills { return rill.OrderedMap(in, 1, incErr) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.Map(rxFunc(inc)) }),
		}},
		{name: "FilterMap", ways: []way{
			us(func(in obs) obs { return operators.FilterMap(half)(in) }),
			closures(each(func(add adder) adder {
				return func(v int) {
					if r, ok := half(v); ok {
						add(r)
					}
				}
			})),
			viaRill(func(in rills) rills {
				return rill.OrderedFilterMap(in, 1, func(v int) (int, bool, error) { r, ok := half(v); return r, ok, nil })
			}),
		}},
		{name: "Scan", ways: []way{
			us(func(in obs) obs { return operators.Scan(0, plus)(in) }), closures(scanned),
			viaRo(func(in roInt) roInt { return ro.Scan(plus, 0)(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.Scan(rxPlus) }),
		}},
		{name: "ScanWith", ways: []way{
			us(func(in obs) obs { return operators.ScanWith(zero, plus)(in) }), closures(scanned),
		}},
		{name: "StatefulMap", ways: []way{
			us(func(in obs) obs {
				open := func(context.Context) (int, error) { return 0, nil }
				return operators.StatefulMap(open, func(_ context.Context, s, v int) (int, int, error) { return s + v, s + v, nil }, nil)(in)
			}), closures(scanned),
		}},
		{name: "Materialize", ways: []way{
			usOf(func(n turbopipes.Notification[int]) int { return n.Value }, func(in obs) turbopipes.Observable[turbopipes.Notification[int]] {
				return operators.Materialize[int]()(in)
			}),
			byHand(func(n int, add adder) {
				for v := range n {
					add(v)
				}
				add(0)
			}),
			viaRoOf(func(n ro.Notification[int]) int { return n.Value }, func(in roInt) ro.Observable[ro.Notification[int]] {
				return ro.Materialize[int]()(in)
			}),
		}},
		{name: "FlatMapSeq", per: 10, ways: []way{
			us(func(in obs) obs { return operators.FlatMapSeq(tenSeq)(in) }),
			closures(each(func(add adder) adder {
				return func(v int) {
					for w := range tenSeq(v) {
						add(w)
					}
				}
			})),
		}, needs: 0.2},
		{name: "Unbatch", per: 100, ways: []way{
			us(func(in obs) obs { return operators.Unbatch[int]()(operators.Map(hundred)(in)) }),
			closures(each(func(add adder) adder {
				return func(v int) {
					for _, w := range hundred(v) {
						add(w)
					}
				}
			})),
			viaRo(func(in roInt) roInt { return ro.Flatten[int]()(ro.Map(hundred)(in)) }),
			viaRill(func(in rills) rills {
				return rill.Unbatch(rill.OrderedMap(in, 1, func(v int) ([]int, error) { return hundred(v), nil }))
			}),
		}},
		{name: "Pairwise", ways: []way{
			usOf(func(p turbopipes.Pair[int, int]) int { return p.First + p.Second }, func(in obs) turbopipes.Observable[turbopipes.Pair[int, int]] {
				return operators.Pairwise[int]()(in)
			}),
			closures(each(func(add adder) adder {
				last, has := 0, false
				return func(v int) {
					if has {
						add(last + v)
					}
					last, has = v, true
				}
			})),
			viaRoOf(func(p []int) int { return p[0] + p[1] }, func(in roInt) ro.Observable[[]int] { return ro.Pairwise[int]()(in) }),
		}},
		{name: "Index", ways: []way{
			usOf(func(x turbopipes.Indexed[int]) int { return x.Index + x.Value }, func(in obs) turbopipes.Observable[turbopipes.Indexed[int]] {
				return operators.Index[int]()(in)
			}),
			closures(each(func(add adder) adder { i := -1; return func(v int) { i++; add(i + v) } })),
		}},
		{name: "Intersperse", ways: []way{
			us(func(in obs) obs { return operators.Intersperse(-1)(in) }),
			closures(each(func(add adder) adder {
				begun := false
				return func(v int) {
					if begun {
						add(-1)
					}
					begun = true
					add(v)
				}
			})),
		}},
	}
	return slices.Concat(rows, batchRows(), convertingRows(), innerRows(), flatMapRows())
}

func convertingRows() []row {
	return []row{
		{name: "Cast", ways: []way{
			us(func(in obs) obs { return operators.Cast[int, any]()(operators.Map(asAny)(in)) }),
			closures(each(func(add adder) adder { return func(v int) { add(asAny(v).(int)) } })),
		}, needs: 1},
		{name: "OfType", ways: []way{
			us(func(in obs) obs { return operators.OfType[int, any]()(operators.Map(asAny)(in)) }),
			closures(each(func(add adder) adder {
				return func(v int) {
					if r, ok := asAny(v).(int); ok {
						add(r)
					}
				}
			})),
		}, needs: 1},
		{name: "Marshal", needs: 2, ways: []way{
			usOf(func(b []byte) int { return len(b) }, func(in obs) turbopipes.Observable[[]byte] { return operators.Marshal[int](json.Marshal)(in) }),
			closures(each(func(add adder) adder {
				return func(v int) { b, err := json.Marshal(v); must(err); add(len(b)) }
			})),
			viaRxOf(func(b any) int { return len(b.([]byte)) }, func(in rxgo.Observable) rxgo.Iterable { return in.Marshal(json.Marshal) }),
		}},
		{name: "Unmarshal", needs: 5, ways: []way{
			us(func(in obs) obs {
				return operators.Unmarshal[int](json.Unmarshal)(operators.Map(decimal)(in))
			}),
			closures(each(func(add adder) adder {
				return func(v int) { var r int; must(json.Unmarshal(decimal(v), &r)); add(r) }
			})),
		}},
	}
}

func innerRows() []row {
	return []row{
		{name: "ConcatMap", variant: "of Just", needs: 2, goals: []goal{atMost(12, chainName)}, ways: []way{
			us(func(in obs) obs { return operators.ConcatMap(just)(in) }), fusedChain(),
			closures(each(func(add adder) adder {
				return func(v int) {
					for _, w := range []int{v} {
						add(w)
					}
				}
			})),
			viaRo(func(in roInt) roInt { return ro.FlatMap(func(v int) roInt { return ro.Just(v) })(in) }),
			viaRill(func(in rills) rills { return rill.OrderedFlatMap(in, 1, rillJust) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.FlatMap(rxJust) }),
		}},
		{name: "SwitchMap", variant: "within one inner stream", goals: []goal{within(handOver, chainName)}, ways: []way{
			usN(func(n int) obs {
				return operators.SwitchMap(func(int) obs { return turbopipes.Range(0, n) })(turbopipes.Just(1))
			}), fusedChain(), channel(0, plain), channel(64, plain),
		}},
		{name: "SwitchMap", variant: "of Just", outcome: lastOne, needs: 2, ways: []way{
			us(func(in obs) obs { return operators.SwitchMap(just)(in) }), channel(0, plain), channel(64, plain),
		}},
		{name: "SwitchAll", variant: "of Just", outcome: lastOne, needs: 2, ways: []way{
			us(func(in obs) obs { return operators.SwitchAll[int]()(operators.Map(just)(in)) }), channel(0, plain), channel(64, plain),
		}},
		{name: "ExhaustMap", variant: "within one inner stream", ways: []way{
			usN(func(n int) obs {
				return operators.ExhaustMap(func(int) obs { return turbopipes.Range(0, n) })(turbopipes.Just(1))
			}), fusedChain(), channel(0, plain), channel(64, plain),
		}},
		{name: "ExhaustMap", variant: "of Just", outcome: someCount, needs: 2, ways: []way{
			us(func(in obs) obs { return operators.ExhaustMap(just)(in) }), channel(0, plain), channel(64, plain),
		}},
		{name: "Expand", variant: "n = 4, of Empty", outcome: anyOrder, needs: 1, ways: []way{
			us(func(in obs) obs { return operators.Expand(4, func(int) obs { return turbopipes.Empty[int]() })(in) }),
			workers(0, 4, sendTo), workers(64, 4, sendTo),
		}},
	}
}

// flatMapRows have inner streams that run at the same time, 8 of them.
func flatMapRows() (rows []row) {
	start := func(v int) obs {
		return turbopipes.Start(func(context.Context) (int, error) { return v, nil })
	}
	goals := []goal{atMost(0.5, rillName), atMost(0.4, roName)}
	buffer := operators.Buffered(64)
	for _, c := range []struct {
		of    string
		inner func(v int) obs
		per   int
		needs float64
		hand  func(k int) way
		ro    func(v int) roInt
		rill  func(v int) rills
	}{
		{"Just", just, 1, 2, func(k int) way { return workers(k, 8, sendTo) }, func(v int) roInt { return ro.Just(v) }, rillJust},
		{"Start", start, 1, 3, func(k int) way { return workers(k, 8, sendTo) }, func(v int) roInt { return ro.Start(func() int { return v }) }, rillStart},
		{"10 items", func(int) obs { return turbopipes.Range(0, 10) }, 10, 0.2, func(k int) way { return workers(k, 8, sendTen) }, func(int) roInt { return roFrom(10) }, rillTen},
	} {
		ways := func(opts ...operators.FlatMapOption) []way {
			return []way{
				us(func(in obs) obs { return operators.FlatMap(fanIn, c.inner, opts...)(in) }), c.hand(0), c.hand(64),
				viaRo(func(in roInt) roInt { return ro.MergeMap(c.ro)(in) }),
				viaRill(func(in rills) rills { return rill.FlatMap(in, fanIn, c.rill) }),
				viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.FlatMap(rxInner(c.per)) }),
			}
		}
		more := goals
		if c.per > 1 {
			more = append(slices.Clone(goals), atMost(0.9, channelName))
		}
		r := row{name: "FlatMap", variant: "n = 8, of " + c.of, per: c.per, outcome: anyOrder, needs: c.needs}
		r.ways, r.goals = ways(), goals
		b := r
		b.variant, b.ways, b.goals = r.variant+", Buffered(64)", ways(buffer), more
		rows = append(rows, r, b)
	}
	return append(rows, row{name: "Flatten", variant: "n = 8, of Just", outcome: anyOrder, needs: 2, ways: []way{
		us(func(in obs) obs { return operators.Flatten[int](8)(operators.Map(just)(in)) }),
		workers(0, 8, sendTo), workers(64, 8, sendTo),
	}})
}

func sendTen(_ int, out chan<- int) {
	for v := range 10 {
		out <- v
	}
}

func rillJust(v int) rills { return rill.FromSlice([]int{v}, nil) }

func rillStart(v int) rills { return rill.Generate(func(send func(int), _ func(error)) { send(v) }) }

func rillTen(int) rills { return rillFrom(10) }

func rxJust(i rxgo.Item) rxgo.Observable { return rxgo.Just(i.V)() }

func rxInner(n int) func(rxgo.Item) rxgo.Observable {
	if n == 1 {
		return rxJust
	}
	return func(rxgo.Item) rxgo.Observable { return rxgo.Range(0, n) }
}

func half(v int) (int, bool) { return v / 2, v&1 == 0 }

func zero() int { return 0 }

func scanned(add adder) (adder, func()) {
	sum := 0
	return func(v int) { sum += v; add(sum) }, nil
}

func asAny(v int) any { return v }

func decimal(v int) []byte { return strconv.AppendInt(nil, int64(v), 10) }

func hundred(int) []int { return naturals[:100] }

func tenSeq(v int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range 10 {
			if !yield(v + i) {
				return
			}
		}
	}
}
