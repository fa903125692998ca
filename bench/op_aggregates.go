package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// asked turns the answer to a question about all items into a number.
func asked(build func(in obs) turbopipes.Observable[bool]) way { return usOf(bit, build) }

func asBit(v any) int { return bit(v.(bool)) }

func conditionalRows() []row {
	positive := func(v int) bool { return v >= 0 }
	answer := func(answer int) way {
		return closures(func(add adder) (adder, func()) {
			bad := 0
			return func(v int) { bad += bit(v < 0) }, func() { add(answer + bad) }
		})
	}
	return []row{
		{name: "All", ways: []way{
			asked(func(in obs) turbopipes.Observable[bool] { return operators.All(positive)(in) }), answer(1),
			viaRoOf(bit, func(in roInt) ro.Observable[bool] { return ro.All(positive)(in) }),
			rillRun(func(in rills, add adder) {
				ok, err := rill.All(in, 1, func(v int) (bool, error) { return positive(v), nil })
				must(err)
				add(bit(ok))
			}),
			viaRxOf(asBit, func(in rxgo.Observable) rxgo.Iterable { return in.All(func(v any) bool { return v.(int) >= 0 }) }),
		}},
		{name: "Any", ways: []way{
			asked(func(in obs) turbopipes.Observable[bool] { return operators.Any(never)(in) }), answer(0),
			viaRoOf(bit, func(in roInt) ro.Observable[bool] { return ro.Contains(never)(in) }),
			rillRun(func(in rills, add adder) {
				ok, err := rill.Any(in, 1, func(v int) (bool, error) { return never(v), nil })
				must(err)
				add(bit(ok))
			}),
			viaRxOf(asBit, func(in rxgo.Observable) rxgo.Iterable { return in.Contains(func(v any) bool { return v.(int) < 0 }) }),
		}},
		{name: "Contains", ways: []way{
			asked(func(in obs) turbopipes.Observable[bool] { return operators.Contains(-1)(in) }), answer(0),
			viaRoOf(bit, func(in roInt) ro.Observable[bool] { return ro.Contains(never)(in) }),
		}},
		{name: "IsEmpty", variant: "a subscription", subscription: true, ways: []way{
			repeated(asked(func(in obs) turbopipes.Observable[bool] { return operators.IsEmpty[int]()(in) })), repeated(answer(0)),
		}},
		{name: "SequenceEqual", goals: []goal{atMost(strictTimes, unbufferedName)}, ways: equalWays(
			usNOf(bit, func(n int) turbopipes.Observable[bool] {
				return operators.SequenceEqual(turbopipes.Range(0, n), alikeInts)(turbopipes.Range(0, n))
			}),
		)},
		equalAhead(),
		{name: "DefaultIfEmpty", ways: []way{
			us(func(in obs) obs { return operators.DefaultIfEmpty(0)(in) }), closures(plain),
			viaRo(func(in roInt) roInt { return ro.DefaultIfEmpty(0)(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.DefaultIfEmpty(0) }),
		}},
		{name: "SwitchIfEmpty", ways: []way{
			us(func(in obs) obs { return operators.SwitchIfEmpty(turbopipes.Empty[int]())(in) }), closures(plain),
		}},
		{name: "ThrowIfEmpty", ways: []way{
			us(func(in obs) obs { return operators.ThrowIfEmpty[int](nil)(in) }), closures(plain),
			viaRo(func(in roInt) roInt { return ro.ThrowIfEmpty[int](func() error { return context.Canceled })(in) }),
		}},
	}
}

func alikeInts(a, b int) bool { return a == b }

func equalWays(mine way) []way {
	return []way{
		mine, equalHand(0), equalHand(64),
		viaRoN(bit, func(n int) ro.Observable[bool] { return ro.SequenceEqual(roFrom(n))(roFrom(n)) }),
	}
}

func equalHand(k int) way {
	return ofChannel(k, func(n int, add adder) {
		a, b := source(k, 0, n), source(k, 0, n)
		equal := true
		for v := range a {
			equal = v == <-b && equal
		}
		add(bit(equal))
	})
}

// gathered adds up what key makes of the items, or another aggregate.
func gathered(first int, fold func(state, v int) int) step {
	return func(add adder) (adder, func()) {
		state := first
		return func(v int) { state = fold(state, v) }, func() { add(state) }
	}
}

func aggregateRows() []row {
	counted := func(state, _ int) int { return state + 1 }
	greatest, least := gathered(-1, func(s, v int) int { return max(s, v) }), gathered(1<<40, func(s, v int) int { return min(s, v) })
	roCompare := viaRo(func(in roInt) roInt { return ro.Max[int]()(in) })
	rows := []row{
		{name: "Reduce", ways: []way{
			us(func(in obs) obs { return operators.Reduce(0, plus)(in) }), closures(gathered(0, plus)),
			viaRo(func(in roInt) roInt { return ro.Reduce(plus, 0)(in) }),
			rillRun(func(in rills, add adder) {
				sum, _, err := rill.Reduce(in, 1, func(a, b int) (int, error) { return a + b, nil })
				must(err)
				add(sum)
			}),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.Reduce(rxPlus) }),
		}},
		{name: "ReduceWith", ways: []way{
			us(func(in obs) obs { return operators.ReduceWith(zero, plus)(in) }), closures(gathered(0, plus)),
		}},
		{name: "Count", ways: []way{
			usOf(toInt, func(in obs) turbopipes.Observable[int] { return operators.Count[int]()(in) }), closures(gathered(0, counted)),
			viaRoOf(toInt, func(in roInt) ro.Observable[int64] { return ro.Count[int]()(in) }),
			viaRxOf(func(v any) int { return int(v.(int64)) }, func(in rxgo.Observable) rxgo.Iterable { return in.Count() }),
		}},
		{name: "Sum", ways: []way{
			us(func(in obs) obs { return operators.Sum[int]()(in) }), closures(gathered(0, plus)),
			viaRo(func(in roInt) roInt { return ro.Sum[int]()(in) }),
			viaRxOf(func(v any) int { return int(v.(int64)) }, func(in rxgo.Observable) rxgo.Iterable { return in.SumInt64() }),
		}},
		{name: "Average", ways: []way{
			usOf(twice, func(in obs) turbopipes.Observable[float64] { return operators.Average[int]()(in) }),
			closures(func(add adder) (adder, func()) {
				sum, n := 0, 0
				return func(v int) { sum += v; n++ }, func() { add(twice(float64(sum) / float64(n))) }
			}),
			viaRoOf(twice, func(in roInt) ro.Observable[float64] { return ro.Average[int]()(in) }),
		}},
		{name: "Min", ways: []way{
			us(func(in obs) obs { return operators.Min(cmp.Compare[int])(in) }), closures(least),
			viaRo(func(in roInt) roInt { return ro.Min[int]()(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.Min(func(a, b any) int { return a.(int) - b.(int) }) }),
		}},
		{name: "Max", ways: []way{
			us(func(in obs) obs { return operators.Max(cmp.Compare[int])(in) }), closures(greatest), roCompare,
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.Max(func(a, b any) int { return a.(int) - b.(int) }) }),
		}},
	}
	return slices.Concat(rows, collectionRows(), sortedRows())
}

func collectionRows() []row {
	key := func(v int) int { return v & 15 }
	size := func(m map[int]int) int { return len(m) }
	kept := closures(func(add adder) (adder, func()) {
		m := map[int]int{}
		return func(v int) { m[key(v)] = v }, func() { add(len(m)) }
	})
	roMap := viaRoOf(size, func(in roInt) ro.Observable[map[int]int] {
		return ro.ToMap(func(v int) (int, int) { return key(v), v })(in)
	})
	return []row{
		{name: "ToSlice", ways: []way{
			slicesOf(func(in obs) turbopipes.Observable[[]int] { return operators.ToSlice[int]()(in) }),
			closures(func(add adder) (adder, func()) {
				var all []int
				return func(v int) { all = append(all, v) }, func() { add(digest(all)) }
			}),
			viaRoOf(digest, func(in roInt) ro.Observable[[]int] { return ro.ToSlice[int]()(in) }),
			rillRun(func(in rills, add adder) { all, err := rill.ToSlice(in); must(err); add(digest(all)) }),
		}},
		{name: "ToMap", variant: "16 keys", ways: []way{
			usOf(size, func(in obs) turbopipes.Observable[map[int]int] { return operators.ToMap(key)(in) }), kept, roMap,
			viaRxOf(func(m any) int { return len(m.(map[any]any)) }, func(in rxgo.Observable) rxgo.Iterable { return in.ToMap(rxFunc(key)) }),
		}},
		{name: "ToMapWithValueSelector", variant: "16 keys", ways: []way{
			usOf(size, func(in obs) turbopipes.Observable[map[int]int] {
				return operators.ToMapWithValueSelector(key, same)(in)
			}), kept, roMap,
		}},
		{name: "ToMultiMap", variant: "16 keys", ways: []way{
			usOf(func(m map[int][]int) int { return len(m) }, func(in obs) turbopipes.Observable[map[int][]int] {
				return operators.ToMultiMap(key)(in)
			}),
			closures(func(add adder) (adder, func()) {
				m := map[int][]int{}
				return func(v int) { m[key(v)] = append(m[key(v)], v) }, func() { add(len(m)) }
			}),
		}},
		{name: "MapReduce", variant: "n = 8, 16 keys", ways: []way{
			usOf(size, func(in obs) turbopipes.Observable[map[int]int] {
				return operators.MapReduce(8, func(_ context.Context, v int) (int, int, error) { return key(v), v, nil }, plus)(in)
			}),
			mapReduceHand(0, key), mapReduceHand(64, key),
			rillRun(func(in rills, add adder) {
				m, err := rill.MapReduce(in, 8, func(v int) (int, int, error) { return key(v), v, nil }, 8, func(a, b int) (int, error) { return a + b, nil })
				must(err)
				add(len(m))
			}),
		}},
	}
}

// mapReduceHand has 8 goroutines that map, and one that reduces.
func mapReduceHand(k int, key func(int) int) way {
	inner := workers(k, 8, sendTo)
	return ofChannel(k, func(n int, add adder) {
		m := map[int]int{}
		inner.run(n, func(v int) { m[key(v)] += v })
		add(len(m))
	})
}

func sortedRows() []row {
	mixed := func(v int) int { return v * 40503 % 65536 }
	return []row{
		{name: "Sort", ways: []way{
			us(func(in obs) obs { return operators.Sort(cmp.Compare[int])(operators.Map(mixed)(in)) }),
			closures(func(add adder) (adder, func()) {
				var all []int
				return func(v int) { all = append(all, mixed(v)) }, func() {
					slices.SortStableFunc(all, cmp.Compare[int])
					for _, v := range all {
						add(v)
					}
				}
			}),
		}},
		{name: "TopK", variant: "n = 16", outcome: anyOrder, ways: []way{
			us(func(in obs) obs { return operators.TopK(16, cmp.Compare[int])(operators.Map(mixed)(in)) }),
			closures(func(add adder) (adder, func()) {
				var top []int // in ascending order
				return func(v int) {
						w := mixed(v)
						if len(top) == 16 && w <= top[0] {
							return
						}
						i, _ := slices.BinarySearch(top, w)
						if top = slices.Insert(top, i, w); len(top) > 16 {
							top = slices.Delete(top, 0, 1)
						}
					}, func() {
						for _, w := range top {
							add(w)
						}
					}
			}),
		}},
	}
}

func toInt[N int | int64](v N) int { return int(v) }

func twice(v float64) int { return int(2 * v) }
