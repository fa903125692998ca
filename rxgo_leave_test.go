//go:build !turbopipes_norx

package turbopipes_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
)

// endless emits 0, 1, 2 … as fast as downstream takes them.
func (a *alive) endless() tp.Observable[int] {
	return tp.Create(func(_ context.Context, emit func(int) bool) error {
		defer a.enter()()
		for i := 0; emit(i); i++ {
			continue
		}
		return nil
	})
}

// upTo emits n items, and then fails with err, or completes.
func (a *alive) upTo(n int, err error) tp.Observable[int] {
	return tp.Create(func(_ context.Context, emit func(int) bool) error {
		defer a.enter()()
		for i := range n {
			if !emit(i) {
				return nil
			}
		}
		return err
	})
}

func readAll(o rxgo.Iterable, opts ...rxgo.Option) (items []rxgo.Item) {
	for i := range o.Observe(opts...) {
		items = append(items, i)
	}
	return items
}

// failAt returns a function that fails at item n.
func failAt(n int) rxgo.Func {
	return func(_ context.Context, v any) (any, error) {
		if v.(int) >= n {
			return nil, errBoom
		}
		return v, nil
	}
}

// cancelAt returns a function that cancels at item n.
func cancelAt(n int, cancel func()) rxgo.Func {
	return func(_ context.Context, v any) (any, error) {
		if v.(int) == n {
			cancel()
		}
		return v, nil
	}
}

func toString(context.Context, any) (any, error) { return "x", nil }

func rxIdentity(_ context.Context, v any) (any, error) { return v, nil }

func equals(n int) rxgo.Predicate { return func(v any) bool { return v.(int) == n } }

// rxLeaves has usages that leave an endless stream early. Each returns when rxgo's
// output has ended.
func rxLeaves(a *alive) map[string]func(o rxgo.Observable) {
	always := func(error) bool { return true }
	sum := func(_ context.Context, x, y any) (any, error) { return y, nil }
	failing := func(context.Context, any, any) (any, error) { return nil, errBoom }
	return map[string]func(o rxgo.Observable){
		"Take":                  func(o rxgo.Observable) { readAll(o.Take(3)) },
		"Take ToSlice":          func(o rxgo.Observable) { _, _ = o.Take(3).ToSlice(0) },
		"Take buffered":         func(o rxgo.Observable) { readAll(o.Take(3, rxgo.WithBufferedChannel(8))) },
		"TakeWhile":             func(o rxgo.Observable) { readAll(o.TakeWhile(func(v any) bool { return v.(int) < 3 })) },
		"TakeUntil":             func(o rxgo.Observable) { readAll(o.TakeUntil(equals(3))) },
		"First":                 func(o rxgo.Observable) { _, _ = o.First().Get() },
		"First observed":        func(o rxgo.Observable) { readAll(o.First()) },
		"First Run":             func(o rxgo.Observable) { <-o.First().Run() },
		"FirstOrDefault":        func(o rxgo.Observable) { _, _ = o.FirstOrDefault(1).Get() },
		"FirstOrDefault Filter": func(o rxgo.Observable) { _, _ = o.FirstOrDefault(1).Filter(equals(0)).Get() },
		"FirstOrDefault Map":    func(o rxgo.Observable) { _, _ = o.FirstOrDefault(1).Map(rxIdentity).Get() },
		"First Map":             func(o rxgo.Observable) { _, _ = o.First().Map(rxIdentity).Get() },
		"Find":                  func(o rxgo.Observable) { _, _ = o.Find(equals(3)).Get() },
		"ElementAt":             func(o rxgo.Observable) { _, _ = o.ElementAt(3).Get() },
		"Contains":              func(o rxgo.Observable) { _, _ = o.Contains(equals(3)).Get() },
		"All":                   func(o rxgo.Observable) { _, _ = o.All(equals(0)).Get() },
		"SequenceEqual":         func(o rxgo.Observable) { _, _ = o.SequenceEqual(rxgo.Just(7, 8)()).Get() },
		"SequenceEqual of ours": func(o rxgo.Observable) { _, _ = o.SequenceEqual(tp.Just(7, 8)).Get() },
		"ZipFromIterable":       func(o rxgo.Observable) { readAll(o.ZipFromIterable(rxgo.Just(1, 2)(), sum)) },
		"ZipFromIterable longer": func(o rxgo.Observable) {
			readAll(o.Take(2).ZipFromIterable(a.endless(), sum))
		},
		"Map fails":         func(o rxgo.Observable) { readAll(o.Map(failAt(3))) },
		"Map fails, pool":   func(o rxgo.Observable) { readAll(o.Map(failAt(3), rxgo.WithPool(2))) },
		"Map fails, Error":  func(o rxgo.Observable) { _ = o.Map(failAt(3)).Error() },
		"Map fails, Errors": func(o rxgo.Observable) { _ = o.Map(failAt(3)).Errors() },
		"Map fails, ForEach": func(o rxgo.Observable) {
			<-o.Map(failAt(3)).ForEach(func(any) {}, func(error) {}, func() {})
		},
		"Map fails, DoOnNext":      func(o rxgo.Observable) { <-o.Map(failAt(3)).DoOnNext(func(any) {}) },
		"Map fails, DoOnError":     func(o rxgo.Observable) { <-o.Map(failAt(3)).DoOnError(func(error) {}) },
		"Map fails, DoOnCompleted": func(o rxgo.Observable) { <-o.Map(failAt(3)).DoOnCompleted(func() {}) },
		"Map fails, Run":           func(o rxgo.Observable) { <-o.Map(failAt(3)).Run() },
		"Map fails, Send": func(o rxgo.Observable) {
			ch := make(chan rxgo.Item)
			o.Map(failAt(3)).Send(ch)
			for range ch {
				continue
			}
		},
		"Map fails, OnErrorResumeNext": func(o rxgo.Observable) {
			readAll(o.Map(failAt(3)).OnErrorResumeNext(func(error) rxgo.Observable { return rxgo.Just(1)() }))
		},
		"Map fails, OnErrorResumeNext with ours, Take": func(o rxgo.Observable) {
			readAll(o.Map(failAt(3)).OnErrorResumeNext(func(error) rxgo.Observable { return a.endless() }).Take(9))
		},
		"Scan fails":   func(o rxgo.Observable) { readAll(o.Scan(failing)) },
		"Reduce fails": func(o rxgo.Observable) { readAll(o.Reduce(failing)) },
		"Marshal fails": func(o rxgo.Observable) {
			readAll(o.Marshal(func(any) ([]byte, error) { return nil, errBoom }))
		},
		"Distinct fails":        func(o rxgo.Observable) { readAll(o.Distinct(failAt(3))) },
		"AverageInt of strings": func(o rxgo.Observable) { readAll(o.Map(toString).AverageInt()) },
		"SumFloat64 of strings": func(o rxgo.Observable) { readAll(o.Map(toString).SumFloat64()) },
		"FlatMap fails": func(o rxgo.Observable) {
			readAll(o.FlatMap(func(rxgo.Item) rxgo.Observable { return rxgo.Thrown(errBoom) }))
		},
		"FlatMap to ours, Take": func(o rxgo.Observable) {
			readAll(o.FlatMap(func(rxgo.Item) rxgo.Observable { return a.endless() }).Take(3))
		},
		"Buffer, Take":     func(o rxgo.Observable) { readAll(o.BufferWithCount(2).Take(2)) },
		"BufferTime, Take": func(o rxgo.Observable) { readAll(o.BufferWithTimeOrCount(rxgo.WithDuration(time.Second), 2).Take(2)) },
		"StartWith, Take":  func(o rxgo.Observable) { readAll(o.StartWith(rxgo.Just(7, 8)()).Take(3)) },
		"StartWith ours":   func(o rxgo.Observable) { readAll(o.StartWith(a.endless()).Take(3)) },
		"Join with ours":   func(o rxgo.Observable) { readAll(joined(o, a.endless()).Take(1)) },
		"Sample, Take": func(rxgo.Observable) {
			readAll(a.ticks(300 * time.Millisecond).ToRx().Sample(a.ticks(time.Second)).Take(2))
		},
		"Repeat, Take":       func(o rxgo.Observable) { readAll(o.Take(1).Repeat(rxgo.Infinite, nil).Take(5)) },
		"Retry":              func(o rxgo.Observable) { readAll(o.Map(failAt(3)).Retry(3, always)) },
		"Retry, Take":        func(o rxgo.Observable) { readAll(o.Map(failAt(3)).Retry(3, always).Take(5)) },
		"BackOffRetry":       func(o rxgo.Observable) { readAll(o.Map(failAt(3)).BackOffRetry(&backOff{})) },
		"BackOffRetry, Take": func(o rxgo.Observable) { readAll(o.BackOffRetry(&backOff{}).Take(3)) },
		"eager, Take":        func(o rxgo.Observable) { readAll(o.Map(rxIdentity, rxgo.WithObservationStrategy(rxgo.Eager)).Take(3)) },
		"a long chain": func(o rxgo.Observable) {
			readAll(o.Map(rxIdentity).Filter(func(any) bool { return true }).Skip(1).Scan(sum).Take(2).Map(rxIdentity))
		},
		"context of Observe": func(o rxgo.Observable) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			readAll(o.Map(cancelAt(3, cancel)), rxgo.WithContext(ctx))
		},
		"context of an operator upstream": func(o rxgo.Observable) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			readAll(o.Map(cancelAt(3, cancel), rxgo.WithContext(ctx)).Filter(func(any) bool { return true }))
		},
	}
}

func joined(left, right rxgo.Observable) rxgo.Observable {
	return left.Join(func(_ context.Context, l, r any) (any, error) { return l, nil }, right,
		func(v any) time.Time { return time.Unix(int64(v.(int)), 0) }, rxgo.WithDuration(time.Second))
}

// TestRxLeaves checks that nothing of ours is left at the moment in which rxgo's
// output ends, and that all of rxgo's goroutines end as well.
func TestRxLeaves(t *testing.T) {
	var none alive
	require.Greater(t, len(rxLeaves(&none)), 44)
	for name := range rxLeaves(&none) {
		bubble(t, "row 39 "+name, func(t *testing.T) {
			var a alive
			rxLeaves(&a)[name](a.endless())
			a.requireReaped(t)
		})
	}
}

// TestRxWindows checks that inner streams are whole when the outer stream was left,
// and that the source ends then.
func TestRxWindows(t *testing.T) {
	values := func(o rxgo.Iterable) (all []any) {
		for _, i := range readAll(o) {
			all = append(all, i.V)
		}
		return all
	}
	always := func(any) bool { return true } // rxgo's Take(1) ends only at a second item
	second := rxgo.WithDuration(time.Second)
	for name, window := range map[string]func(o rxgo.Observable) rxgo.Observable{
		"by count":         func(o rxgo.Observable) rxgo.Observable { return o.WindowWithCount(3) },
		"by time or count": func(o rxgo.Observable) rxgo.Observable { return o.WindowWithTimeOrCount(second, 3) },
	} {
		bubble(t, name, func(t *testing.T) {
			var a alive
			outer := readAll(window(a.endless()).Map(rxIdentity).TakeUntil(always))
			require.Len(t, outer, 1)
			require.Equal(t, []any{0, 1, 2}, values(outer[0].V.(rxgo.Iterable)))
			time.Sleep(2 * time.Hour) // the source ends in the background
			a.requireReaped(t)
		})
		bubble(t, name+", read slowly", func(t *testing.T) {
			var a alive
			outer := readAll(window(a.ticks(300 * time.Millisecond)).TakeUntil(always))
			require.Equal(t, []any{0, 1, 2}, values(outer[0].V.(rxgo.Iterable)))
			time.Sleep(2 * time.Hour)
			a.requireReaped(t)
		})
		bubble(t, name+", abandoned", func(t *testing.T) {
			var a alive
			outer := readAll(window(a.endless()).TakeUntil(always))
			time.Sleep(2 * time.Hour)
			a.requireReaped(t)
			late := readAll(outer[0].V.(rxgo.Iterable))
			require.ErrorContains(t, late[len(late)-1].E, "nobody was reading it", "a cut window must not read as a complete one")
		})
		bubble(t, name+", left in the middle of one", func(t *testing.T) {
			var a alive
			readAll(window(a.endless()).FlatMap(func(i rxgo.Item) rxgo.Observable { return i.V.(rxgo.Observable) }).Take(4))
			time.Sleep(2 * time.Hour)
			a.requireReaped(t)
		})
		bubble(t, name+", abandoned with a context", func(t *testing.T) {
			var a alive
			ctx, cancel := context.WithCancel(t.Context())
			require.Len(t, readAll(window(a.endless()).TakeUntil(always), rxgo.WithContext(ctx)), 1)
			cancel()
			time.Sleep(2 * time.Hour)
			require.Zero(t, a.now.Load()) // the source may not have begun
		})
	}
	bubble(t, "by time", func(t *testing.T) {
		var a alive
		var got [][]any
		for i := range a.ticks(300 * time.Millisecond).ToRx().WindowWithTime(second).Take(2).Observe() {
			got = append(got, values(i.V.(rxgo.Iterable)))
		}
		require.Equal(t, [][]any{{0, 1, 2}, {3, 4, 5}}, got[:2])
		time.Sleep(2 * time.Hour)
		a.requireReaped(t)
	})
	bubble(t, "dynamic groups, left in the middle of one", func(t *testing.T) {
		var a alive
		readAll(a.endless().ToRx().GroupByDynamic(func(rxgo.Item) string { return "all" }).FlatMap(func(i rxgo.Item) rxgo.Observable {
			return i.V.(rxgo.GroupedObservable)
		}).Take(3))
		time.Sleep(2 * time.Hour)
		a.requireReaped(t)
	})
	bubble(t, "groups", func(t *testing.T) {
		var a alive
		var got [2][]any
		done := make(chan struct{})
		route := func(i rxgo.Item) int { return i.V.(int) % 2 }
		for n, i := range readAll(a.upTo(6, nil).ToRx().GroupBy(2, route).Map(rxIdentity)) {
			go func() { got[n] = values(i.V.(rxgo.Iterable)); done <- struct{}{} }()
		}
		<-done
		<-done
		require.Equal(t, [2][]any{{0, 2, 4}, {1, 3, 5}}, got)
		a.requireReaped(t)
	})
	bubble(t, "groups, out of range", func(t *testing.T) {
		var a alive
		all := readAll(a.endless().ToRx().GroupBy(1, func(i rxgo.Item) int { return i.V.(int) }))
		items := readAll(all[0].V.(rxgo.Iterable))
		require.Len(t, items, 2)
		require.True(t, errors.As(items[1].E, new(rxgo.IndexOutOfBoundError)))
		time.Sleep(2 * time.Hour)
		a.requireReaped(t)
	})
	for name, group := range map[string]func(o rxgo.Observable) rxgo.Observable{
		"groups":         func(o rxgo.Observable) rxgo.Observable { return o.GroupBy(2, func(rxgo.Item) int { return 0 }) },
		"dynamic groups": func(o rxgo.Observable) rxgo.Observable { return o.GroupByDynamic(func(rxgo.Item) string { return "" }) },
	} {
		bubble(t, name+", abandoned with a context", func(t *testing.T) {
			var a alive
			ctx, cancel := context.WithCancel(t.Context())
			all := readAll(group(a.endless()).TakeUntil(always), rxgo.WithContext(ctx))
			require.Equal(t, 0, (<-all[0].V.(rxgo.Iterable).Observe()).V)
			cancel()
			time.Sleep(2 * time.Hour)
			a.requireReaped(t)
		})
	}
}
