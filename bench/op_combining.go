package main

import (
	"cmp"
	"time"

	"github.com/destel/rill"
	"github.com/reactivex/rxgo/v2"
	"github.com/samber/lo"
	"github.com/samber/ro"
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// Streams that meet are strict: a stream is one item ahead, as with an unbuffered
// channel.
const (
	strictTimes = 0.6 // of unbuffered channels
	manyTimes   = 1.5 // of the same with two streams
	handOver    = 150 // ns
)

const twoName = "turbopipes of two"

func combiningRows() []row {
	strict := []goal{atMost(strictTimes, unbufferedName)}
	many := []goal{atMost(manyTimes, twoName)}
	rows := []row{
		{name: "Zip", goals: strict, ways: zipWays(
			usN(func(n int) obs { return operators.Zip(turbopipes.Range(0, n), plus)(turbopipes.Range(0, n)) }),
		)},
		{name: "ZipAll", variant: "2 streams", per: 2, needs: 0.5, goals: strict, ways: zipAllWays(zipAllOurs(2))},
		{name: "ZipAll", variant: "16 streams", per: 16, needs: 1. / 16, goals: many, ways: []way{
			zipAllOurs(16), scaled(zipAllOurs(2), 8).named(twoName), zipAllHand(0, 16), zipAllHand(64, 16),
		}},
		{name: "CombineLatest", per: 2, outcome: lastOne, goals: strict, ways: latestWays(
			usN(func(n int) obs { return operators.CombineLatest(turbopipes.Range(0, n), plus)(turbopipes.Range(0, n)) }),
		)},
		{
			name: "CombineLatestAll", variant: "2 streams", per: 2, needs: 1, outcome: lastOne, goals: strict,
			ways: latestAllWays(latestAllOurs(2)),
		},
		{name: "CombineLatestAll", variant: "16 streams", per: 16, needs: 1, outcome: lastOne, goals: many, ways: []way{
			latestAllOurs(16), scaled(latestAllOurs(2), 8).named(twoName), latestManyHand(0, 16), latestManyHand(64, 16),
		}},
		{name: "WithLatestFrom", outcome: unchecked, goals: strict, ways: []way{
			usN(func(n int) obs {
				return operators.WithLatestFrom(turbopipes.Just(1), plus)(turbopipes.Range(0, n))
			}),
			withLatestHand(0), withLatestHand(64),
		}},
		{name: "ForkJoin", ways: []way{
			usNOf(digest, func(n int) turbopipes.Observable[[]int] {
				return operators.ForkJoin(turbopipes.Range(0, n))(turbopipes.Range(0, n))
			}),
			lastsHand(0), lastsHand(64),
		}, per: 2},
		{name: "Interleave", per: 2, goals: strict, ways: []way{
			usN(func(n int) obs { return operators.Interleave(1, turbopipes.Range(0, n))(turbopipes.Range(0, n)) }),
			inTurns(0), inTurns(64),
		}},
		{name: "Join", goals: strict, ways: []way{
			usN(func(n int) obs {
				return operators.Join(turbopipes.Range(0, n), 0, millis, millis, plus)(turbopipes.Range(0, n))
			}),
			joinHand(0), joinHand(64),
		}},
		{name: "Partition", ways: []way{
			us(func(in obs) obs { match, _ := operators.Partition(in, even); return match }),
			closures(kept(even)),
			rillRun(func(in rills, add adder) {
				match, rest := rill.OrderedSplit2(in, 1, func(v int) (bool, error) { return even(v), nil })
				rill.Discard(rest)
				must(rill.ForEach(match, 1, func(v int) error { add(v); return nil }))
			}),
		}},
		{name: "Race", variant: "when it is decided", goals: []goal{within(handOver, chainName)}, ways: []way{
			us(func(in obs) obs { return operators.Race(turbopipes.Never[int]())(in) }),
			fusedChain(), channel(0, plain), channel(64, plain),
		}},
	}
	rows = append(append(rows, bufferedRows()...), mergeRows()...)
	return append(rows, concatRows()...)
}

func zipWays(mine way) []way {
	return []way{
		mine, zipHand(0), zipHand(64),
		viaRoN(tuple, func(n int) ro.Observable[lo.Tuple2[int, int]] { return ro.Zip2(roFrom(n), roFrom(n)) }),
		viaRxN(asInt, func(n int) rxgo.Iterable { return rxgo.Range(0, n).ZipFromIterable(rxgo.Range(0, n), rxPlus) }),
	}
}

func zipAllWays(mine way) []way {
	return []way{
		mine, zipAllHand(0, 2), zipAllHand(64, 2),
		viaRoN(digest, func(n int) ro.Observable[[]int] { return ro.ZipAll[int]()(ro.Just(roFrom(n), roFrom(n))) }),
	}
}

func latestWays(mine way) []way {
	return []way{
		mine, latestHand(0), latestHand(64),
		viaRoN(tuple, func(n int) ro.Observable[lo.Tuple2[int, int]] { return ro.CombineLatest2(roFrom(n), roFrom(n)) }),
	}
}

func latestAllWays(mine way) []way {
	return []way{
		mine, latestAllHand(0), latestAllHand(64),
		viaRoN(digest, func(n int) ro.Observable[[]int] { return ro.CombineLatestAll[int]()(ro.Just(roFrom(n), roFrom(n))) }),
	}
}

func mergeRows() (rows []row) {
	strict := []goal{atMost(strictTimes, unbufferedName)}
	for _, m := range []struct {
		n    int
		name string
	}{{2, "2 streams"}, {8, "8 streams"}, {64, "64 streams"}} {
		rows = append(rows, row{name: "Merge", variant: m.name, per: m.n, outcome: anyOrder, goals: strict, ways: []way{
			usN(func(n int) obs { first, others := strided(n, m.n); return operators.Merge(others...)(first) }),
			merged(0, m.n), merged(64, m.n),
			viaRillN(same, func(n int) rills {
				all := make([]rills, m.n)
				for i := range all {
					all[i] = rill.Generate(func(send func(int), _ func(error)) {
						for v := range n {
							send(v*m.n + i)
						}
					})
				}
				return rill.Merge(all...)
			}),
		}})
	}
	two := sortedOurs(2)
	return append(rows,
		row{name: "MergeSorted", variant: "2 streams", per: 2, goals: strict, ways: []way{two, sortedHand(0, 2), sortedHand(64, 2)}},
		row{name: "MergeSorted", variant: "16 streams", per: 16, goals: []goal{atMost(manyTimes, twoName)}, ways: []way{
			sortedOurs(16), scaled(two, 8).named(twoName), sortedHand(0, 16), sortedHand(64, 16),
		}},
		row{name: "MergePrioritized", variant: "2 streams", per: 2, outcome: anyOrder, goals: strict, ways: []way{
			prioritizedOurs(2), prioritizedHand(0), prioritizedHand(64),
		}},
		row{name: "MergePrioritized", variant: "16 streams", per: 16, outcome: anyOrder, goals: []goal{atMost(manyTimes, twoName)}, ways: []way{
			prioritizedOurs(16), scaled(prioritizedOurs(2), 8).named(twoName), merged(0, 16), merged(64, 16),
		}},
	)
}

func concatRows() []row {
	return []row{
		{name: "Concat", per: 2, ways: []way{
			usN(func(n int) obs { return operators.Concat(turbopipes.Range(0, n))(turbopipes.Range(0, n)) }),
			byHand(func(n int, add adder) {
				for range 2 {
					for v := range n {
						add(v)
					}
				}
			}),
			viaRoN(same, func(n int) roInt { return ro.Concat(roFrom(n), roFrom(n)) }),
			viaRxN(asInt, func(n int) rxgo.Iterable {
				return rxgo.Concat([]rxgo.Observable{rxgo.Range(0, n), rxgo.Range(0, n)})
			}),
		}},
		{name: "StartWith", ways: []way{
			us(func(in obs) obs { return operators.StartWith(-1)(in) }),
			byHand(func(n int, add adder) {
				for v := -1; v < n; v++ {
					add(v)
				}
			}),
			viaRo(func(in roInt) roInt { return ro.StartWith(-1)(in) }),
			viaRx(func(in rxgo.Observable) rxgo.Iterable { return in.StartWith(rxgo.Just(-1)()) }),
		}},
		{name: "EndWith", ways: []way{
			us(func(in obs) obs { return operators.EndWith(-1)(in) }),
			byHand(func(n int, add adder) {
				for v := range n {
					add(v)
				}
				add(-1)
			}),
			viaRo(func(in roInt) roInt { return ro.EndWith(-1)(in) }),
		}},
	}
}

func tuple(t lo.Tuple2[int, int]) int { return t.A + t.B }

func millis(v int) time.Time { return time.UnixMilli(int64(v)) }

// scaled makes w do the work of so many of its units for each unit of the row.
func scaled(w way, by int) way {
	return way{w.name, w.role, func(n int, add adder) { w.run(n*by, add) }}
}

// strided makes m streams of n items each: i, i+m, i+2m, ….
func strided(n, m int) (first obs, others []obs) {
	all := make([]obs, m)
	for i := range all {
		all[i] = operators.Map(func(v int) int { return v*m + i })(turbopipes.Range(0, n))
	}
	return all[0], all[1:]
}

func alike(n, m int) []obs {
	all := make([]obs, m)
	for i := range all {
		all[i] = turbopipes.Range(0, n)
	}
	return all
}

func zipAllOurs(m int) way {
	return usNOf(digest, func(n int) turbopipes.Observable[[]int] {
		return operators.ZipAll[int]()(turbopipes.FromSlice(alike(n, m)))
	})
}

func latestAllOurs(m int) way {
	return usNOf(digest, func(n int) turbopipes.Observable[[]int] {
		return operators.CombineLatestAll[int]()(turbopipes.FromSlice(alike(n, m)))
	})
}

func sortedOurs(m int) way {
	return usN(func(n int) obs {
		all := alike(n, m)
		return operators.MergeSorted(cmp.Compare[int], all[1:]...)(all[0])
	})
}

func prioritizedOurs(m int) way {
	return usN(func(n int) obs {
		first, others := strided(n, m)
		return operators.MergePrioritized(others...)(first)
	})
}
