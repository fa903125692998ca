package operators_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// TestParallelBounds measures the window from outside: at most n tasks run, and
// at most n, or n+k, tasks and results are held, also while the consumer sleeps.
func TestParallelBounds(t *testing.T) {
	for _, n := range []int{1, 2, 7, 1000} {
		for _, k := range []int{0, 1, 50} {
			forms(t, func(t *testing.T, parallel form) {
				var running, peak, held, most atomic.Int64
				raise := func(of *atomic.Int64, v int64) {
					for o := of.Load(); v > o && !of.CompareAndSwap(o, v); o = of.Load() {
					}
				}
				items := 2*n + 3*k + 10
				src := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
					for i := range items {
						if !emit(i) {
							return nil
						}
						raise(&most, held.Add(1))
					}
					return nil
				})
				got := 0
				err := parallel(n, func(_ context.Context, v int) (int, error) {
					raise(&peak, running.Add(1))
					defer running.Add(-1)
					time.Sleep(time.Second)
					return v, nil
				}, operators.Buffered(k))(src).Each(t.Context(), func(int) error {
					held.Add(-1)
					if got++; got%(n+k) == 1 {
						time.Sleep(time.Minute)
					}
					return nil
				})
				require.NoError(t, err)
				require.Equal(t, items, got)
				require.EqualValues(t, n, peak.Load(), "tasks at once")
				// Exactly the window: it is counted a moment late on both sides.
				require.LessOrEqual(t, most.Load(), int64(n+k+1))
				require.GreaterOrEqual(t, most.Load(), int64(n+k))
			})
		}
	}
}

// labelled counts the goroutines that carry the library's label.
func labelled(t *testing.T) (n int) {
	t.Helper()
	var profile strings.Builder
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&profile, 1))
	for record := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(record, `"turbopipes":"`) {
			same := 0
			_, _ = fmt.Sscan(record, &same)
			n += same
		}
	}
	return n
}

// TestParallelManyBlocked disposes of 10,000 tasks in every way there is, and
// counts tasks and goroutines when the call has returned.
func TestParallelManyBlocked(t *testing.T) {
	const tasks = 10_000
	var a alive
	var sourceRuns atomic.Int64
	full := make(chan struct{}, 1)
	source := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
		sourceRuns.Add(1)
		defer sourceRuns.Add(-1)
		for i := 0; emit(i); i++ {
		}
		return nil
	})
	cleanup := time.Duration(0)
	blocked := operators.Parallel(tasks+1, func(ctx context.Context, v int) (int, error) {
		if v == 0 {
			<-full // delivered once all the others have begun
			return v, nil
		}
		defer a.enter()()
		if a.now.Load() == tasks {
			select {
			case full <- struct{}{}:
			default: // others have seen it too
			}
		}
		<-ctx.Done()
		time.Sleep(cleanup)
		return 0, ctx.Err()
	})(source)
	ways := map[string]func(t *testing.T){
		"Dispose": func(*testing.T) {
			next := make(chan struct{})
			s := blocked.Subscribe(context.Background(), turbopipes.Observer[int]{Next: func(int) { close(next) }})
			<-next
			s.Dispose()
		},
		"from a callback": func(*testing.T) {
			ready := make(chan struct{})
			var s *turbopipes.Subscription
			s = blocked.Subscribe(context.Background(), turbopipes.Observer[int]{Next: func(int) { <-ready; s.Dispose() }})
			close(ready)
			_ = s.Wait()
		},
		"from four goroutines": func(t *testing.T) {
			next := make(chan struct{})
			s := blocked.Subscribe(context.Background(), turbopipes.Observer[int]{Next: func(int) { close(next) }})
			<-next
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					s.Dispose()
					a.requireReaped(t)
				})
			}
			wg.Wait()
		},
		"break": func(*testing.T) {
			for range blocked.Seq(context.Background()) {
				break
			}
		},
		"panic": func(*testing.T) {
			defer func() { _ = recover() }()
			for range blocked.Seq(context.Background()) {
				panic("mine")
			}
		},
		"Goexit": func(*testing.T) {
			exited := make(chan struct{})
			go func() {
				defer close(exited)
				for range blocked.Seq(context.Background()) {
					runtime.Goexit()
				}
			}()
			<-exited
		},
	}
	for name, way := range ways {
		for _, d := range []time.Duration{0, 50 * time.Millisecond} {
			t.Run(fmt.Sprint(name, " ", d), func(t *testing.T) {
				before := runtime.NumGoroutine()
				synctest.Test(t, func(t *testing.T) {
					full, cleanup = make(chan struct{}, 1), d
					way(t)
					a.requireReaped(t)
					require.Zero(t, sourceRuns.Load(), "the source has not unwound")
					synctest.Wait() // a goroutine that has ended its work may be on its last instruction
					require.Zero(t, labelled(t), "goroutines of the library's")
				})
				for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
					runtime.Gosched()
				}
				require.LessOrEqual(t, runtime.NumGoroutine(), before)
			})
		}
	}
}

func TestParallelStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a alive
		o := operators.Parallel(7, a.blocked)(turbopipes.Range(0, 100))
		s := o.Subscribe(t.Context(), turbopipes.Observer[int]{})
		synctest.Wait()
		require.Equal(t, turbopipes.Stats{Running: 7}, s.Stats())
		s.Dispose()
		require.Equal(t, turbopipes.Stats{Discarded: 8}, s.Stats(), "the inputs of the victims, and the item in upstream's hand")

		s = operators.Parallel(4, identity, operators.Buffered(2))(turbopipes.Range(0, 100)).
			Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(int) { time.Sleep(time.Second) }})
		time.Sleep(2500 * time.Millisecond)
		s.Dispose()
		require.Equal(t, turbopipes.Stats{Delivered: 3, Discarded: 7}, s.Stats())
	})
}

// Tasks that have ended don't count as running while the others are reaped.
func TestParallelStatsWhileReaping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := operators.Parallel(5, func(ctx context.Context, v int) (int, error) {
			switch v {
			case 0:
				time.Sleep(time.Second)
				return 0, errBoom
			case 1:
				time.Sleep(time.Hour)
				return 0, nil
			}
			<-ctx.Done()
			return 0, ctx.Err()
		})(turbopipes.Range(0, 100)).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(time.Minute)
		require.EqualValues(t, 1, s.Stats().Running)
		require.Equal(t, errBoom, s.Wait())
	})
}

// All items of a source are delivered, at whatever moment the stop comes.
func TestParallelStopLosesNothing(t *testing.T) {
	forms(t, func(t *testing.T, parallel form) {
		ch := make(chan int)
		go func() {
			defer close(ch)
			for i := range 1000 {
				ch <- i
				time.Sleep(time.Millisecond)
			}
		}()
		var got []int
		subscriptions := 0
		for ; len(got) < 1000; subscriptions++ {
			s := parallel(2, func(_ context.Context, v int) (int, error) {
				time.Sleep(3 * time.Millisecond)
				return v, nil
			}, operators.Buffered(subscriptions%3))(turbopipes.FromChannel(ch)).
				Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) { got = append(got, v) }})
			time.Sleep(time.Duration(subscriptions%11) * time.Millisecond)
			require.NoError(t, s.Stop(t.Context()))
		}
		slices.Sort(got)
		for i, v := range got {
			require.Equal(t, i, v)
		}
		require.Greater(t, subscriptions, 50)
	})
}

func TestParallelAllocatesNothingPerItem(t *testing.T) {
	run := func(items int) float64 {
		o := operators.Parallel(4, identity)(turbopipes.Range(0, items))
		ordered := operators.Parallel(4, identity, operators.Ordered())(turbopipes.Range(0, items))
		keyed := operators.ParallelBy(4, func(v int) int { return v % 16 }, identity)(turbopipes.Range(0, items))
		return testing.AllocsPerRun(10, func() {
			_ = o.Drain(context.Background())
			_ = ordered.Drain(context.Background())
			_ = keyed.Drain(context.Background())
		})
	}
	few, many := run(100), run(2_100)
	require.Less(t, many-few, 100.0, "allocations for 6,000 more items")
}
