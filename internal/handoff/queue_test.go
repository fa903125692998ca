package handoff

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/turbopipes/turbopipes/internal/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestQueue(t *testing.T) {
	q := New[int](2)
	require.True(t, q.Put(1))
	require.True(t, q.Put(2))
	_, out := q.Offer(3, DropNewest)
	require.Equal(t, Dropped, out)
	lost, out := q.Offer(4, DropOldest)
	require.Equal(t, Dropped, out)
	require.Equal(t, 1, lost)
	lost, out = q.Offer(5, Fail)
	require.Equal(t, Overflowed, out)
	require.Equal(t, 5, lost)
	require.Equal(t, Dropped, q.OfferIdle(6))
	v, ok := q.Withdraw()
	require.True(t, ok)
	require.Equal(t, 4, v)
	v, ok = q.Next()
	require.True(t, ok)
	require.Equal(t, 2, v)
	q.Close(errors.New("end"))
	_, ok = q.Next()
	require.False(t, ok)
	require.EqualError(t, q.Err(), "end")
}

func TestQueueBlocksAndHalts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](1)
		var put []bool
		go func() { put = append(put, q.Put(1), q.Put(2), q.Put(3)) }()
		time.Sleep(time.Second)
		v, ok := q.Next()
		require.True(t, ok)
		require.Equal(t, 1, v)
		synctest.Wait()
		q.Halt()
		synctest.Wait()
		require.Equal(t, []bool{true, true, false}, put)
		require.Equal(t, []int{2}, q.Left())
		_, out := q.Offer(4, DropOldest)
		require.Equal(t, Refused, out)
		require.Equal(t, Refused, q.OfferIdle(4))
		_, ok = q.Next()
		require.False(t, ok)
	})
}

// The close frees a producer that waits for room, and the items in the queue are
// still taken.
func TestQueueCloseFreesProducers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](1)
		var put []bool
		go func() { put = append(put, q.Put(1), q.Put(2)) }()
		synctest.Wait()
		q.Close(errors.New("end"))
		q.Close(nil)
		synctest.Wait()
		require.Equal(t, []bool{true, false}, put)
		_, out := q.Offer(3, DropOldest)
		require.Equal(t, Refused, out)
		v, ok := q.Next()
		require.True(t, ok)
		require.Equal(t, 1, v)
		_, ok = q.Next()
		require.False(t, ok)
		require.EqualError(t, q.Err(), "end", "the first close counts")
	})
}

// afterSpin is a take while a producer spins, followed by the put of that producer,
// whose spin has ended.
func afterSpin(t *testing.T, q *Queue[int], v int) {
	t.Helper()
	q.producerCalled = true
	q.starving.Store(false)
	_, ok := q.Next()
	require.True(t, ok)
	q.producerCalled = false
	require.True(t, q.Put(v))
}

// A producer that spins keeps the room to itself for a turn. Then it calls the next
// one.
func TestQueueTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := Lending[int](2)
		require.True(t, q.Put(0))
		require.True(t, q.Put(0))
		put := false
		go func() { put = q.Put(7) }()
		synctest.Wait()
		q.producerCalled = true
		_, ok := q.Next() // there is room, and the other producer spins
		require.True(t, ok)
		for range maxTurn - 1 {
			afterSpin(t, q, 1)
			synctest.Wait()
			require.False(t, put)
		}
		afterSpin(t, q, 1)
		synctest.Wait()
		require.True(t, put)
	})
}

// If the producer that had the turn does not come back, the subscriber calls the next
// one.
func TestQueueTurnIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := Lending[int](2)
		require.True(t, q.Put(0))
		require.True(t, q.Put(0))
		put := false
		go func() { put = q.Put(7) }()
		synctest.Wait()
		afterSpin(t, q, 1)
		synctest.Wait()
		require.False(t, put)
		_, ok := q.Next()
		require.True(t, ok)
		synctest.Wait()
		require.True(t, put)
	})
}

// Quick producers do not starve the others.
func TestQueueIsFair(t *testing.T) {
	const n = 3
	q := Lending[int](n)
	var puts [n]atomic.Int64
	var producers sync.WaitGroup
	for i := range n {
		producers.Go(func() {
			for q.Put(i) {
				puts[i].Add(1)
			}
		})
	}
	for done := 0; done < n; {
		_, ok := q.Next()
		require.True(t, ok)
		done = 0
		for i := range n {
			if puts[i].Load() > 100 {
				done++
			}
		}
	}
	q.Halt()
	producers.Wait()
}

func TestQueueAbort(t *testing.T) {
	q := New[int](1)
	require.True(t, q.Put(1))
	q.Close(nil)
	q.Abort(errors.New("cut"))
	_, ok := q.Next()
	require.False(t, ok)
	require.EqualError(t, q.Err(), "cut")
	require.Equal(t, []int{1}, q.Left())
}

func TestFan(t *testing.T) {
	emits := func(d time.Duration, items ...int) func(context.Context, func(int) bool) error {
		return func(_ context.Context, emit func(int) bool) error {
			for _, v := range items {
				time.Sleep(d)
				if !emit(v) {
					return nil
				}
			}
			return nil
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var got []int
		use := func() (err error) {
			f := OpenFan[int](t.Context(), "test", 0)
			defer f.Close(&err)
			c := pushes[int](f, 2)
			f.Run(func(ctx context.Context) error {
				for _, push := range []push[int]{emits(time.Second, 1, 2), emits(1500*time.Millisecond, 10, 20)} {
					c.Wait(ctx)
					c.Give(push)
				}
				return nil
			})
			f.Loop(func(v int) bool { got = append(got, v); return true })
			return nil
		}
		require.NoError(t, use())
		require.Equal(t, []int{1, 10, 2, 20}, got)
	})
	synctest.Test(t, func(t *testing.T) {
		var lost []int
		use := func() (err error) {
			f := OpenFan[int](t.Context(), "test", 2)
			f.Discard = run.Keep[int](f.Scope.Stage(), func(v any) { lost = append(lost, v.(int)) }).Discard
			defer f.Close(&err)
			f.Add(emits(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
			f.Loop(func(int) bool { synctest.Wait(); return false })
			return nil
		}
		require.NoError(t, use())
		require.Equal(t, []int{2, 3, 4, 5}, lost, "one of the upstream, two ahead, and one in its hand")
	})
}

// A million upstreams, one after another, need no more room than those that run at
// once.
func TestFanForgetsUpstreams(t *testing.T) {
	use := func() (err error) {
		f := OpenFan[int](t.Context(), "test", 0)
		defer f.Close(&err)
		c := pushes[int](f, 1)
		f.Run(func(ctx context.Context) error {
			for range 1000 {
				require.True(t, c.Wait(ctx))
				c.Give(func(context.Context, func(int) bool) error { return nil })
			}
			return nil
		})
		f.Loop(func(int) bool { return true })
		require.Zero(t, f.queue.bound)
		require.LessOrEqual(t, c.jobs.Len(), uint64(8))
		return nil
	}
	require.NoError(t, use())
}

func BenchmarkQueue(b *testing.B) {
	for b.Loop() {
		q := New[int](64)
		go func() {
			for i := range 1 << 14 {
				q.Put(i)
			}
			q.Close(nil)
		}()
		for ok := true; ok; {
			_, ok = q.Next()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(1<<14), "ns/item")
}
