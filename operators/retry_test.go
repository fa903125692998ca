package operators_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestRetry(t *testing.T) {
	tptest.Doc(t, "retry.go", "Retry", operators.Retry[string](1))
	wait := operators.WithBackoff(operators.Constant(3 * tptest.Step))
	for name, c := range map[string]struct {
		op   turbopipes.Operator[string, string]
		runs []string // the last one again and again
		out  string
	}{
		"resets on items":      {operators.Retry[string](1, operators.ResetOnItem()), []string{"-a#", "-b#", "#"}, "-a-b#"}, // 20
		"backs off":            {operators.Retry[string](1, wait), []string{"-a#", "-b|"}, "-a----b|"},                      // 21
		"never":                {operators.Retry[string](0), []string{"-a#", "-b|"}, "-a#"},
		"no error":             {operators.Retry[string](1), []string{"-a|"}, "-a|"},
		"empty":                {operators.Retry[string](1), []string{"--|"}, "--|"},
		"errors at first":      {operators.Retry[string](2), []string{"#"}, "#"},
		"the last error":       {operators.Retry[string](2), []string{"-a#", "-#", "-b#"}, "-a--b#"},
		"without a limit":      {operators.Retry[string](turbopipes.Infinite), []string{"-#", "-#", "-#", "-a|"}, "----a|"},
		"refused by RetryIf":   {operators.Retry[string](9, operators.RetryIf(func(error) bool { return false })), []string{"-a#"}, "-a#"},
		"until it is too late": {operators.Retry[string](9, wait, operators.WithMaxElapsed(6*tptest.Step)), []string{"-#"}, "-----#"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				runs := make([]turbopipes.Observable[string], len(c.runs))
				for i, diagram := range c.runs {
					runs[i] = tptest.Cold[string](s, diagram, nil)
				}
				run := -1
				tptest.Expect(s, c.op(turbopipes.Defer(func(context.Context) (turbopipes.Observable[string], error) {
					run = min(run+1, len(runs)-1)
					return runs[run], nil
				})), c.out, nil)
			})
		})
	}
}

func TestRetryInvalid(t *testing.T) {
	for text, op := range map[string]turbopipes.Operator[int, int]{
		"n is -2, want at least 0, or Infinite":         operators.Retry[int](-2),
		"option 1 is nil":                               operators.Retry[int](1, nil),
		"WithBackoff: backoff is nil":                   operators.Retry[int](1, operators.WithBackoff(nil)),
		"WithJitter: fraction is 1.5, want 0 to 1":      operators.Retry[int](1, operators.WithJitter(1.5)),
		"RetryIf: pred is nil":                          operators.Retry[int](1, operators.RetryIf(nil)),
		"WithMaxElapsed: limit is 0s, want more than 0": operators.Retry[int](1, operators.WithMaxElapsed(0)),
		"OnRetry: fn is nil":                            operators.Retry[int](1, operators.OnRetry(nil)),
	} {
		requireInvalid(t, op, "Retry: "+text)
	}
}

// failing fails with err, and counts its runs.
func failing(a *alive, err error) turbopipes.Observable[int] {
	return turbopipes.Create(func(context.Context, func(int) bool) error {
		defer a.enter()()
		return err
	})
}

// An error that a new attempt can't cure is not tried again, unless RetryIf says so.
func TestRetryLeavesAlone(t *testing.T) {
	always := operators.RetryIf(func(error) bool { return true })
	panicking := operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(1))
	for name, c := range map[string]struct {
		in   turbopipes.Observable[int]
		opts []operators.RetryOption
		runs int64
	}{
		"an error":                        {turbopipes.Throw[int](errBoom), nil, 3},
		"an invalid argument":             {operators.Take[int](-1)(turbopipes.Just(1)), nil, 1},
		"a panic":                         {panicking, nil, 1},
		"a panic, if it is told to":       {panicking, []operators.RetryOption{always}, 3},
		"a cancellation of another ctx's": {turbopipes.Throw[int](context.Canceled), nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			runs := int64(0)
			in := operators.Do(operators.Hooks[int]{Subscribe: func() { runs++ }})(c.in)
			require.Error(t, operators.Retry[int](2, c.opts...)(in).Drain(t.Context()))
			require.Equal(t, c.runs, runs)
		})
	}
	t.Run("a panic of downstream", func(t *testing.T) {
		require.PanicsWithValue(t, "mine", func() {
			_ = operators.Retry[int](2, always)(turbopipes.Just(1)).Each(t.Context(), func(int) error { panic("mine") })
		})
	})
	t.Run("a failed clean-up behind a stop", func(t *testing.T) {
		var a alive
		in := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			defer a.enter()()
			emit(1)
			return errBoom
		})
		_, err := operators.Take[int](1)(operators.Retry[int](2)(in)).Collect(t.Context())
		require.Equal(t, errBoom, err)
		require.EqualValues(t, 1, a.total.Load())
	})
}

// docs/faults.md, row 35: a source that fails at once, for ever.
func TestRetryLooksAtContext(t *testing.T) {
	var a alive
	ctx, cancel := context.WithCancelCause(t.Context())
	in := operators.Finally[int](func() {
		if a.total.Load() == 1000 {
			cancel(errLate)
		}
	})(failing(&a, errBoom))
	require.ErrorIs(t, operators.Retry[int](turbopipes.Infinite)(in).Drain(ctx), errBoom)
	require.EqualValues(t, 1000, a.total.Load())
	a.requireReaped(t)
}

// A run is reaped before the next one begins.
func TestRetryNeverOverlaps(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a alive
		in := turbopipes.Create(func(context.Context, func(int) bool) error {
			a.requireReaped(t)
			leave := a.enter()
			defer leave()
			time.Sleep(time.Second)
			return errBoom
		})
		require.Equal(t, errBoom, operators.Retry[int](3)(operators.Merge(turbopipes.Never[int]())(in)).Drain(t.Context()))
		require.EqualValues(t, 4, a.total.Load())
	})
}

// The wait ends at once when ctx does, or when the subscription is being stopped.
func TestRetryLeavesTheWait(t *testing.T) {
	hourly := operators.Retry[int](turbopipes.Infinite, operators.WithBackoff(operators.Constant(time.Hour)))
	bubble(t, "ctx", func(t *testing.T) {
		var a alive
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(90*time.Minute, func() { cancel(errLate) })
		begin := time.Now()
		err := hourly(failing(&a, errBoom)).Drain(ctx)
		require.EqualError(t, err, "late\nboom", "the last failure after the cause")
		require.ErrorIs(t, err, errLate)
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, 90*time.Minute, time.Since(begin))
		require.EqualValues(t, 2, a.total.Load())
	})
	bubble(t, "a stop", func(t *testing.T) {
		var a alive
		s := hourly(failing(&a, errBoom)).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(90 * time.Minute)
		begin := time.Now()
		require.Equal(t, errBoom, s.Stop(t.Context()), "the failure is passed on")
		require.Zero(t, time.Since(begin))
		require.EqualValues(t, 2, a.total.Load())
	})
	bubble(t, "a failure while it is being stopped", func(t *testing.T) {
		var a alive
		in := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
			defer a.enter()()
			<-ctx.Done()
			return errBoom
		})
		tell := operators.OnRetry(func(int, error, time.Duration) { t.Error("told of an attempt that does not come") })
		s := operators.Retry[int](3, tell)(in).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(time.Second)
		require.Equal(t, errBoom, s.Stop(t.Context()))
		require.EqualValues(t, 1, a.total.Load())
	})
}

// The error that ends the wait is reported together with the failure before the wait,
// unless downstream has left, or another stream has failed.
func TestRetryTellsWhyItWaited(t *testing.T) {
	hourly := operators.Retry[int](turbopipes.Infinite, operators.WithBackoff(operators.Constant(time.Hour)))
	waits := hourly(turbopipes.Throw[int](errBoom))
	inner := func(int) turbopipes.Observable[int] { return waits }
	for name, o := range map[string]turbopipes.Observable[int]{
		"alone":            waits,
		"behind a queue":   operators.ObserveOn[int]()(waits),
		"in a Merge":       operators.Merge(turbopipes.Never[int]())(waits),
		"an inner stream":  operators.FlatMap(2, inner)(turbopipes.Just(1)),
		"in a ConcatMap":   operators.ConcatMap(inner)(turbopipes.Just(1)),
		"in another Retry": operators.Retry[int](3)(waits),
		"behind a Catch":   operators.Catch(func(error) turbopipes.Observable[int] { return turbopipes.Just(1) })(waits),
		"behind a breaker": operators.CircuitBreaker[int](operators.NewBreaker())(waits),
		"in a task": operators.Parallel(2, func(ctx context.Context, _ int) (int, error) {
			return 0, waits.Drain(ctx)
		})(turbopipes.Just(1)),
	} {
		bubble(t, name+", ctx", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			require.EqualError(t, o.Drain(ctx), "context canceled\nboom")
		})
		bubble(t, name+", its deadline", func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.EqualError(t, o.Drain(ctx), "context deadline exceeded\nboom")
		})
		bubble(t, name+", Timeout", func(t *testing.T) {
			err := operators.Timeout[int](time.Second)(o).Drain(t.Context())
			require.EqualError(t, err, "turbopipes: timeout: no item within 1s\nboom")
			require.ErrorIs(t, err, turbopipes.ErrTimeout)
			require.ErrorIs(t, err, errBoom)
			items, err := operators.Timeout[int](time.Second, operators.FallbackTo(turbopipes.Just(7)))(o).Collect(t.Context())
			require.NoError(t, err, "what waited is no failed clean-up")
			require.Equal(t, []int{7}, items)
		})
		bubble(t, name+", downstream leaves", func(t *testing.T) {
			late := operators.Map(func(int) int { return 7 })(turbopipes.Timer(time.Second))
			items, err := operators.Take[int](1)(operators.Merge(o)(late)).Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, []int{7}, items)
			require.NoError(t, operators.TakeFor[int](time.Second)(o).Drain(t.Context()))
			require.NoError(t, operators.Race(late)(o).Drain(t.Context()))
			other := func(v int) turbopipes.Observable[int] {
				if v == 0 {
					return o
				}
				return turbopipes.Just(v)
			}
			two := operators.Take[int](2)(turbopipes.Interval(time.Second))
			require.NoError(t, operators.SwitchMap(other)(two).Drain(t.Context()))
			require.NoError(t, operators.Take[int](1)(operators.Share[int]()(operators.Merge(o)(late))).Drain(t.Context()))
		})
		bubble(t, name+", another stream fails", func(t *testing.T) {
			late := operators.Concat(turbopipes.Throw[int](errLate))(operators.Filter(func(int) bool { return false })(turbopipes.Timer(time.Second)))
			require.Equal(t, errLate, operators.Merge(o)(late).Drain(t.Context()), "that is what counts, alone")
		})
		bubble(t, name+", disposal", func(t *testing.T) {
			require.NoError(t, endedBy(t, o, 0, time.Second, dispose).err)
		})
	}
	bubble(t, "a task has a deadline of its own", func(t *testing.T) {
		tasks := operators.Parallel(2, func(ctx context.Context, _ int) (int, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return 0, waits.Drain(ctx)
		})
		require.EqualError(t, tasks(turbopipes.Just(1)).Drain(t.Context()), "context deadline exceeded\nboom")
	})
	bubble(t, "what Do calls", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errLate) })
		var stopped error
		do := operators.Do(operators.Hooks[int]{Stop: func(cause error) { stopped = cause }, Error: func(error) { t.Error("no error of its own has ended it") }})
		require.ErrorIs(t, do(waits).Drain(ctx), errBoom)
		require.Equal(t, errLate, stopped)
	})
}

func TestRetryJitter(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a alive
		var waits []time.Duration
		op := operators.Retry[int](20, operators.WithBackoff(operators.Constant(time.Second)), operators.WithJitter(0.5),
			operators.OnRetry(func(_ int, _ error, wait time.Duration) { waits = append(waits, wait) }))
		begin := time.Now()
		require.Equal(t, errBoom, op(failing(&a, errBoom)).Drain(t.Context()))
		sum := time.Duration(0)
		for _, wait := range waits {
			require.InDelta(t, time.Second, wait, float64(time.Second/2))
			sum += wait
		}
		require.Len(t, waits, 20)
		require.Equal(t, sum, time.Since(begin))
		require.NotEqual(t, 20*time.Second, sum)
	})
}

func ExampleRetry() {
	tries := 0
	dial := turbopipes.Defer(func(context.Context) (turbopipes.Observable[string], error) {
		if tries++; tries < 3 {
			return turbopipes.Observable[string]{}, errors.New("refused")
		}
		return turbopipes.Just("hello"), nil
	})
	backoff := operators.WithBackoff(operators.Exponential(time.Millisecond, time.Second, 2))
	greeting := operators.Retry[string](5, backoff, operators.WithJitter(0.2))(dial)
	fmt.Println(greeting.Collect(context.Background()))
	fmt.Println("tries:", tries)
	// Output:
	// [hello] <nil>
	// tries: 3
}

func BenchmarkRetry(b *testing.B) { benchmark(b, operators.Retry[int](3)) }
