package operators_test

import (
	"context"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// A slice that waits in a queue when the stream is disposed of is one call of the hook
// for each of its items.
func TestLossHookHearsOfTheItemsOfASlice(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var lost []any
		ctx := turbopipes.WithLossHook(t.Context(), func(l turbopipes.Loss) { lost = append(lost, l.Item) })
		threes := operators.BufferWithCount[int](3)(operators.Concat(turbopipes.Never[int]())(turbopipes.Range(1, 8)))
		s := queued(threes).Subscribe(ctx, turbopipes.Observer[[]int]{Next: func([]int) { time.Sleep(time.Minute) }})
		time.Sleep(time.Second)
		s.Dispose()
		require.ElementsMatch(t, []any{4, 5, 6, 7, 8}, lost)
		require.Equal(t, turbopipes.Stats{Delivered: 1, Discarded: 5}, s.Stats())
	})
}

// An item that waits for its separator is lost if downstream refuses the separator.
func TestIntersperseAccounts(t *testing.T) {
	for _, op := range []turbopipes.Operator[int, int]{
		operators.Intersperse(-1),
		operators.Intersperse(-1, operators.WithEnds(-2, -3)),
	} {
		for last := range 9 {
			for _, queue := range []turbopipes.Operator[int, int]{operators.Map(operators.Self[int]), queued[int]} {
				bubble(t, "", func(t *testing.T) {
					var delivered, lost, handed int
					ctx := turbopipes.WithLossHook(t.Context(), func(l turbopipes.Loss) {
						if l.Item.(int) >= 0 {
							lost++
						}
					})
					in := operators.Do(operators.Hooks[int]{Next: func(int) { handed++ }})(turbopipes.Range(0, 9))
					n := 0
					s := queue(op(in)).Subscribe(ctx, turbopipes.Observer[int]{Next: func(v int) {
						if v >= 0 {
							delivered++
						}
						if n++; n > last {
							panic("mine")
						}
					}, Error: func(error) {}})
					<-s.Done()
					require.Equal(t, handed, delivered+lost)
				})
			}
		}
	}
}

// deafSource emits one item each 300 ms until an item is refused. It ignores its ctx.
func deafSource() turbopipes.Observable[int] {
	return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		for i := range 9 {
			time.Sleep(300 * time.Millisecond)
			if !emit(i) {
				return nil
			}
		}
		return nil
	})
}

// waits is a function that ends with its ctx.
func waits(ctx context.Context, _ int) (int, error) {
	<-ctx.Done()
	return 0, context.Cause(ctx)
}

// discarders are the operators that take OnDiscard and no queue, each in a state in which
// it loses items when its ctx ends after a second. Its items come from deafSource.
func discarders(fn func(item any)) []entry {
	hook, drop := turbopipes.OnDiscard(fn), operators.OnDrop[int](nil)
	if fn != nil {
		drop = operators.OnDrop(func(v int) { fn(v) })
	}
	hour, never := time.Hour, turbopipes.Never[int]()
	at := func(v int) time.Time { return time.Unix(int64(v), 0) }
	pairs := func(v int) []int { return []int{2 * v, 2*v + 1} }
	child := func(ctx context.Context) context.Context { return context.WithValue(ctx, deafKey{}, 1) }
	return []entry{
		on("Audit", operators.Audit[int](hour, hook)),
		on("Average", operators.Average[int](hook)),
		on("BufferUntilChanged", operators.BufferUntilChanged(parity, hook)),
		on("BufferWeighted", operators.BufferWeighted(99, func(int) int64 { return 1 }, hook)),
		on("BufferWhen", operators.BufferWhen[int](never, hook)),
		on("BufferWithCount", operators.BufferWithCount[int](99, hook)),
		on("BufferWithTime", operators.BufferWithTime[int](hour, hook)),
		on("BufferWithTimeOrCount", operators.BufferWithTimeOrCount[int](hour, 99, hook)),
		on("Count", operators.Count[int](hook)),
		on("Debounce", operators.Debounce[int](hour, hook)),
		on("Distinct", operators.Distinct(operators.Self[int], operators.WithMaxKeys(1), hook)),
		on("EventTimeWindow", operators.EventTimeWindow(hour, at, drop)),
		on("FlatMapSeq", operators.FlatMapSeq(func(v int) iter.Seq[int] { return slices.Values(pairs(v)) }, hook)),
		on("Intersperse", operators.Intersperse(-1, drop)),
		on("Last", operators.Last[int](hook)),
		on("LastOrDefault", operators.LastOrDefault(-1, hook)),
		on("MapReduce", operators.MapReduce(1, func(ctx context.Context, v int) (int, int, error) { return parity(v), v, nil }, plus, hook)),
		on("Max", operators.Max(ascending, hook)),
		on("Min", operators.Min(ascending, hook)),
		on("RateLimit", operators.RateLimit[int](1, hour, drop)),
		on("Reduce", operators.Reduce(0, plus, hook)),
		on("ReduceWith", operators.ReduceWith(func() int { return 0 }, plus, hook)),
		on("Sample", operators.Sample[int](never, hook)),
		on("Serialize", operators.Serialize(-1, operators.Self[int], hook)),
		on("SessionWindow", operators.SessionWindow[int](hour, hook)),
		on("Single", operators.Single(func(v int) bool { return v == 1 }, hook)),
		on("SkipLast", operators.SkipLast[int](2, hook)),
		on("SlidingWindow", operators.SlidingWindow[int](99, 99, operators.Partial(), hook)),
		on("Sort", operators.Sort(ascending, hook)),
		on("StatefulMap", operators.StatefulMap(opened(1), func(ctx context.Context, s, v int) (int, int, error) {
			_, err := waits(ctx, v)
			return s, v, err
		}, nil, hook)),
		on("Sum", operators.Sum[int](hook)),
		on("TakeLast", operators.TakeLast[int](2, hook)),
		on("Throttle", operators.Throttle[int](hour, operators.WithEdge(operators.BothEdges), hook)),
		on("Timeout", operators.Timeout[int](250*time.Millisecond, drop)),
		on("ToMap", operators.ToMap(parity, hook)),
		on("ToMapWithValueSelector", operators.ToMapWithValueSelector(parity, operators.Self[int], hook)),
		on("ToMultiMap", operators.ToMultiMap(parity, hook)),
		on("ToSlice", operators.ToSlice[int](hook)),
		on("TopK", operators.TopK(2, ascending, hook)),
		on("TryMap", operators.TryMap(waits, hook)),
		from("Unbatch", pairs, operators.Unbatch[int](hook)),
		on("WithContext", operators.WithContext[int](func(ctx context.Context) context.Context {
			ctx, cancel := context.WithCancel(child(ctx))
			time.AfterFunc(time.Second, cancel)
			return ctx
		}, hook)),
	}
}

type deafKey struct{}

// OnDiscard is called for the items that its operator loses, as the hook of ctx is.
func TestOnDiscardHearsOfWhatItsOperatorLoses(t *testing.T) {
	for i, e := range discarders(nil) {
		bubble(t, e.name, func(t *testing.T) {
			var mu sync.Mutex
			var own, all []any
			hook := func(v any) {
				mu.Lock()
				defer mu.Unlock()
				own = append(own, v)
			}
			ctx, cancel := context.WithCancel(turbopipes.WithLossHook(t.Context(), func(l turbopipes.Loss) {
				mu.Lock()
				defer mu.Unlock()
				if l.Stage == e.name {
					all = append(all, l.Item)
				}
			}))
			defer cancel()
			time.AfterFunc(time.Second, cancel)
			require.Error(t, discarders(hook)[i].apply(deafSource()).Drain(ctx))
			require.NotEmpty(t, own)
			require.Equal(t, all, own)
		})
	}
}

// An OnDiscard that panics ends the stream with its panic.
func TestOnDiscardThatPanics(t *testing.T) {
	for _, e := range discarders(func(any) { panic(errLate) }) {
		bubble(t, e.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.ErrorIs(t, e.apply(deafSource()).Drain(ctx), errLate)
		})
	}
}
