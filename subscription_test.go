package turbopipes_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func TestSubscribe(t *testing.T) {
	bubble(t, "completes", func(t *testing.T) {
		var got []int
		completed := 0
		s := tp.Range(0, 3).Subscribe(t.Context(), tp.Observer[int]{
			Next: func(v int) { got = append(got, v) }, Complete: func() { completed++ }, Error: func(error) { t.Error("Error") },
		})
		require.NoError(t, s.Wait())
		<-s.Done()
		require.NoError(t, s.Err())
		require.Equal(t, []int{0, 1, 2}, got)
		require.Equal(t, 1, completed)
		require.Equal(t, tp.Stats{Delivered: 3}, s.Stats())
		s.Dispose()
		require.NoError(t, s.Err())
	})
	bubble(t, "fails", func(t *testing.T) {
		var told error
		s := tp.Throw[int](errBoom).Subscribe(t.Context(), tp.Observer[int]{Error: func(err error) { told = err }, Complete: func() { t.Error("Complete") }})
		require.Equal(t, errBoom, s.Wait())
		require.Equal(t, errBoom, told)
		s.Dispose()
		require.Equal(t, errBoom, s.Err(), "a late Dispose changes nothing")
	})
	bubble(t, "its ctx ends", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var told error
		s := tp.Never[int]().Subscribe(ctx, tp.Observer[int]{Error: func(err error) { told = err }})
		require.NoError(t, s.Err(), "while it runs")
		cancel(errBoom)
		require.Equal(t, errBoom, s.Wait())
		require.Equal(t, errBoom, told)
	})
	bubble(t, "Cancel", func(t *testing.T) {
		var a alive
		s := a.ticks(time.Second).Subscribe(t.Context(), tp.Observer[int]{Error: func(error) { t.Error("Error") }, Complete: func() { t.Error("Complete") }})
		synctest.Wait()
		begin := time.Now()
		s.Cancel()
		require.Zero(t, time.Since(begin))
		require.NoError(t, s.Wait())
		require.Equal(t, time.Hour, time.Since(begin))
		a.requireReaped(t)
	})
	bubble(t, "clean-up fails at Dispose", func(t *testing.T) {
		s := tp.Using(func(context.Context) (int, error) { return 0, nil }, func(int) tp.Observable[int] { return tp.Never[int]() },
			func(int) error { return errLate }).Subscribe(t.Context(), tp.Observer[int]{})
		synctest.Wait()
		s.Dispose()
		require.Equal(t, errLate, s.Err())
	})
}

// docs/faults.md, row 22
func TestDisposeFromWithin(t *testing.T) {
	for _, where := range []string{"next", "task", "upstream", "nested", "error", "complete", "finally", "discard", "a pipeline in a callback"} {
		bubble(t, where, func(t *testing.T) {
			var s *tp.Subscription
			ready := make(chan struct{})
			after := 0 // calls of Next after the current item
			at := func(w string) {
				<-ready
				if w == where {
					s.Dispose()
					require.NoError(t, s.Stop(context.Background()))
					require.Equal(t, tp.ErrReentrant, s.Wait())
				}
			}
			end := tp.Empty[int]()
			if where == "error" {
				end = tp.Throw[int](errBoom)
			}
			disposed := false
			nested := func(ctx context.Context, v int) (int, error) { at("nested"); return v, nil }
			o := tp.Pipe4(tp.Range(0, 9), operators.Concat(end),
				operators.Map(func(v int) int { at("upstream"); return v }),
				operators.Parallel(4, func(ctx context.Context, v int) (int, error) {
					at("task")
					return v, operators.Parallel(2, nested)(tp.Just(1)).Drain(ctx)
				}, operators.OnDiscard(func(any) { at("discard") })),
				operators.Finally[int](func() { at("finally") }))
			s = o.Subscribe(t.Context(), tp.Observer[int]{
				Next: func(int) {
					if disposed {
						after++
					}
					at("next")
					if where == "a pipeline in a callback" {
						_ = tp.Just(1).Each(context.Background(), func(int) error { at(where); return nil })
					}
					disposed = where == "next"
				},
				Error:    func(error) { at("error") },
				Complete: func() { at("complete") },
			})
			close(ready)
			err := s.Wait()
			if where == "error" {
				require.Equal(t, errBoom, err)
			} else {
				require.NoError(t, err)
			}
			require.Zero(t, after)
		})
	}
}

// docs/faults.md, row 23
func TestDisposeFromMany(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a alive
		s := operators.Merge(a.ticks(time.Millisecond))(a.ticks(time.Millisecond)).Subscribe(t.Context(), tp.Observer[int]{
			Error: func(error) { t.Error("Error") }, Complete: func() { t.Error("Complete") },
		})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		var wg sync.WaitGroup
		for i := range 9 {
			wg.Go(func() {
				switch i % 3 {
				case 0:
					_ = s.Wait()
				case 1:
					time.Sleep(time.Second)
					s.Dispose()
				case 2:
					time.Sleep(time.Second)
					_ = s.Stop(ctx)
				}
				a.requireReaped(t)
				require.NoError(t, s.Err())
			})
		}
		wg.Wait()
	})
}

// docs/faults.md, row 25
func TestRequest(t *testing.T) {
	for _, n := range []int64{0, -1, math.MinInt64} {
		bubble(t, fmt.Sprint(n), func(t *testing.T) {
			var told error
			s := tp.Range(0, 9).Subscribe(t.Context(), tp.Observer[int]{Error: func(err error) { told = err }}, tp.InitialRequest(1))
			s.Request(n)
			require.ErrorIs(t, s.Wait(), tp.ErrInvalidArgument)
			require.ErrorIs(t, told, tp.ErrInvalidArgument)
		})
	}
	bubble(t, "demand", func(t *testing.T) {
		var got []int
		s := tp.Range(0, 9).Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) { got = append(got, v) }}, tp.InitialRequest(0))
		synctest.Wait()
		require.Empty(t, got)
		s.Request(2)
		s.Request(1)
		synctest.Wait()
		require.Equal(t, []int{0, 1, 2}, got)
		s.Request(math.MaxInt64 - 1)
		s.Request(math.MaxInt64)
		require.NoError(t, s.Wait())
		require.Len(t, got, 9)
	})
	bubble(t, "disposed of while it waits for demand", func(t *testing.T) {
		s := tp.Range(0, 9).Subscribe(t.Context(), tp.Observer[int]{}, tp.InitialRequest(1))
		synctest.Wait()
		s.Dispose()
		require.Equal(t, tp.Stats{Delivered: 1, Discarded: 1}, s.Stats())
	})
	bubble(t, "a negative InitialRequest", func(t *testing.T) {
		require.ErrorIs(t, tp.Just(1).Subscribe(t.Context(), tp.Observer[int]{}, tp.InitialRequest(-1)).Wait(), tp.ErrInvalidArgument)
		require.ErrorIs(t, tp.Just(1).Subscribe(t.Context(), tp.Observer[int]{}, nil).Wait(), tp.ErrInvalidArgument)
	})
}

// docs/faults.md, row 26
func TestSubscribedTwice(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := tp.Pipe3(tp.Range(0, 100), operators.Scan(0, func(a, v int) int { return a + v }),
			operators.Parallel(4, identity, operators.Ordered()), operators.BufferWithCount[int](3))
		want, err := o.Collect(t.Context())
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				got, err := o.Collect(t.Context())
				require.NoError(t, err)
				require.Equal(t, want, got)
			})
		}
		wg.Wait()
	})
}

// docs/faults.md, rows 27 and 28
func TestObserverFails(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a alive
		var told []error
		o := operators.Merge(a.ticks(time.Millisecond))(a.ticks(time.Millisecond))
		onError := func(err error) { told = append(told, err); a.requireReaped(t) }

		s := o.Subscribe(t.Context(), tp.Observer[int]{Next: func(int) { panic(errBoom) }, Error: onError})
		require.ErrorIs(t, s.Wait(), errBoom)
		require.Len(t, told, 1)
		require.ErrorIs(t, told[0], errBoom)

		s = o.Subscribe(t.Context(), tp.Observer[int]{Next: func(int) { runtime.Goexit() }, Error: onError})
		require.Equal(t, tp.ErrGoexit, s.Wait())
		require.Equal(t, tp.ErrGoexit, told[1])

		exits := operators.TryMap(func(context.Context, int) (int, error) { runtime.Goexit(); return 0, nil })(tp.Just(1))
		require.Equal(t, tp.ErrGoexit, exits.Subscribe(t.Context(), tp.Observer[int]{Error: onError}).Wait())
		require.Equal(t, tp.ErrGoexit, told[2])

		require.ErrorIs(t, tp.Just(1).Subscribe(t.Context(), tp.Observer[int]{Complete: func() { panic(errBoom) }}).Wait(), errBoom)
		require.Equal(t, tp.ErrGoexit, tp.Just(1).Subscribe(t.Context(), tp.Observer[int]{Complete: func() { runtime.Goexit() }}).Wait())
		for _, fail := range []func(error){func(error) { panic(errBoom) }, func(error) { runtime.Goexit() }} {
			err := tp.Throw[int](errLate).Subscribe(t.Context(), tp.Observer[int]{Error: fail}).Wait()
			require.ErrorIs(t, err, errLate)
			require.NotEqual(t, errLate, err, "joined")
		}
		require.Len(t, told, 3)
	})
}

// A subscription inside another one that is disposed of is cut short. It never looks
// complete.
func TestDisposeCutsNestedSubscriptions(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var inner *tp.Subscription
		completed := false
		outer := operators.TryMap(func(ctx context.Context, v int) (int, error) {
			inner = tp.Never[int]().Subscribe(ctx, tp.Observer[int]{Complete: func() { completed = true }})
			return v, inner.Wait()
		})(tp.Just(1)).Subscribe(t.Context(), tp.Observer[int]{})
		synctest.Wait()
		outer.Dispose()
		require.NoError(t, outer.Err())
		require.Error(t, inner.Err())
		require.False(t, completed)
	})
}

// When all is reaped, a Wait inside the subscription has nothing to wait for.
func TestWaitWithinAfterTheEnd(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var inner *tp.Subscription
		var waited error
		outer := operators.Map(func(v int) int {
			inner = tp.Throw[int](errBoom).Subscribe(t.Context(), tp.Observer[int]{})
			<-inner.Done()
			waited = inner.Wait()
			return v
		})(tp.Just(1)).Subscribe(t.Context(), tp.Observer[int]{})
		require.NoError(t, outer.Wait())
		require.Equal(t, errBoom, waited)
	})
}

// ToChannel's goroutine is inside the subscription in which it is started.
func TestDisposeFromWithinToChannel(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var s *tp.Subscription
		ready := make(chan struct{})
		s = operators.TryMap(func(ctx context.Context, v int) (int, error) {
			<-ready
			ch, wait := tp.Defer(func(context.Context) (tp.Observable[int], error) {
				s.Dispose()
				return tp.Just(v), nil
			}).ToChannel(ctx)
			for range ch {
			}
			return v, wait()
		})(tp.Just(1)).Subscribe(t.Context(), tp.Observer[int]{})
		close(ready)
		require.NoError(t, s.Wait())
	})
}

// Items that leave a window or a queue and are then refused are counted.
func TestRefusedItemsAreCounted(t *testing.T) {
	bubble(t, "for want of demand", func(t *testing.T) {
		s := operators.Parallel(3, identity)(tp.Just(1, 2, 3)).Subscribe(t.Context(), tp.Observer[int]{}, tp.InitialRequest(0))
		synctest.Wait()
		s.Dispose()
		require.Equal(t, tp.Stats{Discarded: 3}, s.Stats())
	})
	bubble(t, "by ToChannel", func(t *testing.T) {
		for _, opts := range [][]tp.QueueOption{nil, {tp.WithQueue(1)}, {tp.WithQueue(4), tp.WithOverflow(tp.DropNewest)}} {
			var lost []any
			in, out := 0, 0
			ctx, cancel := context.WithCancel(t.Context())
			counted := operators.Do(operators.Hooks[int]{Next: func(int) { in++ }})(tp.Range(0, 3))
			ch, wait := counted.ToChannel(ctx, append(opts, tp.OnDiscard(func(v any) { lost = append(lost, v) }))...)
			synctest.Wait()
			cancel()
			require.Equal(t, context.Canceled, wait())
			for range ch {
				out++
			}
			require.Equal(t, in, out+len(lost))
		}
	})
}

func ExampleObservable_Subscribe() {
	s := tp.Range(1, 3).Subscribe(context.Background(), tp.Observer[int]{
		Next:     func(v int) { fmt.Println(v) },
		Complete: func() { fmt.Println("done") },
	})
	fmt.Println(s.Wait())
	// Output:
	// 1
	// 2
	// 3
	// done
	// <nil>
}

func BenchmarkSubscribe(b *testing.B) {
	var n atomic.Int64
	o := operators.Map(func(v int) int { return v })(tp.Just(1))
	b.Run("Drain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = o.Drain(b.Context())
		}
	})
	b.Run("Subscribe", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = o.Subscribe(b.Context(), tp.Observer[int]{Next: func(int) { n.Add(1) }}).Wait()
		}
	})
}
