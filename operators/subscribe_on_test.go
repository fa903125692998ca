package operators_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// placings returns the arguments that SubscribeOn is tested with.
func placings() map[string]func(func()) {
	return map[string]func(func()){
		"nil":       nil,
		"elsewhere": func(task func()) { go task() },
		"at once":   func(task func()) { task() },
		"twice":     func(task func()) { go task(); task() },
	}
}

func TestSubscribeOn(t *testing.T) {
	for how, run := range placings() {
		op := operators.SubscribeOn[string](run)
		for name, c := range map[string]struct {
			in, out string
			opts    []tptest.Option
		}{
			"empty":             {"--|", "--|", nil},
			"items":             {"a-b-(cd|)", "a-b-(cd|)", nil},
			"an error at first": {"#", "#", nil},
			"an error later":    {"-a-b-#", "-a-b-#", nil},
			"upstream is held":  {"abc|", "0:a 5:b 10:c 15:|", []tptest.Option{tptest.Busy(5 * tptest.Step)}},
		} {
			t.Run(how+", "+name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out, c.opts...) })
		}
		t.Run(how+", as documented", func(t *testing.T) { tptest.Doc(t, "subscribe_on.go", "SubscribeOn", op) })
	}
	later := operators.SubscribeOn[string](func(task func()) { time.AfterFunc(2*tptest.Step, task) })
	t.Run("later", func(t *testing.T) { tptest.Marbles(t, "a-b|", later, "--a-b|") })
	never := operators.SubscribeOn[string](func(func()) {})
	t.Run("never", func(t *testing.T) { tptest.Marbles(t, "a-b|", never, "----!") })
}

// Upstream runs on the goroutine that run chooses, and downstream on the subscriber's.
func TestSubscribeOnPlaces(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		pool := make(chan func())
		var inPool atomic.Bool
		go func() {
			for task := range pool {
				inPool.Store(true)
				task()
				inPool.Store(false)
			}
		}()
		defer close(pool)
		in := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			require.True(t, inPool.Load())
			emit(1)
			return nil
		})
		op := operators.SubscribeOn[int](func(task func()) { pool <- task })
		items, err := op(operators.Map(operators.Self[int])(in)).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{1}, items)
		err = op(in).Each(t.Context(), func(int) error { return errBoom })
		require.Equal(t, errBoom, err)
	})
}

// If upstream has not begun when the subscription ends, it does not begin afterwards.
// If it has begun, the end waits for it.
func TestSubscribeOnEndsBefore(t *testing.T) {
	bubble(t, "it was not begun", func(t *testing.T) {
		in := turbopipes.Create(func(context.Context, func(int) bool) error { t.Error("called"); return nil })
		var kept func()
		op := operators.SubscribeOn[int](func(task func()) { kept = task })
		in = operators.Do(operators.Hooks[int]{Subscribe: func() { t.Error("subscribed") }})(in)
		s := endedBy(t, op(in), 0, time.Second, dispose)
		require.Equal(t, time.Second, s.took)
		kept()
	})
	for how, run := range placings() {
		bubble(t, "it was, "+how, func(t *testing.T) {
			var a alive
			op := operators.SubscribeOn[int](run)
			s := endedBy(t, op(a.ticking()), 0, 10500*time.Microsecond, dispose)
			a.requireReaped(t)
			require.Len(t, s.items, 10)
			require.Equal(t, time.Second+10500*time.Microsecond, s.took)
			require.NoError(t, s.err)
			require.Zero(t, s.stats.Discarded)
		})
	}
}

func TestSubscribeOnHandsOverWithoutAQueue(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var source counting
		op := operators.SubscribeOn[int](func(task func()) { go task() })
		s := endedBy(t, op(source.stream(10)), time.Second, 2500*time.Millisecond, dispose)
		require.Equal(t, []int{0, 1, 2}, s.items)
		require.EqualValues(t, 3, source.accepted.Load())
		require.EqualValues(t, 4, source.begun.Load(), "and one in its hand")
		require.EqualValues(t, 1, s.stats.Discarded)
	})
}

// A fault on either goroutine becomes the stream's error, and upstream is joined.
func TestSubscribeOnFaults(t *testing.T) {
	var a alive
	for name, c := range map[string]struct {
		run func(func())
		in  turbopipes.Observable[int]
		is  error
	}{
		"upstream panics":                    {func(task func()) { go task() }, operators.Map(func(int) int { panic(errBoom) })(a.ticking()), errBoom},
		"upstream panics at once":            {func(task func()) { task() }, operators.Map(func(int) int { panic(errBoom) })(a.ticking()), errBoom},
		"upstream exits":                     {func(task func()) { go task() }, operators.Map(func(int) int { runtime.Goexit(); return 0 })(a.ticking()), turbopipes.ErrGoexit},
		"upstream exits at once":             {func(task func()) { task() }, operators.Map(func(int) int { runtime.Goexit(); return 0 })(a.ticking()), turbopipes.ErrGoexit},
		"run panics":                         {func(func()) { panic(errBoom) }, a.ticking(), errBoom},
		"run panics, and upstream has begun": {func(task func()) { go task(); time.Sleep(5500 * time.Microsecond); panic(errBoom) }, a.ticking(), errBoom},
		"run exits":                          {func(func()) { runtime.Goexit() }, a.ticking(), turbopipes.ErrGoexit},
		"run exits, and upstream has begun":  {func(task func()) { go task(); time.Sleep(5500 * time.Microsecond); runtime.Goexit() }, a.ticking(), turbopipes.ErrGoexit},
		"clean-up fails":                     {func(task func()) { go task() }, operators.Merge(boom[int](time.Second))(failingCleanUp[int](errLate)), errLate},
	} {
		bubble(t, name, func(t *testing.T) {
			a.now.Store(0)
			err := operators.SubscribeOn[int](c.run)(c.in).Drain(t.Context())
			require.ErrorIs(t, err, c.is)
			require.NotErrorIs(t, err, context.Canceled)
			a.requireReaped(t)
		})
	}
}

func TestSubscribeOnGracefulStop(t *testing.T) {
	for how, run := range placings() {
		bubble(t, how, func(t *testing.T) {
			count := operators.Reduce(100, func(n, _ int) int { return n + 1 })
			s := endedBy(t, operators.SubscribeOn[int](run)(count(turbopipes.Interval(time.Second))), 0, 2500*time.Millisecond, stop)
			require.Equal(t, []int{102}, s.items, "the Reduce flushes")
			require.True(t, s.completed)
		})
	}
}

// A dispose from within upstream is seen as such.
func TestSubscribeOnDisposedFromWithin(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var s *turbopipes.Subscription
		subscribed := make(chan struct{})
		in := operators.Do(operators.Hooks[int]{Next: func(int) { <-subscribed; s.Dispose() }})(turbopipes.Interval(time.Second))
		s = operators.SubscribeOn[int](func(task func()) { go task() })(in).Subscribe(t.Context(), turbopipes.Observer[int]{})
		close(subscribed)
		require.NoError(t, s.Wait())
	})
}

func ExampleSubscribeOn() {
	locked := func(task func()) {
		go func() {
			runtime.LockOSThread() // for a C library that wants one thread
			defer runtime.UnlockOSThread()
			task()
		}()
	}
	frames := operators.SubscribeOn[int](locked)(turbopipes.Range(1, 3))
	fmt.Println(frames.Collect(context.Background()))
	// Output: [1 2 3] <nil>
}

func BenchmarkSubscribeOn(b *testing.B) {
	benchmark(b, operators.SubscribeOn[int](func(task func()) { go task() }))
}
