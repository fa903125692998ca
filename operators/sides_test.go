package operators_test

import (
	"cmp"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// ticks emits 0, 1, 2 … every d.
func (a *alive) ticks(d time.Duration) turbopipes.Observable[int] {
	return turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
		defer a.enter()()
		t := time.NewTicker(d)
		defer t.Stop()
		for i := 0; ; i++ {
			select {
			case <-t.C:
				if !emit(i) {
					return nil
				}
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	})
}

// ticking emits 0, 1, 2 … every millisecond, for ever, and takes a second to
// unwind.
func (a *alive) ticking() turbopipes.Observable[int] {
	return turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
		defer a.enter()()
		defer time.Sleep(time.Second)
		t := time.NewTicker(time.Millisecond)
		defer t.Stop()
		for i := 0; ; i++ {
			select {
			case <-t.C:
				if !emit(i) {
					return nil
				}
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	})
}

// TestSidesFail has one of several streams fail or panic while the others never
// end: all are joined, and the first error is returned, alone. See docs/faults.md, row 38.
func TestSidesFail(t *testing.T) {
	first := func(x, _ int) int { return x }
	when := func(v int) time.Time { return time.UnixMilli(int64(v)) }
	none := operators.Filter(func(int) bool { return false })
	itself := func(o turbopipes.Observable[int]) turbopipes.Observable[int] { return o }
	grouped := func(g turbopipes.Group[int, int]) turbopipes.Observable[int] { return g.Items }
	for how, bad := range map[string]turbopipes.Observable[int]{
		"fails":  operators.Concat(turbopipes.Throw[int](errBoom))(none(turbopipes.Timer(10 * time.Second))),
		"panics": operators.Map(func(int) int { panic(errBoom) })(turbopipes.Timer(10 * time.Second)),
	} {
		var a alive
		good := a.ticking()
		inner := func(of turbopipes.Observable[int]) func(int) turbopipes.Observable[int] {
			return func(int) turbopipes.Observable[int] { return of }
		}
		for name, o := range map[string]turbopipes.Observable[int]{
			"Merge":                    operators.Merge(bad, good)(good),
			"Merge, upstream":          operators.Merge(good, good)(bad),
			"Zip":                      operators.Zip(bad, first)(good),
			"Zip, upstream":            operators.Zip(good, first)(bad),
			"TakeUntil":                operators.TakeUntil[int](bad)(good),
			"TakeUntil, upstream":      operators.TakeUntil[int](none(good))(bad),
			"FlatMap":                  operators.FlatMap(3, inner(operators.Merge(good)(bad)))(good),
			"FlatMap, upstream":        operators.FlatMap(3, inner(good))(operators.Concat(bad)(turbopipes.Just(1))),
			"FlatMap, fn":              operators.FlatMap(3, func(int) turbopipes.Observable[int] { panic(errBoom) })(good),
			"CombineLatest":            operators.CombineLatest(bad, first)(good),
			"CombineLatest, upstream":  operators.CombineLatest(good, first)(bad),
			"WithLatestFrom":           operators.WithLatestFrom(bad, first)(good),
			"WithLatestFrom, upstream": operators.WithLatestFrom(none(good), first)(bad),
			"ForkJoin":                 operators.Map(func([]int) int { return 0 })(operators.ForkJoin(good, bad)(good)),
			"ForkJoin, upstream":       operators.Map(func([]int) int { return 0 })(operators.ForkJoin(good, good)(bad)),
			"SequenceEqual":            operators.Map(func(bool) int { return 0 })(operators.SequenceEqual(bad, same[int])(good)),
			"MergeSorted":              operators.MergeSorted(cmp.Compare[int], good, bad)(good),
			"MergeSorted, upstream":    operators.MergeSorted(cmp.Compare[int], good)(bad),
			"Interleave":               operators.Interleave(1, good, bad)(good),
			"Interleave, upstream":     operators.Interleave(1, good)(bad),
			"MergePrioritized":         operators.MergePrioritized(good, bad)(good),
			"CombineLatestAll":         operators.Map(func([]int) int { return 0 })(operators.CombineLatestAll[int]()(turbopipes.Just(good, bad))),
			"ZipAll":                   operators.Map(func([]int) int { return 0 })(operators.ZipAll[int]()(turbopipes.Just(good, bad))),
			"Join":                     operators.Join(bad, time.Hour, when, when, first)(good),
			"Join, upstream":           operators.Join(good, time.Hour, when, when, first)(bad),
			"ExhaustMap":               operators.ExhaustMap(inner(bad))(good),
			"ExhaustMap, upstream":     operators.ExhaustMap(inner(good))(operators.Concat(bad)(turbopipes.Just(1))),
			"Expand":                   operators.Expand(2, inner(bad))(good),
			"Expand, upstream":         operators.Expand(2, inner(none(good)))(operators.Concat(bad)(turbopipes.Just(1))),
			"ConcatMap":                operators.ConcatMap(inner(bad))(good),
			"SwitchMap":                operators.SwitchMap(inner(bad))(operators.Concat(turbopipes.Never[int]())(operators.Take[int](1)(good))),
			"SwitchMap, upstream":      operators.SwitchMap(inner(good))(operators.Concat(bad)(turbopipes.Just(1))),
			"SwitchMap, fn":            operators.SwitchMap(func(int) turbopipes.Observable[int] { panic(errBoom) })(good),
			"Debounce":                 operators.Debounce[int](time.Hour)(operators.Merge(good)(bad)),
			"BufferWithTime…":          operators.Map(func([]int) int { return 0 })(operators.BufferWithTimeOrCount[int](time.Hour, 1<<20)(operators.Merge(good)(bad))),
			"ObserveOn":                operators.ObserveOn[int]()(operators.Merge(good)(bad)),
			"Timeout":                  operators.Timeout[int](time.Hour)(operators.Merge(good)(bad)),
			"Timeout's fallback":       operators.Timeout[int](time.Second, operators.FallbackTo(operators.Merge(good)(bad)))(turbopipes.Never[int]()),
			"Catch's stream":           operators.Catch(func(error) turbopipes.Observable[int] { return operators.Merge(good)(bad) })(turbopipes.Throw[int](errLate)),
			"SkipUntil":                operators.SkipUntil[int](bad)(good),
			"SkipUntil, upstream":      operators.SkipUntil[int](none(good))(bad),
			"Sample":                   operators.Sample[int](bad)(good),
			"Sample, upstream":         operators.Sample[int](none(good))(bad),
			"BufferWhen":               operators.Map(func([]int) int { return 0 })(operators.BufferWhen[int](bad, operators.WithMaxItems(1<<20))(good)),
			"BufferWhen, upstream":     operators.Map(func([]int) int { return 0 })(operators.BufferWhen[int](none(good))(bad)),
			"WindowWhen":               operators.FlatMap(turbopipes.Infinite, itself)(operators.WindowWhen[int](bad)(good)),
			"WindowWhen, upstream":     operators.FlatMap(turbopipes.Infinite, itself)(operators.WindowWhen[int](none(good))(operators.Merge(good)(bad))),
			"GroupBy, upstream":        operators.FlatMap(turbopipes.Infinite, grouped)(operators.GroupBy(operators.Self[int])(operators.Merge(operators.Take[int](2)(good))(bad))),
			"DelayWhen":                operators.DelayWhen(inner(bad))(good),
			"DelayWhen, upstream":      operators.DelayWhen(inner(none(good)))(operators.Concat(bad)(turbopipes.Just(1))),
			"Race":                     operators.Race(bad)(none(good)),
			"SwitchAll":                operators.SwitchAll[int]()(operators.Concat(turbopipes.Never[turbopipes.Observable[int]]())(turbopipes.Just(operators.Merge(good)(bad)))),
			"Flatten":                  operators.Flatten[int](3)(turbopipes.Just(good, bad, good)),
			"Gate":                     operators.Gate[int](operators.Map(func(int) bool { return true })(bad))(good),
			"Gate, upstream":           operators.Gate[int](operators.Map(func(int) bool { return true })(good))(bad),
			"SwitchIfEmpty":            operators.SwitchIfEmpty(operators.Merge(good)(bad))(turbopipes.Empty[int]()),
			"OnBackpressureLatest":     operators.OnBackpressureLatest[int]()(operators.Merge(good)(bad)),
			"SubscribeOn":              operators.SubscribeOn[int](func(task func()) { go task() })(operators.Merge(good)(bad)),
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a.now.Store(0)
					err := o.Drain(t.Context())
					require.ErrorIs(t, err, errBoom)
					require.NotErrorIs(t, err, context.Canceled)
					a.requireReaped(t)
					if how == "fails" && name != "FlatMap, fn" && name != "SwitchMap, fn" {
						require.Equal(t, errBoom, err, "alone, and as it is")
					}
				})
			})
		}
	}
}
