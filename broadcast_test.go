package turbopipes_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func TestBroadcast(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a alive
		outs := tp.Broadcast(a.ticks(time.Second), 3)
		one, two := collect(t.Context(), outs[0], 0), collect(t.Context(), outs[1], 0)
		two.Dispose()
		time.Sleep(time.Minute)
		require.Zero(t, a.total.Load(), "one is missing")
		three := collect(t.Context(), outs[2], 0)
		time.Sleep(2500 * time.Millisecond)
		require.ErrorIs(t, outs[1].Drain(t.Context()), tp.ErrAlreadySubscribed)
		one.Dispose()
		time.Sleep(time.Second)
		three.Dispose()
		a.requireReaped(t)
		one.require(t, nil, 0, 1)
		two.require(t, nil)
		three.require(t, nil, 0, 1, 2)
		require.ErrorIs(t, outs[0].Drain(t.Context()), tp.ErrAlreadySubscribed)
	})
	bubble(t, "fails", func(t *testing.T) {
		src := operators.Concat(tp.Throw[int](errBoom))(tp.Just(1, 2))
		outs := tp.Broadcast(src, 2, tp.WithQueue(1))
		one, two := collect(t.Context(), outs[0], 0), collect(t.Context(), outs[1], time.Second)
		one.require(t, errBoom, 1, 2)
		two.require(t, errBoom, 1, 2)
	})
}

func TestSeveralArguments(t *testing.T) {
	for name, make := range map[string]func(tp.Observable[int], int, ...tp.QueueOption) []tp.Observable[int]{
		"Broadcast": tp.Broadcast[int], "Balance": tp.Balance[int],
	} {
		for text, outs := range map[string][]tp.Observable[int]{
			"n is 0, want at least 1":            make(tp.Just(1), 0),
			"src is the zero Observable":         make(tp.Observable[int]{}, 3),
			"WithQueue: n is 0, want at least 1": make(tp.Just(1), 2, tp.WithQueue(0)),
		} {
			require.NotEmpty(t, outs)
			for _, o := range outs {
				require.EqualError(t, o.Drain(t.Context()), "turbopipes: invalid argument: "+name+": "+text)
			}
		}
	}
}

func TestBalance(t *testing.T) {
	bubble(t, "in turn, to who has room", func(t *testing.T) {
		outs := tp.Balance(pace(9, time.Second), 2, tp.WithQueue(1))
		fast, slow := collect(t.Context(), outs[0], 0), collect(t.Context(), outs[1], time.Minute)
		fast.require(t, nil, 0, 1, 3, 5, 6, 7, 8) // it was the only subscriber for 0
		slow.require(t, nil, 2, 4)
	})
}

// afterwards returns o, delayed by d.
func afterwards[T any](d time.Duration, o tp.Observable[T]) tp.Observable[T] {
	return operators.ConcatMap(func(int) tp.Observable[T] { return o })(tp.Timer(d))
}

func TestBalanceGivesBack(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		outs := tp.Balance(afterwards(time.Second, pace(12, 10*time.Millisecond)), 3, tp.WithQueue(3))
		one, two := collect(t.Context(), outs[0], 10*time.Second), collect(t.Context(), outs[1], 10*time.Second)
		time.Sleep(2 * time.Second) // one: 0 | 2 4 6, two: 1 | 3 5 7, and 8 waits
		one.Cancel()
		synctest.Wait()
		three := collect(t.Context(), outs[2], 0)
		three.require(t, nil, 2, 4, 6, 8, 9, 10, 11)
		one.require(t, nil, 0)
		two.require(t, nil, 1, 3, 5, 7)
	})
	bubble(t, "all leave", func(t *testing.T) {
		var a alive
		var lost []any
		outs := tp.Balance(a.ticks(time.Second), 2, tp.OnDiscard(func(v any) { lost = append(lost, v) }))
		one := collect(t.Context(), outs[0], time.Minute)
		time.Sleep(4500 * time.Millisecond)
		one.Dispose()
		a.requireReaped(t)
		one.require(t, nil, 0)
		require.Equal(t, 1, lost[0])
		require.EqualValues(t, len(lost), one.Stats().Discarded)
		require.Equal(t, tp.ErrClosed, outs[1].Drain(t.Context()))
	})
	bubble(t, "stops", func(t *testing.T) {
		var a alive
		outs := tp.Balance(operators.Reduce(0, func(n, _ int) int { return n + 1 })(a.ticks(time.Second)), 2)
		one, two := collect(t.Context(), outs[0], 0), collect(t.Context(), outs[1], 0)
		time.Sleep(3500 * time.Millisecond)
		require.NoError(t, one.Stop(t.Context()))
		one.require(t, nil)
		require.NoError(t, two.Stop(t.Context()))
		two.require(t, nil, 3)
		a.requireReaped(t)
	})
	for overflow, want := range map[tp.Overflow]struct {
		items   []int
		dropped int64
		err     error
	}{
		tp.DropNewest: {[]int{0, 1, 2}, 7, nil},
		tp.DropOldest: {[]int{0, 8, 9}, 7, nil},
		tp.Fail:       {[]int{0, 1, 2}, 1, tp.ErrOverflow},
	} {
		bubble(t, overflow.String(), func(t *testing.T) {
			outs := tp.Balance(pace(10, time.Second), 1, tp.WithQueue(2), tp.WithOverflow(overflow))
			one := collect(t.Context(), outs[0], time.Hour)
			require.ErrorIs(t, one.Wait(), want.err)
			require.Equal(t, want.items, one.items)
			require.Equal(t, want.dropped, one.Stats().Dropped)
		})
	}
}

// One of the streams emits each item, whichever subscribers leave.
func TestBalanceRandomly(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			var mu sync.Mutex
			var got, lost []int
			var accepted atomic.Int64
			src := tp.Create(func(_ context.Context, emit func(int) bool) error {
				for i := range 100 {
					accepted.Add(1)
					if !emit(i) {
						return nil
					}
				}
				return nil
			})
			outs := tp.Balance(src, 1+random.IntN(5), tp.WithQueue(1+random.IntN(5)), tp.OnDiscard(func(v any) {
				i, _ := v.(int)
				mu.Lock()
				defer mu.Unlock()
				lost = append(lost, i)
			}))
			var group sync.WaitGroup
			for _, o := range outs {
				most, work := random.IntN(60)+1, time.Duration(random.IntN(4))*time.Millisecond
				come := time.Duration(random.IntN(3)*random.IntN(5)) * time.Millisecond
				group.Go(func() {
					time.Sleep(come)
					n := 0
					err := o.Each(context.Background(), func(v int) error {
						mu.Lock()
						got = append(got, v)
						mu.Unlock()
						time.Sleep(work)
						if n++; n == most {
							return errLate
						}
						return nil
					})
					if err != nil && n < most {
						require.Equal(t, tp.ErrClosed, err)
					}
				})
			}
			group.Wait()
			all := slices.Sorted(slices.Values(append(got, lost...)))
			require.Len(t, all, int(accepted.Load()))
			require.Len(t, slices.Compact(all), int(accepted.Load()), "none twice")
		})
		if t.Failed() {
			t.Fatal("seed", seed)
		}
	}
}

func TestMergeHub(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		h := tp.NewMergeHub[int]()
		require.NoError(t, h.Attach(t.Context(), tp.Just(1, 2)), "before the subscriber has come")
		c := collect(t.Context(), h.Observable(), 0)
		require.ErrorIs(t, h.Observable().Drain(t.Context()), tp.ErrAlreadySubscribed)
		require.Equal(t, errBoom, h.Attach(t.Context(), operators.Concat(tp.Throw[int](errBoom))(tp.Just(3))))
		p := (*tp.PanicError)(nil)
		require.ErrorAs(t, h.Attach(t.Context(), tp.Create(func(context.Context, func(int) bool) error { panic(errBoom) })), &p)
		go func() { time.Sleep(time.Second / 2); h.Close() }()
		require.NoError(t, h.Attach(t.Context(), afterwards(time.Second, tp.Just(4))), "it goes on to its end")
		c.require(t, nil, 1, 2, 3, 4)
		require.Equal(t, tp.ErrClosed, h.Attach(t.Context(), tp.Just(5)))
	})
	bubble(t, "the subscriber leaves", func(t *testing.T) {
		var a alive
		h := tp.NewMergeHub[int](tp.WithQueue(1))
		var attached sync.WaitGroup
		for _, src := range []tp.Observable[int]{a.ticks(time.Hour), tp.Range(0, 100)} {
			attached.Go(func() { require.Equal(t, tp.ErrClosed, h.Attach(t.Context(), src)) })
		}
		c := collect(t.Context(), h.Observable(), time.Second)
		time.Sleep(1500 * time.Millisecond)
		c.Dispose()
		attached.Wait()
		a.requireReaped(t)
		c.require(t, nil, 0, 1)
		require.Equal(t, tp.ErrClosed, h.Attach(t.Context(), tp.Just(5)))
	})
	bubble(t, "a ctx ends", func(t *testing.T) {
		h := tp.NewMergeHub[int](tp.WithQueue(1))
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errLate)
		defer cancel()
		require.Equal(t, errLate, h.Attach(ctx, tp.Just(1, 2)), "nobody takes them")
		require.Equal(t, errLate, h.Attach(ctx, tp.Just(1, 2)))
		h.Close()
		collect(t.Context(), h.Observable(), 0).require(t, nil, 1)
	})
	h := tp.NewMergeHub[int]()
	require.ErrorIs(t, h.Attach(noCtx, tp.Just(1)), tp.ErrInvalidArgument)
	require.ErrorIs(t, h.Attach(t.Context(), tp.Observable[int]{}), tp.ErrInvalidArgument)
	bad := tp.NewMergeHub[int](tp.WithQueue(0))
	require.EqualError(t, bad.Attach(t.Context(), tp.Just(1)), "turbopipes: invalid argument: NewMergeHub: WithQueue: n is 0, want at least 1")
	require.ErrorIs(t, bad.Observable().Drain(t.Context()), tp.ErrInvalidArgument)
}

func TestTopic(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		topic := tp.NewTopic[string, int](tp.WithQueue(1))
		a := collect(t.Context(), topic.Subscribe("a", "a"), 0)
		ab := collect(t.Context(), topic.Subscribe("a", "b"), 0)
		all := collect(t.Context(), topic.Subscribe(), 0)
		slow := collect(t.Context(), topic.Subscribe("slow"), time.Hour)
		for i, k := range []string{"a", "b", "c", "a"} {
			require.NoError(t, topic.Publish(t.Context(), k, i))
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errLate)
		defer cancel()
		var err error
		for i := 0; err == nil; i++ {
			err = topic.Publish(ctx, "slow", i)
			synctest.Wait()
		}
		require.Equal(t, errLate, err)
		require.NoError(t, topic.Publish(t.Context(), "a", 4), "who is slow holds nobody else")
		synctest.Wait()
		ab.Dispose()
		require.NoError(t, topic.Publish(t.Context(), "b", 5))
		topic.Close()
		require.Equal(t, tp.ErrClosed, topic.Publish(t.Context(), "a", 6))
		a.require(t, nil, 0, 3, 4)
		ab.require(t, nil, 0, 1, 3, 4)
		all.require(t, nil, 0, 1, 2, 3, 0, 1, 4, 5)
		slow.require(t, nil, 0, 1)
		collect(t.Context(), topic.Subscribe("a"), 0).require(t, nil)
	})
	bad := tp.NewTopic[string, int](tp.WithQueue(0))
	require.EqualError(t, bad.Publish(t.Context(), "a", 1), "turbopipes: invalid argument: NewTopic: WithQueue: n is 0, want at least 1")
	require.ErrorIs(t, bad.Subscribe("a").Drain(t.Context()), tp.ErrInvalidArgument)
	require.ErrorIs(t, tp.NewTopic[string, int]().Publish(noCtx, "a", 1), tp.ErrInvalidArgument)
}

func ExampleBroadcast() {
	outs := tp.Broadcast(tp.Range(1, 4), 2)
	sum := operators.Reduce(0, func(a, v int) int { return a + v })(outs[0])
	count := operators.Reduce(0, func(n, _ int) int { return n + 1 })(outs[1])
	both := operators.Zip(count, func(sum, n int) string { return fmt.Sprintf("%d/%d", sum, n) })(sum)
	fmt.Println(both.Collect(context.Background()))
	// Output: [10/4] <nil>
}

func ExampleBalance() {
	outs := tp.Balance(tp.Range(1, 4), 2)
	items, err := operators.Merge(outs[1])(outs[0]).Collect(context.Background())
	slices.Sort(items)
	fmt.Println(items, err)
	// Output: [1 2 3 4] <nil>
}

func ExampleNewMergeHub() {
	hub := tp.NewMergeHub[string]()
	_ = hub.Attach(context.Background(), tp.Just("a", "b"))
	_ = hub.Attach(context.Background(), tp.Just("c"))
	hub.Close()
	fmt.Println(hub.Observable().Collect(context.Background()))
	// Output: [a b c] <nil>
}

func ExampleNewTopic() {
	topic := tp.NewTopic[string, int]()
	_ = topic.Publish(context.Background(), "temperature", 21) // nobody has subscribed
	topic.Close()
	fmt.Println(topic.Subscribe("temperature").Collect(context.Background()))
	// Output: [] <nil>
}
