package operators_test

import (
	"cmp"
	"context"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// orderly returns streams with a part that emits k items and then fails at once. All
// items of that part must be delivered before the failure. For the streams in partial, it
// is enough if the first of them are. If several streams meet, the others are silent, or
// emit the items that the failing part needs.
func orderly() map[string]func(failing turbopipes.Observable[int]) turbopipes.Observable[int] {
	type ints = turbopipes.Observable[int]
	never := turbopipes.Never[int]()
	same := operators.Self[int]
	inner := func(in ints) func(int) ints { return func(int) ints { return in } }
	items := func(g turbopipes.Group[int, int]) ints { return g.Items }
	self := operators.Self[ints]
	queue := turbopipes.WithQueue(2)
	flat := operators.Flatten[int](2)
	return map[string]func(ints) ints{
		"itself":                  func(in ints) ints { return in },
		"Map":                     func(in ints) ints { return operators.Map(same)(in) },
		"ObserveOn":               func(in ints) ints { return operators.ObserveOn[int]()(in) },
		"ObserveOn, twice":        func(in ints) ints { return operators.ObserveOn[int](queue)(operators.ObserveOn[int](queue)(in)) },
		"Prefetch":                func(in ints) ints { return operators.Prefetch[int](1)(in) },
		"SubscribeOn":             func(in ints) ints { return operators.SubscribeOn[int](nil)(in) },
		"KeepAlive":               func(in ints) ints { return operators.KeepAlive(time.Hour, func() int { return -1 })(in) },
		"OnBackpressureBuffer":    func(in ints) ints { return operators.OnBackpressureBuffer[int](4, turbopipes.Block)(in) },
		"LimitRate":               func(in ints) ints { return operators.LimitRate[int](4)(in) },
		"Gate":                    func(in ints) ints { return operators.Gate[int](turbopipes.Never[bool]())(in) },
		"BackpressureTimeout":     func(in ints) ints { return operators.BackpressureTimeout[int](time.Hour)(in) },
		"Extrapolate":             func(in ints) ints { return operators.Extrapolate(nothingElse)(in) },
		"Timeout":                 func(in ints) ints { return operators.Timeout[int](time.Hour)(in) },
		"TakeUntil":               func(in ints) ints { return operators.TakeUntil[int](never)(in) },
		"Merge":                   func(in ints) ints { return operators.Merge(never)(in) },
		"Merge, another":          func(in ints) ints { return operators.Merge(in, never)(never) },
		"Merge, nested":           func(in ints) ints { return operators.Merge(operators.Merge(in)(never))(never) },
		"MergePrioritized":        func(in ints) ints { return operators.MergePrioritized(never)(in) },
		"MergePrioritized, later": func(in ints) ints { return operators.MergePrioritized(in)(never) },
		"Race":                    func(in ints) ints { return operators.Race(never)(in) },
		"Concat":                  func(in ints) ints { return operators.Concat(in)(turbopipes.Empty[int]()) },
		"FlatMap":                 func(in ints) ints { return operators.FlatMap(4, inner(in))(turbopipes.Just(1)) },
		"FlatMap, Buffered": func(in ints) ints {
			return operators.FlatMap(4, inner(in), operators.Buffered(64))(operators.Concat(never)(turbopipes.Just(1)))
		},
		"FlatMap, beside a silent one": func(in ints) ints {
			return operators.FlatMap(2, func(v int) ints {
				if v == 0 {
					return never
				}
				return in
			})(turbopipes.Just(0, 1, 2))
		},
		"Flatten":   func(in ints) ints { return flat(turbopipes.Just(in)) },
		"ConcatMap": func(in ints) ints { return operators.ConcatMap(inner(in))(turbopipes.Just(1)) },
		"SwitchMap": func(in ints) ints { return operators.SwitchMap(inner(in))(operators.Concat(never)(turbopipes.Just(1))) },
		"ExhaustMap": func(in ints) ints {
			return operators.ExhaustMap(inner(in))(operators.Concat(never)(turbopipes.Just(1)))
		},
		"Expand": func(in ints) ints {
			return operators.Expand(1, func(int) ints { return turbopipes.Empty[int]() })(in)
		},
		"GroupBy | FlatMap": func(in ints) ints { return operators.FlatMap(turbopipes.Infinite, items)(operators.GroupBy(same)(in)) },
		"GroupBy | FlatMap, one": func(in ints) ints {
			return operators.FlatMap(4, items)(operators.GroupBy(func(int) int { return 0 })(in))
		},
		"WindowWithCount | FlatMap": func(in ints) ints {
			return operators.FlatMap(turbopipes.Infinite, self)(operators.WindowWithCount[int](7)(in))
		},
		windowsInTurn: func(in ints) ints {
			return operators.ConcatMap(self)(operators.WindowWithTime[int](time.Hour)(in))
		},
		"Zip, a silent other": func(in ints) ints { return operators.Zip(never, func(a, _ int) int { return a })(in) },
		"Zip":                 func(in ints) ints { return operators.Zip(everMore(), func(a, _ int) int { return a })(in) },
		"Zip, Buffered": func(in ints) ints {
			return operators.Zip(everMore(), func(a, _ int) int { return a }, operators.Buffered(64))(in)
		},
		"Zip, the other":           func(in ints) ints { return operators.Zip(in, func(_, b int) int { return b })(everMore()) },
		"Interleave":               func(in ints) ints { return operators.Interleave(1, turbopipes.Empty[int]())(in) },
		"MergeSorted":              func(in ints) ints { return operators.MergeSorted(cmp.Compare[int], turbopipes.Just(-1))(in) },
		"ParallelResults | Unwrap": func(in ints) ints { return operators.Unwrap[int]()(operators.ParallelResults(1, identity)(in)) },
		"Share":                    func(in ints) ints { return operators.Share[int](queue)(in) },
		"ShareReplay":              func(in ints) ints { return operators.ShareReplay[int](2)(in) },
		"Balance":                  func(in ints) ints { return turbopipes.Balance(in, 1)[0] },
		"Broadcast":                func(in ints) ints { return turbopipes.Broadcast(in, 1)[0] },
		"RefCount":                 func(in ints) ints { return turbopipes.Publish(in).RefCount() },
	}
}

const windowsInTurn = "WindowWithTime | ConcatMap"

// partial are the streams of orderly in which an item may wait for a partner or for a
// task. The error does not wait for such an item.
var partial = []string{"Zip", "Zip, Buffered", "Zip, the other", "Zip, a silent other", "MergeSorted", "ParallelResults | Unwrap"}

func nothingElse(int) iter.Seq[int] { return nil }

// everMore emits numbers for ever, at once.
func everMore() turbopipes.Observable[int] {
	return turbopipes.Unfold(0, func(n int) (int, int, bool) { return n, n + 1, true })
}

// An error comes after the items that its own stream has emitted, each time.
func TestErrorsKeepTheirPlace(t *testing.T) {
	fails := map[string]func() error{
		"an error": func() error { return errBoom },
		"a panic":  func() error { panic(errBoom) },
		"Goexit":   func() error { runtime.Goexit(); return nil },
	}
	for name, build := range orderly() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for how, fail := range fails {
				for _, k := range []int{0, 1, 3, 100} {
					if name == "Zip, a silent other" && k > 1 {
						continue // it holds the second item, and so comes to no failure
					}
					rounds := 120 / (1 + k/10)
					for range rounds {
						failing := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
							for i := range k {
								if !emit(i) {
									return nil
								}
							}
							return fail()
						})
						if how == "Goexit" { // on the consumer's own goroutine that would be the test's
							failing = operators.ObserveOn[int]()(failing)
						}
						got, err := build(failing).Collect(t.Context())
						requireFailure(t, how, err)
						switch {
						case slices.Contains(partial, name):
							all := upTo(k)
							if name == "MergeSorted" {
								all = slices.Insert(all, 0, -1)
							}
							require.LessOrEqual(t, len(got), len(all), "%s after %d", how, k)
							require.True(t, slices.Equal(all[:len(got)], got), "%s after %d: %v", how, k, got)
						case strings.Contains(name, "| FlatMap"): // which mixes
							require.ElementsMatch(t, upTo(k), got, "%s after %d", how, k)
						default:
							require.Equal(t, upTo(k), got, "%s after %d", how, k)
						}
					}
				}
			}
		})
	}
}

func upTo(k int) (items []int) {
	for i := range k {
		items = append(items, i)
	}
	return items
}

func requireFailure(t *testing.T, how string, err error) {
	t.Helper()
	if how == "Goexit" {
		require.ErrorIs(t, err, turbopipes.ErrGoexit)
		return
	}
	require.ErrorIs(t, err, errBoom)
}

// The queued items of the other streams are delivered as well, and no more of their items
// are taken.
func TestErrorsWaitForWhatIsQueued(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		gate := make(chan struct{})
		failing := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
			select {
			case <-gate:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			emit(100)
			return errBoom
		})
		other := operators.Map(func(i int) int { return i })(turbopipes.Interval(time.Second))
		var got []int
		err := operators.FlatMap(2, operators.Self[turbopipes.Observable[int]], operators.Buffered(8))(turbopipes.Just(other, failing)).
			Each(t.Context(), func(v int) error {
				if got = append(got, v); len(got) == 1 {
					time.Sleep(3500 * time.Millisecond)
					close(gate)
					time.Sleep(time.Hour)
				}
				return nil
			})
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, []int{0, 1, 2, 3, 100}, got)
	})
}

// The end of ctx, a Dispose and a downstream that leaves overtake an error, and the items
// that wait.
func TestErrorsAreOvertaken(t *testing.T) {
	fails := turbopipes.Create(func(context.Context, func(int) bool) error {
		time.Sleep(time.Second / 10) // not before the first pair of a Zip that reads ahead
		return errBoom
	})
	failing := operators.Concat(fails)(turbopipes.Range(0, 3))
	for name := range orderly() {
		if name == "Zip, a silent other" || name == windowsInTurn {
			continue // no item comes; it returns the error also where downstream has left
		}
		bubble(t, name+", left", func(t *testing.T) {
			var got []int
			held := operators.Do(operators.Hooks[int]{Next: func(v int) {
				got = append(got, v)
				time.Sleep(time.Second) // the failure is in the queue
			}})
			require.NoError(t, operators.Take[int](1)(held(orderly()[name](failing))).Drain(t.Context()))
			require.Len(t, got, 1)
		})
		bubble(t, name+", disposed of", func(t *testing.T) {
			var got []int
			s := orderly()[name](failing).Subscribe(t.Context(), turbopipes.Observer[int]{
				Next: func(v int) {
					got = append(got, v)
					time.Sleep(time.Second)
				},
				Error: func(err error) { t.Error("Error was called with", err) },
			})
			time.Sleep(time.Second / 2)
			s.Dispose()
			require.NoError(t, s.Err())
			require.Len(t, got, 1)
		})
	}
	bubble(t, "the end of ctx", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		err := operators.ObserveOn[int]()(failing).Each(ctx, func(v int) error {
			time.Sleep(time.Second) // the failure is in the queue
			cancel(errLate)
			time.Sleep(time.Second)
			require.Zero(t, v, "nothing comes after the end of ctx")
			return nil
		})
		require.Equal(t, errLate, err)
	})
}
