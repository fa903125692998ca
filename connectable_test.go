package turbopipes_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func TestPublish(t *testing.T) {
	bubble(t, "connects and stops", func(t *testing.T) {
		var a alive
		c := tp.Publish(a.ticks(time.Second))
		first := collect(t.Context(), c.Observable(), 0)
		time.Sleep(time.Minute)
		require.Zero(t, a.total.Load(), "nothing runs before it is connected")
		conn := c.Connect(t.Context())
		require.Equal(t, conn, c.Connect(t.Context()), "it is connected")
		time.Sleep(1500 * time.Millisecond)
		second := collect(t.Context(), c.Observable(), 0)
		time.Sleep(time.Second)
		conn.Stop()
		a.requireReaped(t)
		require.NoError(t, conn.Wait())
		first.require(t, nil, 0, 1)
		second.require(t, nil, 1)

		third := collect(t.Context(), c.Observable(), 0)
		again := c.Connect(t.Context())
		time.Sleep(1500 * time.Millisecond)
		again.Stop()
		third.require(t, nil, 0)
		conn.Stop()
	})
	for how, end := range map[string]error{"completes": nil, "fails": errBoom} {
		bubble(t, how, func(t *testing.T) {
			src := operators.Concat(tp.Create(func(context.Context, func(int) bool) error { return end }))(tp.Just(1, 2))
			c := tp.Publish(src)
			one := collect(t.Context(), c.Observable(), 0)
			require.Equal(t, end, c.Connect(t.Context()).Wait())
			one.require(t, end, 1, 2)
		})
	}
	bubble(t, "panics", func(t *testing.T) {
		c := tp.Publish(tp.Create(func(context.Context, func(int) bool) error { panic(errBoom) }))
		one := collect(t.Context(), c.Observable(), 0)
		p := (*tp.PanicError)(nil)
		require.ErrorAs(t, c.Connect(t.Context()).Wait(), &p)
		require.ErrorAs(t, one.Wait(), &p)
	})
	bubble(t, "its ctx ends", func(t *testing.T) {
		var a alive
		ctx, cancel := context.WithTimeoutCause(t.Context(), 1500*time.Millisecond, errLate)
		defer cancel()
		c := tp.Publish(operators.Filter(func(int) bool { return false })(a.ticks(time.Second)))
		one := collect(t.Context(), c.Observable(), 0)
		conn := c.Connect(ctx)
		require.Equal(t, errLate, conn.Wait())
		a.requireReaped(t)
		one.require(t, errLate)
		require.Equal(t, errLate, c.Connect(ctx).Wait(), "it is not called")
		require.EqualValues(t, 1, a.total.Load())
	})
	bubble(t, "blocked by a slow subscriber when its ctx ends", func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errLate)
		defer cancel()
		c := tp.Publish(tp.Range(0, 100), tp.WithQueue(2))
		slow := collect(t.Context(), c.Observable(), time.Minute)
		conn := c.Connect(ctx)
		require.Equal(t, errLate, conn.Wait())
		slow.require(t, errLate, 0, 1, 2)
	})
	bubble(t, "from within", func(t *testing.T) {
		var conn *tp.Connection
		ready := make(chan struct{})
		src := tp.Create(func(_ context.Context, emit func(int) bool) error {
			<-ready
			require.Equal(t, tp.ErrReentrant, conn.Wait())
			conn.Stop()
			emit(1)
			return nil
		})
		c := tp.Publish(operators.Concat(tp.Just(2))(src))
		one := c.Observable().Subscribe(t.Context(), tp.Observer[int]{Next: func(int) {
			if err := conn.Wait(); err != nil {
				require.Equal(t, tp.ErrReentrant, err)
			}
			conn.Stop()
		}})
		synctest.Wait()
		conn = c.Connect(t.Context())
		close(ready)
		require.NoError(t, conn.Wait())
		require.NoError(t, one.Wait())
		require.EqualValues(t, 1, one.Stats().Delivered, "what it had in hand; what came behind has not begun")
	})
	bubble(t, "operators flush at a stop", func(t *testing.T) {
		var a alive
		c := tp.Publish(operators.Reduce(0, func(n, _ int) int { return n + 1 })(a.ticks(time.Second)))
		one := collect(t.Context(), c.Observable(), 0)
		conn := c.Connect(t.Context())
		time.Sleep(3500 * time.Millisecond)
		conn.Stop()
		one.require(t, nil, 3)
	})
}

func TestPublishArguments(t *testing.T) {
	for text, c := range map[string]*tp.Connectable[int]{
		"Publish: src is the zero Observable":                                                           tp.Publish(tp.Observable[int]{}),
		"Publish: WithQueue: n is 0, want at least 1":                                                   tp.Publish(tp.Just(1), tp.WithQueue(0)),
		"Publish: WithOverflow: the overflow strategy is 7, want Block, DropNewest, DropOldest or Fail": tp.Publish(tp.Just(1), tp.WithOverflow(7)),
	} {
		text = "turbopipes: invalid argument: " + text
		require.EqualError(t, c.Connect(t.Context()).Wait(), text)
		for _, o := range []tp.Observable[int]{c.Observable(), c.RefCount(), c.AutoConnect(t.Context(), 1)} {
			require.EqualError(t, o.Drain(t.Context()), text)
		}
	}
	c := tp.Publish(tp.Just(1))
	for text, o := range map[string]tp.Observable[int]{
		"RefCount: WithMinSubscribers: n is 0, want at least 1": c.RefCount(tp.WithMinSubscribers(0)),
		"RefCount: WithGrace: idle is 0s, want more than 0":     c.RefCount(tp.WithGrace(0)),
		"RefCount: option 1 is nil":                             c.RefCount(nil),
		"AutoConnect: n is -1, want at least 0":                 c.AutoConnect(t.Context(), -1),
		"AutoConnect: ctx is nil":                               c.AutoConnect(noCtx, 1),
	} {
		require.EqualError(t, o.Drain(t.Context()), "turbopipes: invalid argument: "+text)
	}
	require.ErrorIs(t, c.Connect(noCtx).Wait(), tp.ErrInvalidArgument)
}

type ctxKey struct{}

func TestRefCount(t *testing.T) {
	bubble(t, "the last one to leave reaps", func(t *testing.T) {
		var a alive
		o := tp.Publish(a.ticks(time.Second)).RefCount()
		first, second := collect(t.Context(), o, 0), collect(t.Context(), o, 0)
		time.Sleep(1500 * time.Millisecond)
		require.EqualValues(t, 1, a.total.Load())
		begin := time.Now()
		first.Dispose()
		require.Zero(t, time.Since(begin), "the other one goes on")
		time.Sleep(time.Second)
		second.Dispose()
		require.Equal(t, time.Hour+time.Second, time.Since(begin))
		a.requireReaped(t)
		first.require(t, nil, 0)
		second.require(t, nil, 0, 1)
	})
	bubble(t, "who comes while it is reaped waits", func(t *testing.T) {
		var a alive
		o := tp.Publish(a.ticks(time.Second)).RefCount()
		first := collect(t.Context(), o, 0)
		first.Cancel()
		synctest.Wait()
		begin := time.Now()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errLate)
		defer cancel()
		require.Equal(t, errLate, o.Drain(ctx), "not for ever")
		stopped := collect(t.Context(), o, 0)
		require.NoError(t, stopped.Stop(t.Context()), "nor when it is stopped")
		require.Equal(t, time.Second, time.Since(begin))
		items, err := operators.Take[int](2)(o).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{0, 1}, items)
		require.Equal(t, 2*time.Hour+2*time.Second, time.Since(begin))
		require.EqualValues(t, 2, a.total.Load())
		a.requireReaped(t)
	})
	bubble(t, "values of the first one's ctx, and not its end", func(t *testing.T) {
		src := tp.Create(func(ctx context.Context, emit func(int) bool) error {
			require.Equal(t, "v", ctx.Value(ctxKey{}))
			time.Sleep(time.Minute)
			require.NoError(t, ctx.Err())
			emit(1)
			return nil
		})
		o := tp.Publish(src).RefCount()
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), ctxKey{}, "v"), time.Second)
		defer cancel()
		first := collect(ctx, o, 0)
		second := collect(t.Context(), o, 0)
		first.require(t, context.DeadlineExceeded)
		second.require(t, nil, 1)
	})
	bubble(t, "what its clean-up fails with", func(t *testing.T) {
		o := tp.Publish(tp.Create(func(ctx context.Context, emit func(int) bool) error {
			emit(1)
			<-ctx.Done()
			return errors.Join(context.Cause(ctx), errBoom)
		})).RefCount()
		require.Equal(t, errBoom, operators.Take[int](1)(o).Drain(t.Context()))
	})
	bubble(t, "at least two", func(t *testing.T) {
		var a alive
		o := tp.Publish(a.ticks(time.Second)).RefCount(tp.WithMinSubscribers(2))
		first := collect(t.Context(), o, 0)
		first.Dispose()
		second := collect(t.Context(), o, 0)
		time.Sleep(time.Minute)
		require.Zero(t, a.total.Load(), "one has left")
		third := collect(t.Context(), o, 0)
		time.Sleep(1500 * time.Millisecond)
		second.Dispose()
		third.Dispose()
		second.require(t, nil, 0)
		third.require(t, nil, 0)
		a.requireReaped(t)
	})
	bubble(t, "a grace", func(t *testing.T) {
		var a alive
		o := tp.Publish(a.ticks(time.Second)).RefCount(tp.WithGrace(10 * time.Second))
		first := collect(t.Context(), o, 0)
		begin := time.Now()
		first.Cancel()
		time.Sleep(5500 * time.Millisecond)
		second := collect(t.Context(), o, 0)
		first.require(t, nil)
		require.Equal(t, 5500*time.Millisecond, time.Since(begin), "the leaver has waited for the newcomer")
		time.Sleep(time.Second)
		begin = time.Now()
		second.Dispose()
		require.Equal(t, time.Hour+10*time.Second, time.Since(begin))
		second.require(t, nil, 5)
		require.EqualValues(t, 1, a.total.Load())
		a.requireReaped(t)
	})
	bubble(t, "a grace in which another one comes and goes", func(t *testing.T) {
		var a alive
		o := tp.Publish(a.ticks(time.Second)).RefCount(tp.WithGrace(10 * time.Second))
		first := collect(t.Context(), o, 0)
		begin := time.Now()
		first.Cancel()
		time.Sleep(9 * time.Second)
		second := collect(t.Context(), o, 0)
		second.Cancel()
		third := first
		time.Sleep(9 * time.Second)
		third = collect(t.Context(), o, 0)
		require.EqualValues(t, 1, a.total.Load(), "each has a grace of its own")
		third.Dispose()
		require.Equal(t, time.Hour+28*time.Second, time.Since(begin))
		a.requireReaped(t)
	})
	bubble(t, "a grace in which upstream ends", func(t *testing.T) {
		o := tp.Publish(operators.Take[int](1)(tp.Interval(time.Second))).RefCount(tp.WithGrace(time.Hour))
		begin := time.Now()
		first := collect(t.Context(), o, 0)
		first.Dispose()
		require.Equal(t, time.Second, time.Since(begin))
	})
	bubble(t, "a connection that is another's", func(t *testing.T) {
		var a alive
		c := tp.Publish(a.ticks(time.Second))
		conn := c.Connect(t.Context())
		first := collect(t.Context(), c.RefCount(), 0)
		time.Sleep(1500 * time.Millisecond)
		first.Dispose()
		require.EqualValues(t, 1, a.now.Load(), "it stays")
		conn.Stop()
		a.requireReaped(t)
		first.require(t, nil, 0)
	})
}

// docs/faults.md, row 24: a stop of all subscribers stops upstream, which loses nothing.
func TestRefCountStop(t *testing.T) {
	bubble(t, "a channel", func(t *testing.T) {
		ch := make(chan int)
		go func() {
			defer close(ch)
			for i := range 500 {
				ch <- i
			}
		}()
		o := tp.Publish(tp.FromChannel(ch), tp.WithQueue(3)).RefCount()
		var got []int
		for round := 0; len(got) < 500; round++ {
			c := collect(t.Context(), o, time.Millisecond)
			time.Sleep(time.Duration(round%7) * time.Millisecond)
			require.NoError(t, c.Stop(t.Context()))
			require.Zero(t, c.Stats().Discarded)
			got = append(got, c.items...)
		}
		for i, v := range got {
			require.Equal(t, i, v)
		}
	})
	bubble(t, "one of two, then the other", func(t *testing.T) {
		var a alive
		count := operators.Scan(0, func(n, _ int) int { return n + 1 })
		o := tp.Publish(operators.BufferWithCount[int](10)(count(a.ticks(time.Second)))).RefCount()
		sizes := operators.Map(func(b []int) int { return len(b) })(o)
		one, two := collect(t.Context(), sizes, 0), collect(t.Context(), sizes, 0)
		time.Sleep(12500 * time.Millisecond)
		require.NoError(t, one.Stop(t.Context()))
		require.NoError(t, two.Stop(t.Context()))
		one.require(t, nil, 10)
		two.require(t, nil, 10, 2)
		a.requireReaped(t)
	})
}

func TestAutoConnect(t *testing.T) {
	bubble(t, "with the second, and not again", func(t *testing.T) {
		runs := 0
		src := tp.Create(func(_ context.Context, emit func(int) bool) error {
			runs++
			for i := range 3 {
				time.Sleep(time.Second)
				emit(i)
			}
			return errBoom
		})
		o := tp.Publish(src).AutoConnect(t.Context(), 2)
		one := collect(t.Context(), o, 0)
		time.Sleep(time.Minute)
		require.Zero(t, runs)
		two := collect(t.Context(), o, 0)
		time.Sleep(1500 * time.Millisecond)
		one.Dispose()
		two.Dispose()
		three := collect(t.Context(), o, 0)
		one.require(t, nil, 0)
		two.require(t, nil, 0)
		three.require(t, errBoom, 1, 2)
		collect(t.Context(), o, 0).require(t, errBoom)
		require.Equal(t, 1, runs)
	})
	bubble(t, "at once", func(t *testing.T) {
		var a alive
		ctx, cancel := context.WithCancelCause(t.Context())
		o := tp.Publish(a.ticks(time.Second)).AutoConnect(ctx, 0)
		time.Sleep(1500 * time.Millisecond)
		require.EqualValues(t, 1, a.total.Load())
		one := collect(t.Context(), o, 0)
		time.Sleep(time.Second)
		cancel(errLate)
		one.require(t, errLate, 1)
		a.requireReaped(t)
		collect(t.Context(), o, 0).require(t, errLate)
	})
	bubble(t, "its ctx ends before enough have come", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		o := tp.Publish(tp.Create(func(context.Context, func(int) bool) error { t.Error("called"); return nil })).AutoConnect(ctx, 2)
		one := collect(t.Context(), o, 0)
		cancel(errLate)
		one.require(t, errLate)
		collect(t.Context(), o, 0).require(t, errLate)
	})
}

func TestFromEventSource(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		ch := make(chan int)
		o := tp.FromEventSource(t.Context(), ch)
		ch <- 0 // nobody is subscribed
		synctest.Wait()
		one := collect(t.Context(), o, 0)
		ch <- 1
		synctest.Wait()
		two := collect(t.Context(), o, 0)
		ch <- 2
		close(ch)
		one.require(t, nil, 1, 2)
		two.require(t, nil, 2)
		collect(t.Context(), o, 0).require(t, nil)
	})
	bubble(t, "its ctx ends", func(t *testing.T) {
		ch := make(chan int)
		ctx, cancel := context.WithCancelCause(t.Context())
		o := tp.FromEventSource(ctx, ch, tp.WithQueue(1), tp.WithOverflow(tp.DropOldest))
		one := collect(t.Context(), o, time.Second)
		for i := range 4 {
			ch <- i
			synctest.Wait()
		}
		cancel(errLate)
		one.require(t, errLate, 0, 3)
		collect(t.Context(), o, 0).require(t, errLate)
	})
	for text, o := range map[string]tp.Observable[int]{
		"ctx is nil":                         tp.FromEventSource(noCtx, make(chan int)),
		"ch is nil":                          tp.FromEventSource[int](t.Context(), nil),
		"WithQueue: n is 0, want at least 1": tp.FromEventSource(t.Context(), make(chan int), tp.WithQueue(0)),
	} {
		require.EqualError(t, o.Drain(t.Context()), "turbopipes: invalid argument: FromEventSource: "+text)
	}
}

func ExamplePublish() {
	numbers := tp.Publish(tp.Range(1, 4)).AutoConnect(context.Background(), 2)
	sum := operators.Reduce(0, func(a, v int) int { return a + v })(numbers)
	count := operators.Reduce(0, func(n, _ int) int { return n + 1 })(numbers)
	both := operators.Zip(count, func(sum, n int) string { return fmt.Sprintf("%d/%d", sum, n) })(sum)
	fmt.Println(both.Collect(context.Background())) // both pairs come from one run
	// Output: [10/4] <nil>
}

func ExampleFromEventSource() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	clicks := make(chan string)
	events := tp.FromEventSource(ctx, clicks)
	close(clicks)
	fmt.Println(events.Collect(ctx))
	// Output: [] <nil>
}
