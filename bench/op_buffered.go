package main

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

const aheadVariant = "Buffered(64)"

var aheadGoals = []goal{atMost(0.8, channelName), atMost(1, roName)}

// equalAhead is SequenceEqual of streams that may run 64 items ahead.
func equalAhead() row {
	return row{name: "SequenceEqual", variant: aheadVariant, goals: aheadGoals, ways: equalWays(
		usNOf(bit, func(n int) turbopipes.Observable[bool] {
			return operators.SequenceEqual(turbopipes.Range(0, n), alikeInts, operators.Buffered(64))(turbopipes.Range(0, n))
		}),
	)}
}

// bufferedRows have streams that meet and may run 64 items ahead.
func bufferedRows() []row {
	const variant = aheadVariant
	ahead, goals := operators.Buffered(64), aheadGoals
	alone := goals[:1] // ro has no such operator
	return []row{
		{name: "Zip", variant: variant, goals: goals, ways: zipWays(usN(func(n int) obs {
			return operators.Zip(turbopipes.Range(0, n), plus, ahead)(turbopipes.Range(0, n))
		}))},
		{name: "ZipAll", variant: "2 streams, " + variant, per: 2, needs: 0.5, goals: goals, ways: zipAllWays(
			usNOf(digest, func(n int) turbopipes.Observable[[]int] {
				return operators.ZipAll[int](ahead)(turbopipes.FromSlice(alike(n, 2)))
			}),
		)},
		{name: "CombineLatest", variant: variant, per: 2, outcome: lastOne, goals: goals, ways: latestWays(usN(func(n int) obs {
			return operators.CombineLatest(turbopipes.Range(0, n), plus, ahead)(turbopipes.Range(0, n))
		}))},
		{
			name: "CombineLatestAll", variant: "2 streams, " + variant, per: 2, needs: 1, outcome: lastOne, goals: goals,
			ways: latestAllWays(usNOf(digest, func(n int) turbopipes.Observable[[]int] {
				return operators.CombineLatestAll[int](ahead)(turbopipes.FromSlice(alike(n, 2)))
			})),
		},
		{name: "Join", variant: variant, goals: alone, ways: []way{
			usN(func(n int) obs {
				return operators.Join(turbopipes.Range(0, n), 0, millis, millis, plus, ahead)(turbopipes.Range(0, n))
			}),
			joinHand(0), joinHand(64),
		}},
	}
}
