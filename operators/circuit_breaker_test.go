package operators_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestCircuitBreaker(t *testing.T) {
	closed := func() *operators.Breaker { return operators.NewBreaker(operators.WithThreshold(1000)) }
	tptest.Doc(t, "circuit_breaker.go", "CircuitBreaker", operators.CircuitBreaker[string](closed()))
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"completion":        {"-a-b|", "-a-b|"},
		"an error at first": {"#", "#"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Marbles(t, c.in, operators.CircuitBreaker[string](closed()), c.out)
		})
	}
	t.Run("open", func(t *testing.T) {
		open := broken(t, operators.WithCooldown(time.Hour))
		tptest.Marbles(t, "a-b|", operators.CircuitBreaker[string](open), "#", tptest.Error(turbopipes.ErrCircuitOpen))
	})
	for text, b := range map[string]*operators.Breaker{
		"b is nil":                    nil,
		"b is not made by NewBreaker": new(operators.Breaker),
		"NewBreaker: option 1 is nil": operators.NewBreaker(nil),
		"NewBreaker: WithThreshold: n is 0, want at least 1":                       operators.NewBreaker(operators.WithThreshold(0)),
		"NewBreaker: WithCooldown: pause is 0s, want more than 0":                  operators.NewBreaker(operators.WithCooldown(0)),
		"NewBreaker: WithFailureRate: rate is 0, want more than 0 and at most 1":   operators.NewBreaker(operators.WithFailureRate(0, time.Second, 1)),
		"NewBreaker: WithFailureRate: rate is 1.5, want more than 0 and at most 1": operators.NewBreaker(operators.WithFailureRate(1.5, time.Second, 1)),
		"NewBreaker: WithFailureRate: rate is NaN, want more than 0 and at most 1": operators.NewBreaker(operators.WithFailureRate(math.NaN(), time.Second, 1)),
		"NewBreaker: WithFailureRate: window is 0s, want more than 0":              operators.NewBreaker(operators.WithFailureRate(0.5, 0, 1)),
		"NewBreaker: WithFailureRate: least is 0, want at least 1":                 operators.NewBreaker(operators.WithFailureRate(0.5, time.Second, 0)),
	} {
		requireInvalid(t, operators.CircuitBreaker[int](b), "CircuitBreaker: "+text)
		_, err := operators.Guarded(b, identity)(t.Context(), 1)
		require.EqualError(t, err, "turbopipes: invalid argument: Guarded: "+text)
		require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
	}
	require.Nil(t, operators.Guarded[int, int](closed(), nil))
}

// broken returns a Breaker that one failure has opened. The next failure opens it again.
func broken(t *testing.T, opts ...operators.BreakerOption) *operators.Breaker {
	t.Helper()
	b := operators.NewBreaker(append(opts, operators.WithThreshold(1))...)
	require.Equal(t, errBoom, operators.CircuitBreaker[int](b)(turbopipes.Throw[int](errBoom)).Drain(t.Context()))
	return b
}

// calls counts the subscriptions of o.
func calls[T any](o turbopipes.Observable[T], n *int) turbopipes.Observable[T] {
	return operators.Do(operators.Hooks[T]{Subscribe: func() { *n++ }})(o)
}

func TestCircuitBreakerOpensAndCloses(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		guard := operators.CircuitBreaker[int](operators.NewBreaker())
		n := 0
		bad, good := guard(calls(turbopipes.Throw[int](errBoom), &n)), guard(calls(turbopipes.Just(1), &n))
		for range 5 {
			require.Equal(t, errBoom, bad.Drain(t.Context()))
		}
		time.Sleep(time.Second)
		require.EqualError(t, good.Drain(t.Context()), "turbopipes: circuit open: CircuitBreaker: no trial for another 29s")
		require.Equal(t, 5, n, "it is left alone")

		time.Sleep(29 * time.Second)
		require.Equal(t, errBoom, bad.Drain(t.Context()), "a trial that fails")
		require.ErrorIs(t, good.Drain(t.Context()), turbopipes.ErrCircuitOpen)

		time.Sleep(30 * time.Second)
		s := guard(calls(turbopipes.Never[int](), &n)).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(time.Second)
		require.EqualError(t, good.Drain(t.Context()), "turbopipes: circuit open: CircuitBreaker: a trial is running")
		s.Dispose() // it says nothing
		require.NoError(t, good.Drain(t.Context()))
		for range 4 {
			require.Equal(t, errBoom, bad.Drain(t.Context()), "closed, it counts afresh")
		}
		require.NoError(t, good.Drain(t.Context()))
	})
}

// The first item and the end of a run decide whether it was a success. A row has a trial
// run and the answer to the next subscription: a successful trial closes the Breaker.
func TestCircuitBreakerJudges(t *testing.T) {
	one := turbopipes.Just(1)
	waiting := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
		emit(1)
		<-ctx.Done()
		return errors.Join(context.Cause(ctx), errLate)
	})
	failing := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		require.False(t, emit(1))
		return errLate
	})
	const inNext = -1
	mine := func(int) error { panic("mine") }
	for name, c := range map[string]struct {
		in     turbopipes.Observable[int]
		fn     func(int) error // of the consumer
		within time.Duration   // until ctx ends
		then   string          // the state at the next subscription
	}{
		"completion":            {in: one, then: "closed"},
		"empty":                 {in: turbopipes.Empty[int](), then: "closed"},
		"a stop":                {in: silent(one), fn: func(int) error { return errLate }, then: "closed"},
		"a failing stop":        {in: failing, fn: func(int) error { return errLate }, then: "closed"},
		"an error":              {in: turbopipes.Throw[int](errLate), then: "open"},
		"another cancellation":  {in: turbopipes.Throw[int](context.Canceled), then: "open"},
		"a panic":               {in: operators.Map(func(int) int { panic(errLate) })(one), then: "open"},
		"a panic of downstream": {in: one, fn: mine, then: "closed"},
		"the end of ctx":        {in: turbopipes.Never[int](), within: time.Second, then: "a trial"},
		"its end after an item": {in: silent(one), within: time.Second, then: "closed"},
		"its end in Next":       {in: turbopipes.Just(1, 2), within: inNext, then: "closed"},
		"an error after items":  {in: operators.Concat(turbopipes.Throw[int](errLate))(one), then: "open"},
		"its end in a wait":     {in: operators.Retry[int](1, operators.WithBackoff(operators.Constant(time.Hour)))(turbopipes.Throw[int](errLate)), within: time.Second, then: "a trial"},
		"ctx, and a failure":    {in: waiting, within: time.Second, then: "open"},
	} {
		bubble(t, name, func(t *testing.T) {
			b := broken(t)
			guard := operators.CircuitBreaker[int](b)
			time.Sleep(30 * time.Second)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if c.within > 0 {
				time.AfterFunc(c.within, func() { cancel(errBoom) })
			}
			func() {
				defer func() { require.Equal(t, name == "a panic of downstream", recover() != nil) }()
				_ = guard(c.in).Each(ctx, func(v int) error {
					if c.within == inNext {
						cancel(errBoom)
						time.Sleep(time.Second) // until emit refuses
					}
					if c.fn != nil {
						return c.fn(v)
					}
					return nil
				})
			}()
			s := guard(turbopipes.Never[int]()).Subscribe(t.Context(), turbopipes.Observer[int]{})
			time.Sleep(time.Second)
			err := guard(one).Drain(t.Context())
			s.Dispose()
			switch c.then {
			case "closed":
				require.NoError(t, err)
			case "a trial":
				require.ErrorContains(t, err, "a trial is running")
			default:
				require.ErrorContains(t, err, "no trial for another")
			}
		})
	}
}

func TestCircuitBreakerGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		guard := operators.CircuitBreaker[int](broken(t))
		time.Sleep(30 * time.Second)
		for range 3 {
			s := endedBy(t, guard(turbopipes.Interval(time.Second)), 0, time.Second/2, stop)
			require.True(t, s.completed)
		}
		waits := guard(turbopipes.Never[int]()).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(time.Second)
		require.ErrorContains(t, guard(turbopipes.Just(1)).Drain(t.Context()), "a trial is running", "a stopped trial has said nothing, and made room")
		waits.Dispose()
		s := endedBy(t, guard(turbopipes.Interval(time.Second)), 0, 1500*time.Millisecond, stop)
		require.True(t, s.completed)
		waits = guard(turbopipes.Never[int]()).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(time.Second)
		require.NoError(t, guard(turbopipes.Just(1)).Drain(t.Context()), "an item before the stop has closed it")
		waits.Dispose()
	})
}

// A downstream that leaves before the first item says nothing about upstream.
func TestCircuitBreakerLeft(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		guard := operators.CircuitBreaker[int](broken(t))
		time.Sleep(30 * time.Second)
		for range 3 {
			require.NoError(t, operators.TakeFor[int](time.Second)(guard(turbopipes.Never[int]())).Drain(t.Context()))
			require.NoError(t, operators.Take[int](1)(operators.Merge(guard(turbopipes.Never[int]()))(turbopipes.Just(1))).Drain(t.Context()))
		}
		waits := guard(turbopipes.Never[int]()).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(time.Second)
		require.ErrorContains(t, guard(turbopipes.Just(1)).Drain(t.Context()), "a trial is running")
		waits.Dispose()
	})
}

// A stream that goes on reports success at its first item, while it runs.
func TestCircuitBreakerGoesOn(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		b := operators.NewBreaker(operators.WithThreshold(2))
		guard := operators.CircuitBreaker[int](b)
		bad := guard(turbopipes.Throw[int](errBoom))
		for range 2 {
			require.Equal(t, errBoom, bad.Drain(t.Context()))
		}
		require.ErrorIs(t, bad.Drain(t.Context()), turbopipes.ErrCircuitOpen)
		time.Sleep(30 * time.Second)
		s := guard(silent(turbopipes.Just(1))).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(time.Second)
		require.Equal(t, errBoom, bad.Drain(t.Context()), "the trial has closed it, and runs")
		on := guard(silent(turbopipes.Just(1))).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(time.Second)
		require.Equal(t, errBoom, bad.Drain(t.Context()), "not in a row")
		require.Equal(t, errBoom, bad.Drain(t.Context()))
		require.ErrorIs(t, bad.Drain(t.Context()), turbopipes.ErrCircuitOpen)
		s.Dispose()
		on.Dispose()
	})
}

// Every third call fails: never two in a row, but more than the rate allows.
func TestCircuitBreakerFailureRate(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		b := operators.NewBreaker(operators.WithThreshold(2), operators.WithFailureRate(0.3, time.Minute, 9), operators.WithCooldown(time.Minute))
		fn := operators.Guarded(b, func(_ context.Context, v int) (int, error) {
			if v%3 == 2 {
				return 0, errBoom
			}
			return v, nil
		})
		for v := range 30 { // too few in a minute
			_, err := fn(t.Context(), v)
			require.NotErrorIs(t, err, turbopipes.ErrCircuitOpen)
			time.Sleep(10 * time.Second)
		}
		time.Sleep(time.Minute)
		for v := range 9 {
			_, err := fn(t.Context(), v)
			require.NotErrorIs(t, err, turbopipes.ErrCircuitOpen)
			time.Sleep(time.Second)
		}
		_, err := fn(t.Context(), 0)
		require.ErrorIs(t, err, turbopipes.ErrCircuitOpen, "three of nine")
		time.Sleep(time.Minute)
		_, err = fn(t.Context(), 0)
		require.NoError(t, err, "the trial")
		_, err = fn(t.Context(), 2)
		require.Equal(t, errBoom, err, "closed, it counts afresh")
		_, err = fn(t.Context(), 0)
		require.NoError(t, err)
	})
}

func ExampleWithFailureRate() {
	// Open when at least half of the calls of the last minute have failed, of 4 or more.
	b := operators.NewBreaker(operators.WithFailureRate(0.5, time.Minute, 4))
	lookUp := operators.Guarded(b, func(_ context.Context, v int) (int, error) {
		if v%2 == 1 {
			return 0, errors.New("no route to host")
		}
		return v, nil
	})
	for v := range 5 {
		_, err := lookUp(context.Background(), v)
		fmt.Println(errors.Is(err, turbopipes.ErrCircuitOpen))
	}
	// Output:
	// false
	// false
	// false
	// false
	// true
}

func TestGuarded(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		b := operators.NewBreaker(operators.WithThreshold(2), operators.WithCooldown(time.Minute))
		n := 0
		fn := operators.Guarded(b, func(_ context.Context, v int) (int, error) {
			n++
			switch v {
			case 0:
				return 0, errBoom
			case 1:
				panic(errBoom)
			case 2:
				runtime.Goexit()
			}
			return 10 * v, nil
		})
		call := func(v int) (r int, err error) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { _ = recover() }()
				r, err = fn(t.Context(), v)
			}()
			<-done
			return r, err
		}
		for _, first := range []int{0, 1, 2} {
			for _, second := range []int{0, 1, 2} {
				n = 0
				_, _ = call(first)
				_, _ = call(second)
				r, err := call(7)
				require.EqualError(t, err, "turbopipes: circuit open: Guarded: no trial for another 1m0s")
				require.Zero(t, r)
				require.Equal(t, 2, n)
				time.Sleep(time.Minute)
				r, err = call(7)
				require.NoError(t, err)
				require.Equal(t, 70, r)
			}
		}
	})
}

func TestGuardedCancelled(t *testing.T) {
	b := broken(t, operators.WithCooldown(time.Nanosecond))
	fn := operators.Guarded(b, func(ctx context.Context, v int) (int, error) { return v, context.Cause(ctx) })
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errLate)
	for range 3 {
		_, err := fn(ctx, 1)
		require.Equal(t, errLate, err, "each is a trial that says nothing")
	}
	_, err := fn(t.Context(), 1)
	require.NoError(t, err)
}

// A result that came in spite of the cancellation is a success.
func TestGuardedSucceedsLate(t *testing.T) {
	b := broken(t, operators.WithCooldown(time.Nanosecond))
	ctx, cancel := context.WithCancel(t.Context())
	fn := operators.Guarded(b, func(context.Context, int) (int, error) { cancel(); return 7, nil })
	r, err := fn(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, 7, r)
	waits := operators.CircuitBreaker[int](b)(turbopipes.Never[int]()).Subscribe(t.Context(), turbopipes.Observer[int]{})
	defer waits.Dispose()
	_, err = fn(t.Context(), 1)
	require.NoError(t, err, "closed, so what waits is no trial")
}

// An open Breaker does not hide that ctx has ended, and a dead ctx is no trial.
func TestCircuitBreakerDeadContext(t *testing.T) {
	b := broken(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errLate)
	err := operators.CircuitBreaker[int](b)(turbopipes.Just(1)).Push(ctx, func(int) bool { return true })
	require.Equal(t, errLate, err)
}

// One Breaker serves tasks and streams at the same time.
func TestCircuitBreakerShared(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		b := operators.NewBreaker(operators.WithThreshold(3))
		var began atomic.Int64
		fn := operators.Guarded(b, func(context.Context, int) (int, error) {
			began.Add(1)
			time.Sleep(time.Second)
			return 0, errBoom
		})
		open := 0
		err := operators.ParallelResults(2, fn)(turbopipes.Range(0, 20)).Each(t.Context(), func(r turbopipes.Result[int]) error {
			if errors.Is(r.Err, turbopipes.ErrCircuitOpen) {
				open++
			}
			return nil
		})
		require.NoError(t, err)
		require.EqualValues(t, 4, began.Load(), "two at a time, until three have failed")
		require.Equal(t, 16, open)
		require.ErrorIs(t, operators.CircuitBreaker[int](b)(turbopipes.Just(1)).Drain(t.Context()), turbopipes.ErrCircuitOpen)
	})
}

func ExampleCircuitBreaker() {
	down := turbopipes.Throw[string](errors.New("no route to host"))
	prices := operators.CircuitBreaker[string](operators.NewBreaker(operators.WithThreshold(2)))(down)
	for range 3 {
		err := prices.Drain(context.Background())
		fmt.Println(errors.Is(err, turbopipes.ErrCircuitOpen))
	}
	// Output:
	// false
	// false
	// true
}

func ExampleGuarded() {
	b := operators.NewBreaker(operators.WithThreshold(1))
	lookUp := operators.Guarded(b, func(context.Context, string) (int, error) { return 0, errors.New("no route to host") })
	results := operators.TryMap(operators.AsResults(lookUp))(turbopipes.Just("apple", "pear"))
	for r, err := range results.Seq(context.Background()) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(errors.Is(r.Err, turbopipes.ErrCircuitOpen))
	}
	// Output:
	// false
	// true
}

func BenchmarkCircuitBreaker(b *testing.B) {
	benchmark(b, operators.CircuitBreaker[int](operators.NewBreaker()))
}
