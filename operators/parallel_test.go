package operators_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

var (
	errBoom = errors.New("boom")
	errLate = errors.New("late")
)

func identity(_ context.Context, v int) (int, error) { return v, nil }

// blocked waits for ctx and takes a second to clean up.
func (a *alive) blocked(ctx context.Context, _ int) (int, error) {
	defer a.enter()()
	<-ctx.Done()
	time.Sleep(time.Second)
	return 0, ctx.Err()
}

// alive counts running tasks.
type alive struct{ now, total atomic.Int64 }

func (a *alive) enter() (leave func()) {
	a.now.Add(1)
	a.total.Add(1)
	return func() { a.now.Add(-1) }
}

func (a *alive) requireReaped(t *testing.T) {
	t.Helper()
	require.Zero(t, a.now.Load(), "alive of %d", a.total.Load())
}

// forms runs test for a Parallel in completion order, in source order, and by key.
func forms(t *testing.T, test func(t *testing.T, parallel form)) {
	t.Helper()
	key := func(v int) int { return v }
	for name, f := range map[string]form{
		"Parallel": operators.Parallel[int, int],
		"Ordered": func(n int, fn func(context.Context, int) (int, error), opts ...operators.ParallelOption) turbopipes.Operator[int, int] {
			return operators.Parallel(n, fn, append(opts, operators.Ordered())...)
		},
		"ParallelBy": func(n int, fn func(context.Context, int) (int, error), opts ...operators.ParallelOption) turbopipes.Operator[int, int] {
			return operators.ParallelBy(n, key, fn, opts...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, f) })
		})
	}
}

type form func(n int, fn func(context.Context, int) (int, error), opts ...operators.ParallelOption) turbopipes.Operator[int, int]

// timedTask is the task of the diagrams: a takes 5 columns, b 2, c 1, d 4.
func timedTask(ctx context.Context, v string) (string, error) {
	takes := map[string]time.Duration{"a": 5 * tptest.Step, "b": 2 * tptest.Step, "c": tptest.Step, "d": 4 * tptest.Step}
	d := time.NewTimer(takes[v])
	defer d.Stop()
	select {
	case <-d.C:
		return v, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func TestParallel(t *testing.T) {
	task := timedTask
	tptest.Doc(t, "parallel.go", "Parallel", operators.Parallel(2, task))
	ordered := operators.Parallel(2, task, operators.Ordered())
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"ordered":                 {ordered, "abd|", "-----(ab)(d|)"},
		"empty":                   {operators.Parallel(2, task), "---|", "---|"},
		"an error at once":        {operators.Parallel(2, task), "-#", "-#"},
		"an error cuts tasks off": {operators.Parallel(2, task), "ac-#", "--c#"},
		"a silent source":         {operators.Parallel(2, task), "c-b---------|", "-c--b-------|"},
		"one at a time":           {operators.Parallel(1, task), "abc|", "-----a-b(c|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out) })
	}
}

// TestParallelRollingWindow is the example of the Python library's README: ten
// tasks of 200 ms, three at a time, and a consumer that takes 100 ms for each but
// the one that failed. The original, whose window does not roll while its
// consumer sleeps, takes 1.71 s.
func TestParallelRollingWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration
		op := operators.ParallelResults(3, func(_ context.Context, v int) (int, error) {
			time.Sleep(200 * time.Millisecond)
			if v == 5 {
				return 0, errBoom
			}
			return v, nil
		})
		err := op(turbopipes.Range(0, 10)).Each(t.Context(), func(r turbopipes.Result[int]) error {
			at = append(at, time.Since(begin))
			if r.Err == nil {
				time.Sleep(100 * time.Millisecond)
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 200*time.Millisecond, at[0], "the first result")
		require.Len(t, at, 10)
		require.Equal(t, 1100*time.Millisecond, time.Since(begin))
	})
}

// docs/faults.md, row 9
func TestParallelSilentUpstream(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		silent := operators.Concat(turbopipes.Never[int]())(turbopipes.Just(1, 2))
		var at []time.Duration
		err := parallel(9, func(_ context.Context, v int) (int, error) {
			time.Sleep(10 * time.Millisecond)
			return v, nil
		})(silent).Each(ctx, func(int) error { at = append(at, time.Since(begin)); return nil })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, []time.Duration{10 * time.Millisecond, 10 * time.Millisecond}, at)
	})
}

// docs/faults.md, rows 1 and 2
func TestParallelError(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		var a alive
		err := parallel(3, func(ctx context.Context, v int) (int, error) {
			switch v {
			case 0:
				time.Sleep(time.Second)
				return 0, errBoom
			case 1:
				<-ctx.Done()
				require.Equal(t, errBoom, context.Cause(ctx))
				return 0, errLate
			}
			_, err := a.blocked(ctx, v)
			return 0, fmt.Errorf("wrapped: %w", err)
		})(turbopipes.Range(0, 100)).Drain(t.Context())
		require.EqualError(t, err, "boom\nlate")
		a.requireReaped(t)
	})
}

// docs/faults.md, row 3
func TestParallelPanic(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		var a alive
		err := parallel(3, func(ctx context.Context, v int) (int, error) {
			if v == 1 {
				time.Sleep(time.Second)
				panic(errBoom)
			}
			return a.blocked(ctx, v)
		})(turbopipes.Range(0, 100)).Drain(t.Context())
		require.ErrorIs(t, err, errBoom)
		var p *turbopipes.PanicError
		require.ErrorAs(t, err, &p)
		require.Contains(t, string(p.Stack), "TestParallelPanic")
		a.requireReaped(t)
	})
}

// docs/faults.md, row 4
func TestParallelGoexit(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		for _, policy := range []operators.Policy{operators.FailFast, operators.FinishInFlight, operators.CollectErrors} {
			err := parallel(3, func(_ context.Context, v int) (int, error) {
				if v == 5 {
					runtime.Goexit()
				}
				return v, nil
			}, operators.WithPolicy(policy))(turbopipes.Range(0, 100)).Drain(t.Context())
			require.ErrorIs(t, err, turbopipes.ErrGoexit)
		}
	})
}

// docs/faults.md, row 5
func TestParallelTaskIgnoresItsContext(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		begin := time.Now()
		var lost []any
		var a alive
		for _, err := range parallel(3, func(_ context.Context, v int) (int, error) {
			defer a.enter()()
			if v > 0 {
				time.Sleep(time.Hour)
			}
			return v, nil
		}, operators.OnDiscard(func(v any) {
			a.requireReaped(t)
			lost = append(lost, v)
		}))(operators.Concat(turbopipes.Never[int]())(turbopipes.Range(0, 3))).Seq(t.Context()) {
			require.NoError(t, err)
			synctest.Wait() // all three have begun
			break
		}
		require.Equal(t, time.Hour, time.Since(begin))
		require.ElementsMatch(t, []any{1, 2}, lost)
		a.requireReaped(t)
	})
}

// docs/faults.md, row 7
func TestParallelUpstreamFails(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		var a alive
		var lost []any
		src := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			for i := range 4 {
				emit(i)
			}
			time.Sleep(time.Second)
			return errBoom
		})
		got := 0
		err := parallel(9, func(ctx context.Context, v int) (int, error) {
			if v == 3 {
				return a.blocked(ctx, v)
			}
			return v, nil
		}, operators.OnDiscard(func(v any) { lost = append(lost, v) }))(src).Each(t.Context(), func(int) error {
			got++
			time.Sleep(2 * time.Second)
			return nil
		})
		require.Equal(t, errBoom, err)
		require.Equal(t, 1, got)
		require.ElementsMatch(t, []any{1, 2, 3}, lost, "two results, and the input of the victim")
		a.requireReaped(t)
	})
}

// docs/faults.md, row 7, the other half
func TestParallelFinishInFlight(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		src := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			emit(1)
			emit(2)
			return errBoom
		})
		got, err := parallel(2, func(ctx context.Context, v int) (int, error) {
			select {
			case <-time.After(time.Second):
				return v, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}, operators.WithPolicy(operators.FinishInFlight))(src).Collect(t.Context())
		require.Equal(t, errBoom, err)
		require.ElementsMatch(t, []int{1, 2}, got)
	})
}

func TestParallelPolicies(t *testing.T) {
	odd := func(_ context.Context, v int) (int, error) {
		time.Sleep(time.Second + time.Duration(v)*100*time.Millisecond)
		if v%2 == 1 {
			return 0, fmt.Errorf("%w %d", errBoom, v)
		}
		return v, nil
	}
	forms(t, func(t *testing.T, parallel form) {
		run := func(opts ...operators.ParallelOption) ([]int, error) {
			return parallel(2, odd, opts...)(turbopipes.Range(0, 6)).Collect(t.Context())
		}
		got, err := run(operators.WithPolicy(operators.FinishInFlight))
		require.Equal(t, []int{0, 2}, got)
		require.EqualError(t, err, "boom 1")

		got, err = run(operators.WithPolicy(operators.CollectErrors))
		require.Equal(t, []int{0, 2, 4}, got)
		require.ElementsMatch(t, []string{"boom 1", "boom 3", "boom 5"}, strings.Split(err.Error(), "\n"))

		got, err = run(operators.WithPolicy(operators.CollectErrors), operators.WithMaxErrors(2))
		require.Equal(t, []int{0, 2, 4}, got)
		require.EqualError(t, err, "boom 1\nboom 3")

		var lost []any
		got, err = run(operators.WithPolicy(operators.SkipErrors), operators.OnDiscard(func(v any) { lost = append(lost, v) }))
		require.Equal(t, []int{0, 2, 4}, got)
		require.NoError(t, err)
		require.Equal(t, []any{1, 3, 5}, lost)
	})
}

// A task that panics or exits ends its worker. The next task runs nevertheless.
func TestParallelPoliciesReplaceWorkers(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		got, err := parallel(2, func(_ context.Context, v int) (int, error) {
			switch v % 3 {
			case 1:
				panic("mine")
			case 2:
				runtime.Goexit()
			}
			return v, nil
		}, operators.WithPolicy(operators.SkipErrors))(turbopipes.Range(0, 30)).Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, got, 10)
	})
}

// docs/faults.md, row 8
func TestParallelUpstreamPanics(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		for _, policy := range []operators.Policy{operators.FailFast, operators.SkipErrors} {
			panics := operators.Map(func(int) int { panic(errBoom) })(turbopipes.Range(0, 9))
			err := parallel(3, identity, operators.WithPolicy(policy))(panics).Drain(t.Context())
			require.ErrorIs(t, err, errBoom)
			exits := operators.Map(func(int) int { runtime.Goexit(); return 0 })(turbopipes.Range(0, 9))
			err = parallel(3, identity, operators.WithPolicy(policy))(exits).Drain(t.Context())
			require.ErrorIs(t, err, turbopipes.ErrGoexit)
		}
	})
}

// docs/faults.md, rows 11, 12 and 13
func TestParallelConsumerLeaves(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		var a alive
		hook := operators.OnDiscard(func(any) { a.requireReaped(t) })
		o := parallel(5, func(ctx context.Context, v int) (int, error) {
			if v == 0 {
				return v, nil
			}
			return a.blocked(ctx, v)
		}, hook)(turbopipes.Range(0, 99))

		require.Equal(t, errBoom, o.Each(t.Context(), func(int) error { return errBoom }))
		a.requireReaped(t)

		for range o.Seq(t.Context()) {
			break
		}
		a.requireReaped(t)

		func() {
			defer func() {
				require.Equal(t, "mine", recover())
				a.requireReaped(t)
			}()
			_ = o.Each(t.Context(), func(int) error { panic("mine") })
		}()

		exited := make(chan struct{})
		go func() {
			defer close(exited)
			defer a.requireReaped(t)
			_ = o.Each(t.Context(), func(int) error { runtime.Goexit(); return nil })
			t.Error("went on")
		}()
		<-exited
	})
}

// docs/faults.md, row 14
func TestParallelSlowConsumer(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		var started atomic.Int64
		delivered := int64(0)
		err := parallel(3, func(_ context.Context, v int) (int, error) {
			started.Add(1)
			return v, nil
		})(turbopipes.Range(0, 50)).Each(t.Context(), func(int) error {
			time.Sleep(time.Hour)
			// While one item is in the consumer's hand, the window fills again.
			delivered++
			require.LessOrEqual(t, started.Load(), delivered+3)
			return nil
		})
		require.NoError(t, err)
		require.EqualValues(t, 50, started.Load())
	})
}

// docs/faults.md, row 15
func TestParallelContextEnds(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		waits := func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
		for name, o := range map[string]turbopipes.Observable[int]{
			"waits for a result":  parallel(3, waits)(turbopipes.Just(1)),
			"the window is full":  parallel(3, waits)(turbopipes.Range(0, 100)),
			"upstream is blocked": parallel(3, waits)(turbopipes.Never[int]()),
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			begin := time.Now()
			time.AfterFunc(time.Second, func() { cancel(errBoom) })
			require.Equal(t, errBoom, o.Drain(ctx), name)
			require.Equal(t, time.Second, time.Since(begin), name)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		calls := 0
		err := parallel(3, identity)(turbopipes.Range(0, 100)).Each(ctx, func(int) error {
			calls++
			cancel(errBoom)
			synctest.Wait()
			return nil
		})
		require.Equal(t, errBoom, err)
		require.Equal(t, 1, calls)
	})
}

// docs/faults.md, row 16
func TestParallelWithinParallel(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		var sum func(depth int) func(ctx context.Context, v int) (int, error)
		sum = func(depth int) func(ctx context.Context, v int) (int, error) {
			return func(ctx context.Context, v int) (int, error) {
				if depth == 0 {
					time.Sleep(time.Millisecond)
					return 1, nil
				}
				total := 0
				err := parallel(2, sum(depth-1))(turbopipes.Range(0, 4)).Each(ctx, func(n int) error { total += n; return nil })
				return total, err
			}
		}
		got, err := sum(4)(t.Context(), 0)
		require.NoError(t, err)
		require.Equal(t, 256, got)
	})
}

// docs/faults.md, row 17
func TestParallelOrderedHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, end := range map[string]func() (int, error){
			"fails":  func() (int, error) { return 0, errBoom },
			"panics": func() (int, error) { panic(errBoom) },
		} {
			var lost []any
			var peak, held atomic.Int64
			src := operators.Do(operators.Hooks[int]{Next: func(int) { peak.Store(max(peak.Load(), held.Add(1))) }})(turbopipes.Range(0, 100))
			got, err := operators.Parallel(4, func(_ context.Context, v int) (int, error) {
				if v == 1 {
					time.Sleep(time.Second)
					return end()
				}
				return v, nil
			}, operators.Ordered(), operators.OnDiscard(func(v any) { lost = append(lost, v) }))(src).Collect(t.Context())
			require.ErrorIs(t, err, errBoom, name)
			require.Equal(t, []int{0}, got, name)
			require.Equal(t, []any{2, 3, 4, 5}, lost, name)
			require.LessOrEqual(t, peak.Load(), int64(1+4+1), name)
		}
	})
}

// docs/faults.md, row 19
func TestParallelDiscardHookPanics(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		var a alive
		calls := 0
		o := parallel(9, func(ctx context.Context, v int) (int, error) {
			if v < 4 {
				return v, nil
			}
			return a.blocked(ctx, v)
		}, operators.OnDiscard(func(any) {
			a.requireReaped(t)
			calls++
			panic("hook")
		}))(turbopipes.Range(0, 9))
		err := o.Each(t.Context(), func(int) error { time.Sleep(time.Second); return errBoom })
		require.ErrorIs(t, err, errBoom)
		var p *turbopipes.PanicError
		require.ErrorAs(t, err, &p)
		require.Equal(t, "hook", p.Value)
		require.Equal(t, 8, calls, "three results and five inputs")
		a.requireReaped(t)

		// The consumer's own panic is the one that goes on.
		func() {
			defer func() { require.Equal(t, "mine", recover()) }()
			_ = o.Each(t.Context(), func(int) error { time.Sleep(time.Second); panic("mine") })
		}()
	})
}

func TestParallelInvalid(t *testing.T) {
	src := turbopipes.Create(func(context.Context, func(int) bool) error { t.Error("subscribed"); return nil })
	key := func(v int) int { return v }
	for want, op := range map[string]turbopipes.Operator[int, int]{
		"Parallel: n is 0, want at least 1":            operators.Parallel(0, identity),
		"Parallel: fn is nil":                          operators.Parallel[int, int](1, nil),
		"Parallel: Buffered: n is -1, want at least 0": operators.Parallel(1, identity, operators.Buffered(-1)),
		"Parallel: option 1 is nil":                    operators.Parallel(1, identity, nil),
		"Parallel: WithPolicy: policy is 9, want FailFast, FinishInFlight, CollectErrors or SkipErrors": operators.Parallel(1, identity, operators.WithPolicy(9)),
		"Parallel: WithMaxErrors: n is 0, want at least 1":                                              operators.Parallel(1, identity, operators.WithMaxErrors(0)),
		"ParallelBy: n is -1, want at least 1":                                                          operators.ParallelBy(-1, key, identity),
		"ParallelBy: fn is nil":                                                                         operators.ParallelBy[int, int, int](1, key, nil),
		"ParallelBy: key is nil":                                                                        operators.ParallelBy[int, int](1, nil, identity),
	} {
		require.EqualError(t, op(src).Drain(t.Context()), "turbopipes: invalid argument: "+want)
	}
	require.ErrorIs(t, operators.ParallelResults[int, int](1, nil)(src).Drain(t.Context()), turbopipes.ErrInvalidArgument)
	require.ErrorIs(t, operators.Tasks[int](0)(turbopipes.Empty[turbopipes.Task[int]]()).Drain(t.Context()), turbopipes.ErrInvalidArgument)
}

func ExampleParallel() {
	urls := turbopipes.Just("go.dev", "pkg.go.dev", "example.com")
	length := func(_ context.Context, url string) (int, error) { return len(url), nil }
	lengths := operators.Parallel(2, length, operators.Ordered())(urls)
	for n, err := range lengths.Seq(context.Background()) {
		fmt.Println(n, err)
	}
	// Output:
	// 6 <nil>
	// 10 <nil>
	// 11 <nil>
}

func BenchmarkParallel(b *testing.B) {
	for _, n := range []int{2, 8, 64} {
		for name, opts := range map[string][]operators.ParallelOption{
			"strict": nil, "ordered": {operators.Ordered()}, "buffered": {operators.Buffered(64)},
		} {
			b.Run(fmt.Sprintf("%s/n=%d", name, n), func(b *testing.B) {
				const items = 1 << 14
				o := operators.Parallel(n, identity, opts...)(turbopipes.Range(0, items))
				b.ReportAllocs()
				for b.Loop() {
					_ = o.Drain(b.Context())
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/items, "ns/item")
			})
		}
	}
}
