package operators_test

import (
	"cmp"
	"context"
	"go/ast"
	"go/types"
	"maps"
	"math"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

type (
	// ints is the stream that sizes are tried with.
	ints = turbopipes.Observable[int]
	// toTheEnd is a stream that is run to its end.
	toTheEnd = func(ctx context.Context) error
)

func plainly[T any](o turbopipes.Observable[T]) toTheEnd { return o.Drain }

// The arguments of the operators whose sizes are tested.
var (
	sizeFirst   = func(int) int { return 0 }
	sizeEntry   = func(_ context.Context, v int) (key, value int, err error) { return v, v, nil }
	sizeJust    = func(v int) ints { return turbopipes.Just(v) }
	sizeNothing = func(int) ints { return turbopipes.Empty[int]() }
	sizeTime    = func(v int) time.Time { return time.Unix(int64(v), 0) }
	sizeStreams = operators.Map(sizeJust)
	sizeNever   = turbopipes.Never[int]()
	sizeTasks   = operators.Map(func(v int) turbopipes.Task[int] {
		return func(ctx context.Context) (int, error) { return identity(ctx, v) }
	})
)

// takesSize has every function and option with a size, count or capacity n, over a
// stream. A key is the function, or the option and the function that takes it.
var takesSize = map[string]func(in ints, n int) toTheEnd{
	"BufferWeighted": func(in ints, n int) toTheEnd {
		return plainly(operators.BufferWeighted(int64(n), func(int) int64 { return 1 })(in))
	},
	"BufferWithCount":       func(in ints, n int) toTheEnd { return plainly(operators.BufferWithCount[int](n)(in)) },
	"BufferWithTimeOrCount": func(in ints, n int) toTheEnd { return plainly(operators.BufferWithTimeOrCount[int](time.Hour, n)(in)) },
	"Dedup":                 func(in ints, n int) toTheEnd { return plainly(operators.Dedup(operators.Self[int], n, time.Hour)(in)) },
	"ElementAt": func(in ints, n int) toTheEnd {
		return plainly(operators.Catch(func(error) ints { return in })(operators.ElementAt[int](n)(in)))
	},
	"Expand":  func(in ints, n int) toTheEnd { return plainly(operators.Expand(n, sizeNothing)(in)) },
	"FlatMap": func(in ints, n int) toTheEnd { return plainly(operators.FlatMap(n, sizeJust)(in)) },
	"Flatten": func(in ints, n int) toTheEnd { return plainly(operators.Flatten[int](n)(sizeStreams(in))) },
	"GroupByN": func(in ints, n int) toTheEnd {
		return plainly(grouped(turbopipes.Infinite, operators.GroupByN(n, sizeFirst))(in))
	},
	"Interleave": func(in ints, n int) toTheEnd { return plainly(operators.Interleave(n, in)(in)) },
	"MapReduce":  func(in ints, n int) toTheEnd { return plainly(operators.MapReduce(n, sizeEntry, plus)(in)) },
	"WithFailureRate": func(in ints, n int) toTheEnd {
		return plainly(operators.CircuitBreaker[int](operators.NewBreaker(operators.WithFailureRate(0.5, time.Hour, n)))(in))
	},
	"LimitRate": func(in ints, n int) toTheEnd { return plainly(operators.LimitRate[int](n)(in)) },
	"LoadShed":  func(in ints, n int) toTheEnd { return plainly(operators.LoadShed[int](n, time.Hour)(in)) },
	"OnBackpressureBatch": func(in ints, n int) toTheEnd {
		return plainly(operators.OnBackpressureBatch[int](n)(in))
	},
	"OnBackpressureBuffer": func(in ints, n int) toTheEnd {
		return plainly(operators.OnBackpressureBuffer[int](n, turbopipes.DropOldest)(in))
	},
	"Parallel": func(in ints, n int) toTheEnd { return plainly(operators.Parallel(n, identity)(in)) },
	"Parallel, ordered": func(in ints, n int) toTheEnd {
		return plainly(operators.Parallel(n, identity, operators.Ordered())(in))
	},
	"ParallelBy": func(in ints, n int) toTheEnd {
		return plainly(operators.ParallelBy(n, operators.Self[int], identity)(in))
	},
	"ParallelResults": func(in ints, n int) toTheEnd { return plainly(operators.ParallelResults(n, identity)(in)) },
	"Prefetch":        func(in ints, n int) toTheEnd { return plainly(operators.Prefetch[int](n)(in)) },
	"RateLimit":       func(in ints, n int) toTheEnd { return plainly(operators.RateLimit[int](n, time.Second)(in)) },
	"Repeat":          func(in ints, n int) toTheEnd { return plainly(operators.Take[int](9)(operators.Repeat[int](n)(in))) },
	"Retry":           func(in ints, n int) toTheEnd { return plainly(operators.Retry[int](n)(in)) },
	"Retrying": func(in ints, n int) toTheEnd {
		return plainly(operators.TryMap(operators.Retrying(identity, n))(in))
	},
	"ShareReplay":         func(in ints, n int) toTheEnd { return plainly(operators.ShareReplay[int](n)(in)) },
	"Skip":                func(in ints, n int) toTheEnd { return plainly(operators.Skip[int](n)(in)) },
	"SkipLast":            func(in ints, n int) toTheEnd { return plainly(operators.SkipLast[int](n)(in)) },
	"SlidingWindow":       func(in ints, n int) toTheEnd { return plainly(operators.SlidingWindow[int](n, 1)(in)) },
	"SlidingWindow, step": func(in ints, n int) toTheEnd { return plainly(operators.SlidingWindow[int](2, n)(in)) },
	"SpillToDisk":         func(in ints, n int) toTheEnd { return plainly(operators.SpillToDisk("", n, decimals)(in)) },
	"Take":                func(in ints, n int) toTheEnd { return plainly(operators.Take[int](n)(in)) },
	"TakeLast":            func(in ints, n int) toTheEnd { return plainly(operators.TakeLast[int](n)(in)) },
	"Tasks":               func(in ints, n int) toTheEnd { return plainly(operators.Tasks[int](n)(sizeTasks(in))) },
	"TopK":                func(in ints, n int) toTheEnd { return plainly(operators.TopK(n, cmp.Compare[int])(in)) },
	"WindowWithCount": func(in ints, n int) toTheEnd {
		return plainly(windowed(turbopipes.Infinite, operators.WindowWithCount[int](n))(in))
	},
	"WindowWithTimeOrCount": func(in ints, n int) toTheEnd {
		return plainly(windowed(turbopipes.Infinite, operators.WindowWithTimeOrCount[int](time.Hour, n))(in))
	},

	"WithBurst": func(in ints, n int) toTheEnd {
		return plainly(operators.RateLimit[int](1, time.Second, operators.WithBurst[int](n))(in))
	},
	"WithCapacity": func(in ints, n int) toTheEnd { return plainly(operators.ToSlice[int](operators.WithCapacity(n))(in)) },
	"WithCapacity, bounded": func(in ints, n int) toTheEnd {
		return plainly(operators.ToSlice[int](operators.WithCapacity(n), operators.WithMaxItems(10))(in))
	},
	"WithMaxBytes": func(in ints, n int) toTheEnd {
		return plainly(operators.SpillToDisk("", 1, decimals, operators.WithMaxBytes[int](int64(n)))(in))
	},
	"WithMaxErrors": func(in ints, n int) toTheEnd {
		return plainly(operators.Parallel(2, identity, operators.WithMaxErrors(n))(in))
	},
	"WithMaxKeys": func(in ints, n int) toTheEnd {
		return plainly(operators.Distinct(operators.Self[int], operators.WithMaxKeys(n))(in))
	},
	"WithMaxPendingKeys": func(in ints, n int) toTheEnd {
		return plainly(operators.ConflateByKey(operators.Self[int], operators.WithMaxPendingKeys[int](n))(in))
	},
	"WithMaxOpen": func(in ints, n int) toTheEnd {
		return plainly(operators.EventTimeWindow(time.Hour, sizeTime, operators.WithMaxOpen[int](n))(in))
	},
	"WithThreshold": func(in ints, n int) toTheEnd {
		return plainly(operators.CircuitBreaker[int](operators.NewBreaker(operators.WithThreshold(n)))(in))
	},
	"WithMaxPending, Expand": func(in ints, n int) toTheEnd {
		return plainly(operators.Expand(1, sizeNothing, operators.WithMaxPending(n))(in))
	},
	"WithMaxPending, Serialize": func(in ints, n int) toTheEnd {
		return plainly(operators.Serialize(1, operators.Self[int], operators.WithMaxPending(n))(in))
	},
	"WithMaxGroups, GroupBy": func(in ints, n int) toTheEnd {
		return plainly(grouped(turbopipes.Infinite, operators.GroupBy(operators.Self[int], operators.WithMaxGroups(n)))(in))
	},
	"WithMaxItems, BufferWhen": func(in ints, n int) toTheEnd {
		return plainly(operators.BufferWhen[int](sizeNever, operators.WithMaxItems(n))(in))
	},
	"WithMaxItems, BufferWithTime": func(in ints, n int) toTheEnd {
		return plainly(operators.BufferWithTime[int](time.Hour, operators.WithMaxItems(n))(in))
	},
	"WithMaxItems, SessionWindow": func(in ints, n int) toTheEnd {
		return plainly(operators.SessionWindow[int](time.Hour, operators.WithMaxItems(n))(in))
	},
	"WithMaxItems, Sort": func(in ints, n int) toTheEnd {
		return plainly(operators.Sort(cmp.Compare[int], operators.WithMaxItems(n))(in))
	},
	"WithMaxItems, ToSlice": func(in ints, n int) toTheEnd { return plainly(operators.ToSlice[int](operators.WithMaxItems(n))(in)) },
	"WithStep, BufferWithCount": func(in ints, n int) toTheEnd {
		return plainly(operators.BufferWithCount[int](2, operators.WithStep(n))(in))
	},
	"WithStep, BufferWithCount of many": func(in ints, n int) toTheEnd {
		return plainly(operators.BufferWithCount[int](n, operators.WithStep(1))(in))
	},
	"WithStep, WindowWithCount": func(in ints, n int) toTheEnd {
		return plainly(windowed(turbopipes.Infinite, operators.WindowWithCount[int](2, operators.WithStep(n)))(in))
	},
	"WithStep, WindowWithCount of many": func(in ints, n int) toTheEnd {
		return plainly(windowed(turbopipes.Infinite, operators.WindowWithCount[int](n, operators.WithStep(1)))(in))
	},

	"Buffered, FlatMap": func(in ints, n int) toTheEnd {
		return plainly(operators.FlatMap(2, sizeJust, operators.Buffered(n))(in))
	},
	"Buffered, Flatten": func(in ints, n int) toTheEnd {
		return plainly(operators.Flatten[int](2, operators.Buffered(n))(sizeStreams(in)))
	},
	"Buffered, Parallel": func(in ints, n int) toTheEnd {
		return plainly(operators.Parallel(n, identity, operators.Buffered(n))(in))
	},
	"Buffered, ParallelBy": func(in ints, n int) toTheEnd {
		return plainly(operators.ParallelBy(2, operators.Self[int], identity, operators.Buffered(n))(in))
	},
	"Buffered, ParallelResults": func(in ints, n int) toTheEnd {
		return plainly(operators.ParallelResults(2, identity, operators.Buffered(n))(in))
	},
	"Buffered, Tasks": func(in ints, n int) toTheEnd {
		return plainly(operators.Tasks[int](2, operators.Buffered(n), operators.Ordered())(sizeTasks(in)))
	},

	"WithQueue, Delay": func(in ints, n int) toTheEnd {
		return plainly(operators.Delay[int](time.Second, turbopipes.WithQueue(n))(in))
	},
	"WithQueue, DelayWhen": func(in ints, n int) toTheEnd {
		return plainly(operators.DelayWhen(sizeJust, turbopipes.WithQueue(n))(in))
	},
	"WithQueue, GroupBy": func(in ints, n int) toTheEnd {
		return plainly(grouped(turbopipes.Infinite, operators.GroupBy(operators.Self[int], turbopipes.WithQueue(n)))(in))
	},
	"WithQueue, GroupByN": func(in ints, n int) toTheEnd {
		return plainly(grouped(turbopipes.Infinite, operators.GroupByN(2, sizeFirst, turbopipes.WithQueue(n)))(in))
	},
	"WithQueue, ObserveOn": func(in ints, n int) toTheEnd { return plainly(operators.ObserveOn[int](turbopipes.WithQueue(n))(in)) },
	"WithQueue, Share":     func(in ints, n int) toTheEnd { return plainly(operators.Share[int](turbopipes.WithQueue(n))(in)) },
	"WithQueue, ShareReplay": func(in ints, n int) toTheEnd {
		return plainly(operators.ShareReplay[int](1, turbopipes.WithQueue(n))(in))
	},
	"WithQueue, WindowWhen": func(in ints, n int) toTheEnd {
		return plainly(windowed(turbopipes.Infinite, operators.WindowWhen[int](sizeNever, turbopipes.WithQueue(n)))(in))
	},
	"WithQueue, WindowWithCount": func(in ints, n int) toTheEnd {
		return plainly(windowed(turbopipes.Infinite, operators.WindowWithCount[int](2, turbopipes.WithQueue(n)))(in))
	},
	"WithQueue, WindowWithTime": func(in ints, n int) toTheEnd {
		return plainly(windowed(turbopipes.Infinite, operators.WindowWithTime[int](time.Hour, turbopipes.WithQueue(n)))(in))
	},
	"WithQueue, WindowWithTimeOrCount": func(in ints, n int) toTheEnd {
		return plainly(windowed(turbopipes.Infinite, operators.WindowWithTimeOrCount[int](time.Hour, 2, turbopipes.WithQueue(n)))(in))
	},
}

// TestSizes checks that every size is refused, or costs nothing until it is used.
func TestSizes(t *testing.T) {
	const most = 1 << 20 // bytes; less than the room for the least n takes
	for _, name := range slices.Sorted(maps.Keys(takesSize)) {
		for _, n := range []int{1 << 20, math.MaxInt32, math.MaxInt >> 23, math.MaxInt - 1, math.MaxInt} {
			synctest.Test(t, func(t *testing.T) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				err := takesSize[name](turbopipes.Just(1, 2, 3), n)(t.Context())
				runtime.ReadMemStats(&after)
				if err != nil {
					require.ErrorIs(t, err, turbopipes.ErrInvalidArgument, "%s: %d", name, n)
				}
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(most), "%s: %d", name, n)
			})
		}
	}
}

// sizedOptions has the options that take a size, by the interface of the options.
var sizedOptions = map[string][]string{
	"turbopipes.QueueOption": {"WithQueue"},
	"WindowWithCountOption":  {"WithQueue"},
	"WindowWithTimeOption":   {"WithQueue"},
	"GroupByOption":          {"WithQueue"},
	"DelayWhenOption":        {"WithQueue"},
	"ShareOption":            {"WithQueue"},
	"ShareReplayOption":      {"WithQueue"},
	"ParallelOption":         {"Buffered"},
	"FlatMapOption":          {"Buffered"},
}

// TestSizesAreAll checks that takesSize has every exported function that takes an int
// or an option of sizedOptions.
func TestSizesAreAll(t *testing.T) {
	elsewhere := []string{"Serialize", "WithQueue", "Buffered", "WithMaxItems", "WithMaxPending", "WithMaxGroups", "WithStep"}
	wanted := map[string]bool{}
	for _, file := range sources(t) {
		for _, fn := range functions(parsed(t, file)) {
			for _, p := range fn.Type.Params.List {
				kind := p.Type
				if many, ok := kind.(*ast.Ellipsis); ok {
					kind = many.Elt
				}
				switch kind := types.ExprString(kind); kind {
				case "int", "int64":
					wanted[fn.Name.Name] = true
				default:
					for _, option := range sizedOptions[kind] {
						wanted[option+", "+fn.Name.Name] = true
					}
				}
			}
		}
	}
	for _, name := range elsewhere { // tested with the functions that take them, or without a size
		delete(wanted, name)
	}
	require.Greater(t, len(wanted), 40)
	for name := range wanted {
		require.NotNil(t, takesSize[name], "takesSize lacks %s", name)
	}
}
