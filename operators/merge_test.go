package operators_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestMerge(t *testing.T) {
	doc := tptest.DocDiagram(t, "merge.go", "Merge")
	for name, c := range map[string]struct {
		a      string
		others []string
		out    string
	}{
		"as documented":          {doc["a"], []string{doc["b"]}, doc["out"]},
		"three":                  {"a--d---|", []string{"-b--e--|", "--c--f-|"}, "abcdef-|"},
		"none":                   {"-a-|", nil, "-a-|"},
		"empty ones":             {"-|", []string{"--|", "|"}, "--|"},
		"an error at first":      {"#", []string{"-b-"}, "#"},
		"an error later":         {"-a-#", []string{"b---b-"}, "ba-#"},
		"an error in another":    {"-a---a-", []string{"b--#"}, "ba-#"},
		"one that never ends":    {"-a|", []string{"b---"}, "ba--!"},
		"order within each":      {"0:a 0:b 1:c 1:d 2:|", []string{"----|"}, "0:a 0:b 1:c 1:d 4:|"},
		"its end is not the end": {"a|", []string{"--b|"}, "a-b|"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				others := make([]turbopipes.Observable[string], len(c.others))
				for i, diagram := range c.others {
					others[i] = tptest.Cold[string](s, diagram, nil)
				}
				tptest.Expect(s, operators.Merge(others...)(tptest.Cold[string](s, c.a, nil)), c.out, nil)
			})
		})
	}
	requireInvalid(t, operators.Merge(turbopipes.Just(1), turbopipes.Observable[int]{}), "Merge: others[1] is the zero Observable")
}

// All are subscribed at once, and reaped when one fails.
func TestMergeReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "-a----a-", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!"))
		b := tptest.Cold[string](s, "--b#", nil, tptest.Subscribed("^--!"))
		// Once: the failure stays the first, though ctx ends while a unwinds.
		tptest.Expect(s, operators.Merge(b)(a), "-ab--#", nil, tptest.Once())
	})
}

// The error of a clean-up is joined after the failure.
func TestMergeJoinsErrors(t *testing.T) {
	for name, c := range map[string]struct {
		cleanUp error
		text    string
	}{
		"an echo":    {nil, "boom"},
		"a real one": {errLate, "boom\nlate"},
	} {
		bubble(t, name, func(t *testing.T) {
			in := failingCleanUp[int](c.cleanUp)
			require.EqualError(t, operators.Merge(boom[int](time.Second))(in).Drain(t.Context()), c.text)
		})
	}
}

// Each source may be one item ahead of a slow downstream, and no more.
func TestMergeHoldsItsSources(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a, b counting
		merged := operators.Merge(b.stream(10))(a.stream(10))
		s := endedBy(t, merged, time.Second, 2500*time.Millisecond, dispose)
		require.Len(t, s.items, 3, "the third is with downstream")
		require.EqualValues(t, 5, a.accepted.Load()+b.accepted.Load(), "3 taken, and 2 wait")
		require.EqualValues(t, 7, a.begun.Load()+b.begun.Load(), "and each has one in its hand")
		require.EqualValues(t, 4, s.stats.Discarded, "what waited, and what was in their hands")
	})
}

func TestMergeGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		evens := operators.Map(func(v int) int { return 2 * v })(turbopipes.Interval(3 * time.Second))
		count := operators.Reduce(100, func(n, _ int) int { return n + 1 })(turbopipes.Interval(2 * time.Second))
		s := endedBy(t, operators.Merge(count)(evens), 0, 7*time.Second, stop)
		require.Equal(t, []int{0, 2, 103}, s.items, "the Reduce flushes")
		require.True(t, s.completed)
		require.Zero(t, s.stats.Discarded)
	})
}

func ExampleMerge() {
	keyboard := turbopipes.Just("k1", "k2")
	mouse := turbopipes.Just("m1", "m2", "m3")
	inputs, err := operators.Merge(mouse)(keyboard).Collect(context.Background())
	slices.Sort(inputs) // the order between the two is that of their arrival
	fmt.Println(inputs, err)
	// Output: [k1 k2 m1 m2 m3] <nil>
}

func BenchmarkMerge(b *testing.B) { benchmark(b, operators.Merge(turbopipes.Empty[int]())) }

// The helpers below are for the tests of all operators with their own goroutines.

// ending is the outcome of a subscription.
type ending[T any] struct {
	mu   sync.Mutex // guards lost
	lost []any      // the items of the calls of WithLossHook

	items     []T
	err       error
	completed bool
	stats     turbopipes.Stats
	took      time.Duration
}

// endedBy subscribes to o, with a downstream that takes busy for each item. It calls end
// after the time after, and returns the outcome.
func endedBy[T any](t *testing.T, o turbopipes.Observable[T], busy, after time.Duration, end func(*testing.T, *turbopipes.Subscription)) (e *ending[T]) {
	t.Helper()
	e = new(ending[T])
	begin := time.Now()
	ctx := turbopipes.WithLossHook(t.Context(), func(l turbopipes.Loss) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.lost = append(e.lost, l.Item)
	})
	s := o.Subscribe(ctx, turbopipes.Observer[T]{
		Next: func(v T) {
			e.items = append(e.items, v)
			time.Sleep(busy)
		},
		Complete: func() { e.completed = true },
	})
	time.Sleep(after)
	end(t, s)
	e.err, e.stats, e.took = s.Wait(), s.Stats(), time.Since(begin)
	return e
}

func dispose(_ *testing.T, s *turbopipes.Subscription) { s.Dispose() }

func stop(t *testing.T, s *turbopipes.Subscription) {
	t.Helper()
	_ = s.Stop(t.Context()) // Wait returns its error
}

// itself is for a subscription that ends by itself.
func itself(*testing.T, *turbopipes.Subscription) {}

// counting is a source that emits as fast as it may, and counts.
type counting struct{ begun, accepted atomic.Int64 }

// stream emits 0 … n-1.
func (c *counting) stream(n int) turbopipes.Observable[int] {
	return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		for i := range n {
			c.begun.Add(1)
			if !emit(i) {
				return nil
			}
			c.accepted.Add(1)
		}
		return nil
	})
}

// deaf emits 0 … n-1, one per second, and checks only the result of emit.
func deaf(n int) turbopipes.Observable[int] {
	return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		for i := range n {
			time.Sleep(time.Second)
			if !emit(i) {
				return nil
			}
		}
		return nil
	})
}

// failingCleanUp waits for the end of its ctx. It then fails with the cause of ctx and
// err, joined.
func failingCleanUp[T any](err error) turbopipes.Observable[T] {
	return turbopipes.Create(func(ctx context.Context, _ func(T) bool) error {
		<-ctx.Done()
		return errors.Join(context.Cause(ctx), err)
	})
}

// silent waits for ever after o is complete.
func silent[T any](o turbopipes.Observable[T]) turbopipes.Observable[T] {
	return operators.Concat(turbopipes.Never[T]())(o)
}

// boom fails after a while.
func boom[T any](after time.Duration) turbopipes.Observable[T] {
	return turbopipes.Create(func(ctx context.Context, _ func(T) bool) error {
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-timer.C:
			return errBoom
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// timed emits its numbers, from 0, that many seconds after the subscription, or
// as soon afterwards as emit lets it.
func timed(at ...time.Duration) turbopipes.Observable[int] {
	return turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
		begin := time.Now()
		timer := time.NewTimer(0)
		defer timer.Stop()
		for i, after := range at {
			timer.Reset(time.Until(begin.Add(after * time.Second)))
			select {
			case <-timer.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			if !emit(i) {
				return nil
			}
		}
		return nil
	})
}
