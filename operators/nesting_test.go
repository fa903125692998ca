package operators_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// depth is the number of frames on the caller's stack.
func depth() int {
	pcs := make([]uintptr, 1<<16)
	return runtime.Callers(1, pcs)
}

// level makes a chain one longer.
type level func(o turbopipes.Observable[int]) turbopipes.Observable[int]

// levels returns the ways to nest operators that run streams one after another: a stream
// that ends with the rest, and a stream that begins with it.
func levels() map[string]level {
	one := turbopipes.Just(1)
	none := operators.Filter(func(int) bool { return false })(one)
	fails := operators.Concat(turbopipes.Throw[int](errBoom))(none)
	return map[string]level{
		"Concat, in its tail":   func(o turbopipes.Observable[int]) turbopipes.Observable[int] { return operators.Concat(none, o)(none) },
		"Concat, to the left":   func(o turbopipes.Observable[int]) turbopipes.Observable[int] { return operators.Concat(none, none)(o) },
		"Concat, in the middle": func(o turbopipes.Observable[int]) turbopipes.Observable[int] { return operators.Concat(o, none)(none) },
		"OnErrorResumeNext, in its tail": func(o turbopipes.Observable[int]) turbopipes.Observable[int] {
			return operators.OnErrorResumeNext(fails, o)(fails)
		},
		"OnErrorResumeNext, to the left": func(o turbopipes.Observable[int]) turbopipes.Observable[int] {
			return operators.OnErrorResumeNext(fails)(o)
		},
		"both": func(o turbopipes.Observable[int]) turbopipes.Observable[int] {
			return operators.Concat(none, operators.OnErrorResumeNext(fails)(operators.Concat(none)(o)), none)(none)
		},
		"ConcatMap": func(o turbopipes.Observable[int]) turbopipes.Observable[int] {
			return operators.ConcatMap(func(int) turbopipes.Observable[int] { return o })(one)
		},
		"EndWith":   func(o turbopipes.Observable[int]) turbopipes.Observable[int] { return operators.EndWith[int]()(o) },
		"StartWith": func(o turbopipes.Observable[int]) turbopipes.Observable[int] { return operators.StartWith[int]()(o) },
	}
}

// The path of an item between its source and downstream does not grow with the depth.
func TestNestingCostsNothingPerItem(t *testing.T) {
	passed := func(t *testing.T, nest level, depths int) int {
		t.Helper()
		at, frames := 0, 0
		o := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			at = depth()
			emit(7)
			return nil
		})
		for range depths {
			o = nest(o)
		}
		require.NoError(t, o.Each(t.Context(), func(v int) error {
			if v == 7 {
				frames = depth() - at
			}
			return nil
		}))
		require.NotZero(t, frames)
		return frames
	}
	for name, nest := range levels() {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, passed(t, nest, 2), passed(t, nest, 200))
		})
	}
}

// At any depth, a refusal, a panic and the end of ctx have the same effect as for a
// single operator.
func TestNestingKeepsItsEnds(t *testing.T) {
	for name, nest := range levels() {
		t.Run(name, func(t *testing.T) {
			for _, depths := range []int{1, 2, 7} {
				deep := func(o turbopipes.Observable[int]) turbopipes.Observable[int] {
					for range depths {
						o = nest(o)
					}
					return o
				}
				var a alive
				counted := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
					defer a.enter()()
					for i := range 5 {
						if !emit(i) {
							return nil
						}
					}
					return nil
				})
				all, err := deep(counted).Collect(t.Context())
				require.NoError(t, err)
				require.Equal(t, []int{0, 1, 2, 3, 4}, all)

				// Checked detects an item after a refusal, and without Checked, Concat does.
				for _, stream := range []turbopipes.Observable[int]{deep(counted), turbopipes.Checked(deep(counted))} {
					items, err := operators.Take[int](2)(operators.Concat(turbopipes.Just(9))(stream)).Collect(t.Context())
					require.NoError(t, err)
					require.Equal(t, []int{0, 1}, items)
				}

				// An operator in between that refuses is not downstream.
				items, err := deep(operators.Take[int](2)(deep(counted))).Collect(t.Context())
				require.NoError(t, err)
				require.Equal(t, []int{0, 1}, items)
				items, err = operators.Concat(turbopipes.Just(9))(operators.Take[int](2)(deep(counted))).Collect(t.Context())
				require.NoError(t, err)
				require.Equal(t, []int{0, 1, 9}, items)

				require.PanicsWithValue(t, "mine", func() {
					_ = deep(counted).Each(t.Context(), func(int) error { panic("mine") })
				})
				require.Equal(t, errBoom, deep(counted).Each(t.Context(), func(int) error { return errBoom }))

				ctx, cancel := context.WithCancelCause(t.Context())
				err = deep(counted).Each(ctx, func(int) error { cancel(errLate); return nil })
				require.ErrorIs(t, err, errLate)
				a.requireReaped(t)
			}
		})
	}
}

// Each level resumes after the ends of the streams upstream, also after panics, and after
// no other end.
func TestNestingResumes(t *testing.T) {
	bad := operators.Map(func(v int) int {
		if v == 3 {
			panic(errBoom)
		}
		return v
	})(turbopipes.Range(1, 3))
	resume := operators.OnErrorResumeNext[int]
	one := resume(bad)(bad)
	items, err := resume(one, one)(operators.Concat(one)(one)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2}, items)
	items, err = operators.Concat(turbopipes.Just(9))(operators.Concat(bad)(turbopipes.Just(0))).Collect(t.Context())
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, []int{0, 1, 2}, items, "Concat resumes after nothing")
	p := (*turbopipes.PanicError)(nil)
	require.True(t, errors.As(err, &p))
}

// merged nests Merges, with a stream at each level.
func merged(depths int, nest func(o, next turbopipes.Observable[int]) turbopipes.Observable[int], at func(i int) turbopipes.Observable[int]) turbopipes.Observable[int] {
	o := at(0)
	for i := range depths {
		o = nest(o, at(i+1))
	}
	return o
}

// merges are the ways to nest a Merge.
var merges = map[string]func(o, next turbopipes.Observable[int]) turbopipes.Observable[int]{
	"to the left":  func(o, next turbopipes.Observable[int]) turbopipes.Observable[int] { return operators.Merge(next)(o) },
	"to the right": func(o, next turbopipes.Observable[int]) turbopipes.Observable[int] { return operators.Merge(o)(next) },
}

// A Merge in a Merge works like one Merge of all streams: when one stream fails, all are
// reaped, and the items, the bound and the error are the same.
func TestNestedMerge(t *testing.T) {
	for name, nest := range merges {
		const depths = 20
		bubble(t, name+", completion", func(t *testing.T) {
			var a alive
			items, err := merged(depths, nest, func(i int) turbopipes.Observable[int] {
				return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
					defer a.enter()()
					emit(i)
					time.Sleep(time.Duration(i) * time.Second)
					emit(i)
					return nil
				})
			}).Collect(t.Context())
			require.NoError(t, err)
			require.Len(t, items, 2*(depths+1))
			sums := map[int]int{}
			for _, v := range items {
				sums[v]++
			}
			for i := range depths + 1 {
				require.Equal(t, 2, sums[i])
			}
			a.requireReaped(t)
		})
		for which := range depths + 1 {
			waiting := func(a *alive, fails func() error) turbopipes.Observable[int] {
				return merged(depths, nest, func(i int) turbopipes.Observable[int] {
					return turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
						defer a.enter()()
						if i == which && fails != nil {
							time.Sleep(time.Second)
							return fails()
						}
						for emit(i) {
						}
						<-ctx.Done()
						return context.Cause(ctx)
					})
				})
			}
			bubble(t, fmt.Sprintf("%s, stream %d ends it", name, which), func(t *testing.T) {
				var a alive
				slow := func(int) error { time.Sleep(time.Hour); return nil }
				require.Equal(t, errBoom, waiting(&a, func() error { return errBoom }).Each(t.Context(), slow))
				a.requireReaped(t)
				err := waiting(&a, func() error { panic(errBoom) }).Each(t.Context(), slow)
				p := (*turbopipes.PanicError)(nil)
				require.ErrorAs(t, err, &p)
				require.Equal(t, errBoom, p.Value)
				a.requireReaped(t)
				require.ErrorIs(t, waiting(&a, func() error { runtime.Goexit(); return nil }).Each(t.Context(), slow), turbopipes.ErrGoexit)
				a.requireReaped(t)
			})
		}
		bubble(t, name+", the bound", func(t *testing.T) {
			var in counting
			s := merged(depths, nest, func(int) turbopipes.Observable[int] { return in.stream(1000) }).Subscribe(t.Context(), turbopipes.Observer[int]{
				Next: func(int) { time.Sleep(5 * time.Second) },
			})
			time.Sleep(time.Second)
			require.LessOrEqual(t, in.accepted.Load(), int64(depths+2), "one for each stream, and the one that downstream has")
			s.Dispose()
			require.Equal(t, in.begun.Load(), s.Stats().Delivered+s.Stats().Discarded)
		})
		bubble(t, name+", downstream leaves", func(t *testing.T) {
			var a alive
			o := merged(depths, nest, func(int) turbopipes.Observable[int] {
				return turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
					defer a.enter()()
					for emit(1) {
					}
					return nil
				})
			})
			require.NoError(t, operators.Take[int](3)(o).Drain(t.Context()))
			a.requireReaped(t)
		})
	}
	t.Run("an item passes one queue", func(t *testing.T) {
		for name, nest := range merges {
			goroutines := func(depths int) (most int) {
				o := merged(depths, nest, func(int) turbopipes.Observable[int] { return turbopipes.Never[int]() })
				synctest.Test(t, func(t *testing.T) {
					s := o.Subscribe(t.Context(), turbopipes.Observer[int]{})
					synctest.Wait()
					most = runtime.NumGoroutine()
					s.Dispose()
				})
				return most
			}
			few, many := goroutines(10), goroutines(110)
			require.LessOrEqual(t, many-few, 100, "%s: one more for each stream, and none for each level", name)
		}
	})
}

// A chain of a thousand levels with an item each.
func BenchmarkNesting(b *testing.B) {
	const depths = 1000
	for name, nest := range map[string]level{
		"Concat, in its tail": func(o turbopipes.Observable[int]) turbopipes.Observable[int] {
			return operators.Concat(o)(turbopipes.Just(1))
		},
		"Concat, to the left": func(o turbopipes.Observable[int]) turbopipes.Observable[int] {
			return operators.Concat(turbopipes.Just(1))(o)
		},
		"OnErrorResumeNext, in its tail": func(o turbopipes.Observable[int]) turbopipes.Observable[int] {
			return operators.OnErrorResumeNext(o)(turbopipes.Just(1))
		},
		"OnErrorResumeNext, to the left": func(o turbopipes.Observable[int]) turbopipes.Observable[int] {
			return operators.OnErrorResumeNext(turbopipes.Just(1))(o)
		},
		"Merge, to the left": func(o turbopipes.Observable[int]) turbopipes.Observable[int] {
			return operators.Merge(turbopipes.Just(1))(o)
		},
	} {
		b.Run(name, func(b *testing.B) {
			o := turbopipes.Just(1)
			for range depths {
				o = nest(o)
			}
			for b.Loop() {
				_ = o.Drain(b.Context())
			}
			perItem(b, depths)
		})
	}
}
