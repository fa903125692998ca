package turbopipes_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// fed has the methods that all subjects have.
type fed interface {
	Next(ctx context.Context, v int) error
	Complete()
	Fail(err error)
	Observable() tp.Observable[int]
	Subscribers() int
}

// subjects has every subject, with options for its queue. An AsyncSubject has no
// options.
var subjects = map[string]func(opts ...tp.QueueOption) fed{
	"Subject":         func(opts ...tp.QueueOption) fed { return tp.NewSubject[int](opts...) },
	"BehaviorSubject": func(opts ...tp.QueueOption) fed { return tp.NewBehaviorSubject(-1, opts...) },
	"ReplaySubject": func(opts ...tp.QueueOption) fed {
		replay := make([]tp.ReplayOption, len(opts))
		for i, o := range opts {
			replay[i], _ = o.(tp.ReplayOption)
		}
		return tp.NewReplaySubject[int](2, replay...)
	},
	"UnicastSubject": func(opts ...tp.QueueOption) fed { return tp.NewUnicastSubject[int](opts...) },
	"AsyncSubject":   func(...tp.QueueOption) fed { return tp.NewAsyncSubject[int]() },
}

var noCtx context.Context

// collecting is a subscriber that collects items, and takes the time work for each.
type collecting struct {
	items []int
	*tp.Subscription
}

func collect(ctx context.Context, o tp.Observable[int], work time.Duration) *collecting {
	c := &collecting{}
	c.Subscription = o.Subscribe(ctx, tp.Observer[int]{
		Next: func(v int) { c.items = append(c.items, v); time.Sleep(work) },
	})
	synctest.Wait()
	return c
}

func (c *collecting) require(t *testing.T, err error, items ...int) {
	t.Helper()
	require.Equal(t, err, c.Wait())
	require.Equal(t, items, c.items)
}

func TestSubject(t *testing.T) {
	for name, c := range map[string]struct{ early, late, after []int }{
		"Subject":         {[]int{1, 2, 3}, []int{3}, nil},
		"BehaviorSubject": {[]int{-1, 1, 2, 3}, []int{2, 3}, nil},
		"ReplaySubject":   {[]int{1, 2, 3}, []int{1, 2, 3}, []int{2, 3}},
		"AsyncSubject":    {[]int{3}, []int{3}, []int{3}},
	} {
		for how, end := range map[string]error{"completes": nil, "fails": errBoom} {
			bubble(t, name+" "+how, func(t *testing.T) {
				s := subjects[name]()
				early := collect(t.Context(), s.Observable(), 0)
				require.Equal(t, 1, s.Subscribers())
				require.NoError(t, s.Next(t.Context(), 1))
				require.NoError(t, s.Next(t.Context(), 2))
				late := collect(t.Context(), s.Observable(), time.Second)
				require.Equal(t, 2, s.Subscribers())
				require.NoError(t, s.Next(t.Context(), 3))
				if end == nil {
					s.Complete()
					s.Fail(errBoom) // the first call counts
				} else {
					s.Fail(end)
					s.Complete()
				}
				require.ErrorIs(t, s.Next(t.Context(), 4), tp.ErrClosed)
				after := collect(t.Context(), s.Observable(), 0)
				want := c
				if name == "AsyncSubject" && end != nil {
					want.early, want.late, want.after = nil, nil, nil // only the error
				}
				early.require(t, end, want.early...)
				late.require(t, end, want.late...)
				after.require(t, end, want.after...)
				require.Zero(t, s.Subscribers())
			})
		}
	}
}

func TestSubjectArguments(t *testing.T) {
	for name, s := range map[string]fed{
		"NewSubject: WithQueue: n is 0, want at least 1":                                                           tp.NewSubject[int](tp.WithQueue(0)),
		"NewSubject: WithOverflow: the overflow strategy is 9, want Block, DropNewest, DropOldest or Fail":         tp.NewSubject[int](tp.WithOverflow(9)),
		"NewSubject: option 1 is nil":                                                                              tp.NewSubject[int](nil),
		"NewBehaviorSubject: WithQueue: n is 0, want at least 1":                                                   tp.NewBehaviorSubject(7, tp.WithQueue(0)),
		"NewReplaySubject: n is 0, want at least 1":                                                                tp.NewReplaySubject[int](0),
		"NewReplaySubject: WithTTL: age is 0s, want more than 0":                                                   tp.NewReplaySubject[int](1, tp.WithTTL(0)),
		"NewReplaySubject: WithQueue: n is -1, want at least 1":                                                    tp.NewReplaySubject[int](1, tp.WithQueue(-1)),
		"NewReplaySubject: option 1 is nil":                                                                        tp.NewReplaySubject[int](1, nil),
		"NewUnicastSubject: WithOverflow: the overflow strategy is -1, want Block, DropNewest, DropOldest or Fail": tp.NewUnicastSubject[int](tp.WithOverflow(-1)),
	} {
		text := "turbopipes: invalid argument: " + name
		require.EqualError(t, s.Next(t.Context(), 1), text)
		require.EqualError(t, s.Observable().Drain(t.Context()), text)
		s.Complete()
	}
	for name, open := range subjects {
		s := open()
		require.EqualError(t, s.Next(noCtx, 1), "turbopipes: invalid argument: Next: ctx is nil", name)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errBoom)
		require.Equal(t, errBoom, s.Next(ctx, 1))
		s.Fail(nil)
		require.EqualError(t, s.Observable().Drain(t.Context()), "turbopipes: invalid argument: Fail: err is nil", name)
	}
}

// A slow subscriber makes the caller of Next wait, or only that subscriber loses
// items.
func TestSubjectOverflow(t *testing.T) {
	for name, c := range map[string]struct {
		overflow tp.Overflow
		slow     []int
		dropped  []any
		took     time.Duration
		err      error
	}{
		"Block":      {tp.Block, []int{0, 1, 2, 3, 4, 5}, nil, 3 * time.Second, nil},
		"DropNewest": {tp.DropNewest, []int{0, 1, 2}, []any{3, 4, 5}, 0, nil},
		"DropOldest": {tp.DropOldest, []int{0, 4, 5}, []any{1, 2, 3}, 0, nil},
		"Fail":       {tp.Fail, []int{0, 1, 2}, []any{3}, 0, tp.ErrOverflow},
	} {
		bubble(t, name, func(t *testing.T) {
			var lost []any
			s := tp.NewSubject[int](tp.WithQueue(2), tp.WithOverflow(c.overflow), tp.OnDiscard(func(v any) { lost = append(lost, v) }))
			fast, slow := collect(t.Context(), s.Observable(), 0), collect(t.Context(), s.Observable(), time.Second)
			begin := time.Now()
			for i := range 6 {
				require.NoError(t, s.Next(t.Context(), i))
				synctest.Wait()
			}
			require.Equal(t, c.took, time.Since(begin))
			s.Complete()
			fast.require(t, nil, 0, 1, 2, 3, 4, 5)
			require.ErrorIs(t, slow.Wait(), c.err)
			require.Equal(t, c.slow, slow.items)
			require.Equal(t, c.dropped, lost)
			require.EqualValues(t, len(lost), slow.Stats().Dropped)
			require.Zero(t, fast.Stats().Dropped)
		})
	}
}

// Items in the queue of a subscriber that leaves are counted, and a caller that
// waits for room in it continues.
func TestSubjectIsLeft(t *testing.T) {
	for _, overflow := range []tp.Overflow{tp.Block, tp.DropNewest} {
		bubble(t, overflow.String(), func(t *testing.T) {
			var lost []any
			s := tp.NewSubject[int](tp.WithQueue(4), tp.WithOverflow(overflow), tp.OnDiscard(func(v any) { lost = append(lost, v) }))
			c := collect(t.Context(), s.Observable(), time.Second)
			for i := range 4 {
				require.NoError(t, s.Next(t.Context(), i))
				synctest.Wait()
			}
			c.Dispose()
			c.require(t, nil, 0)
			require.Equal(t, []any{1, 2, 3}, lost)
			require.EqualValues(t, 3, c.Stats().Discarded)
			require.NoError(t, s.Next(t.Context(), 4), "nobody is there")
		})
	}
	bubble(t, "the hook panics", func(t *testing.T) {
		s := tp.NewSubject[int](tp.WithQueue(1), tp.WithOverflow(tp.DropNewest), tp.OnDiscard(func(any) { panic(errBoom) }))
		slow, fast := collect(t.Context(), s.Observable(), time.Second), collect(t.Context(), s.Observable(), 0)
		for i := range 3 {
			require.NoError(t, s.Next(t.Context(), i), "it is the subscriber's")
			synctest.Wait()
		}
		s.Complete()
		require.ErrorIs(t, slow.Wait(), errBoom)
		require.Equal(t, []int{0, 1}, slow.items)
		fast.require(t, nil, 0, 1, 2)
	})
}

func TestSubjectNextGivesUp(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := tp.NewSubject[int](tp.WithQueue(1))
		fast, slow := collect(t.Context(), s.Observable(), 0), collect(t.Context(), s.Observable(), time.Minute)
		require.NoError(t, s.Next(t.Context(), 0))
		synctest.Wait()
		require.NoError(t, s.Next(t.Context(), 1))
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errLate)
		defer cancel()
		require.Equal(t, errLate, s.Next(ctx, 2))
		third := collect(t.Context(), s.Observable(), 0)
		go s.Complete() // does not wait either
		fast.require(t, nil, 0, 1)
		slow.require(t, nil, 0, 1)
		third.require(t, nil)
	})
}

// Subscribing and leaving do not wait for a blocked caller.
func TestSubjectWhileBlocked(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := tp.NewSubject[int](tp.WithQueue(1))
		slow := collect(t.Context(), s.Observable(), time.Hour)
		var producing sync.WaitGroup
		producing.Go(func() {
			for i := range 3 {
				require.NoError(t, s.Next(t.Context(), i))
			}
		})
		synctest.Wait()
		begin := time.Now()
		late := collect(t.Context(), s.Observable(), 0)
		require.Equal(t, 2, s.Subscribers())
		late.Dispose()
		require.Zero(t, time.Since(begin))
		slow.Cancel()
		producing.Wait()
		require.Zero(t, time.Since(begin), "the end of the slow one frees the producer, though its callback runs on")
		slow.require(t, nil, 0)
	})
}

func TestSubjectReentrant(t *testing.T) {
	for _, overflow := range []tp.Overflow{tp.Block, tp.DropNewest} {
		bubble(t, overflow.String(), func(t *testing.T) {
			s := tp.NewSubject[int](tp.WithQueue(2), tp.WithOverflow(overflow))
			var errs []error
			c := s.Observable().Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) {
				if v == 0 {
					for i := range 3 {
						errs = append(errs, s.Next(t.Context(), i+1))
					}
					s.Complete()
				}
			}})
			synctest.Wait()
			require.NoError(t, s.Next(t.Context(), 0))
			require.NoError(t, c.Wait())
			require.EqualValues(t, 3, c.Stats().Delivered)
			require.NoError(t, errors.Join(errs[:2]...))
			if overflow == tp.Block {
				require.Equal(t, tp.ErrReentrant, errs[2])
			} else {
				require.NoError(t, errs[2])
			}
		})
	}
	bubble(t, "behind another producer", func(t *testing.T) {
		s := tp.NewSubject[int](tp.WithQueue(1))
		var err error
		c := s.Observable().Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) {
			if v == 0 {
				time.Sleep(time.Second) // the other call waits by then
				err = s.Next(t.Context(), 3)
				s.Complete()
			}
		}})
		synctest.Wait()
		require.NoError(t, s.Next(t.Context(), 0))
		synctest.Wait()
		require.NoError(t, s.Next(t.Context(), 1))
		require.Equal(t, tp.ErrClosed, s.Next(t.Context(), 2))
		require.NoError(t, c.Wait())
		require.Equal(t, tp.ErrReentrant, err)
	})
}

// docs/faults.md, row 24: a stop ends the intake, and the items in the queue are delivered.
func TestSubjectStop(t *testing.T) {
	for _, overflow := range []tp.Overflow{tp.Block, tp.DropNewest} {
		bubble(t, overflow.String(), func(t *testing.T) {
			s := tp.NewSubject[int](tp.WithOverflow(overflow))
			c, other := collect(t.Context(), s.Observable(), time.Second), collect(t.Context(), s.Observable(), 0)
			for i := range 4 {
				require.NoError(t, s.Next(t.Context(), i))
			}
			time.Sleep(time.Second / 2)
			go func() { time.Sleep(time.Second); _ = s.Next(context.Background(), 4); s.Complete() }()
			require.NoError(t, c.Stop(t.Context()))
			c.require(t, nil, 0, 1, 2, 3)
			require.Zero(t, c.Stats().Discarded)
			other.require(t, nil, 0, 1, 2, 3, 4)
		})
	}
	for name, open := range subjects {
		bubble(t, name+" before the subscription", func(t *testing.T) {
			s := open()
			o := operators.Concat(s.Observable())(tp.Never[int]())
			c := collect(t.Context(), o, 0)
			require.NoError(t, c.Stop(t.Context()))
			require.Zero(t, s.Subscribers())
		})
	}
}

// Random subscribers and strategies: every lost item is counted.
func TestSubjectConservation(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			overflow := tp.Overflow(random.IntN(3))
			s := tp.NewSubject[int](tp.WithQueue(1+random.IntN(9)), tp.WithOverflow(overflow))
			all := make([]*collecting, 1+random.IntN(5))
			for i := range all {
				all[i] = collect(t.Context(), s.Observable(), time.Duration(random.IntN(4))*time.Millisecond)
			}
			disposed := random.IntN(len(all) + 1)
			const items = 60
			for i := range items {
				time.Sleep(time.Duration(random.IntN(3)) * time.Millisecond)
				require.NoError(t, s.Next(t.Context(), i))
				if i == items-1 && disposed < len(all) {
					all[disposed].Cancel()
				}
			}
			s.Complete()
			for i, c := range all {
				require.NoError(t, c.Wait())
				stats := c.Stats()
				require.EqualValues(t, items, stats.Delivered+stats.Dropped+stats.Discarded, "%d of %d", i, len(all))
				if overflow == tp.Block && i != disposed {
					require.EqualValues(t, items, stats.Delivered)
				}
			}
		})
		if t.Failed() {
			t.Fatal("seed", seed)
		}
	}
}

func TestBehaviorSubjectValue(t *testing.T) {
	s := tp.NewBehaviorSubject("a")
	require.Equal(t, "a", s.Value())
	require.NoError(t, s.Next(t.Context(), "b"))
	require.Equal(t, "b", s.Value())
	s.Complete()
	require.Equal(t, tp.ErrClosed, s.Next(t.Context(), "c"))
	require.Equal(t, "b", s.Value())
}

func TestReplaySubject(t *testing.T) {
	bubble(t, "more than the queue's size", func(t *testing.T) {
		s := tp.NewReplaySubject[int](5, tp.WithQueue(1), tp.WithOverflow(tp.Fail))
		for i := range 7 {
			require.NoError(t, s.Next(t.Context(), i))
		}
		c := collect(t.Context(), s.Observable(), time.Second)
		require.NoError(t, s.Next(t.Context(), 7), "into the queue, behind what is replayed")
		s.Complete()
		c.require(t, nil, 2, 3, 4, 5, 6, 7)
	})
	bubble(t, "no older than that", func(t *testing.T) {
		s := tp.NewReplaySubject[int](5, tp.WithTTL(2500*time.Millisecond))
		for i := range 7 {
			require.NoError(t, s.Next(t.Context(), i))
			time.Sleep(time.Second)
		}
		collect(t.Context(), operators.Take[int](2)(s.Observable()), 0).require(t, nil, 5, 6)
		s.Complete()
		collect(t.Context(), s.Observable(), 0).require(t, nil, 5, 6)
		time.Sleep(time.Hour)
		collect(t.Context(), s.Observable(), 0).require(t, nil)
	})
	bubble(t, "left while it replays", func(t *testing.T) {
		var lost []any
		s := tp.NewReplaySubject[int](5, tp.OnDiscard(func(v any) { lost = append(lost, v) }))
		for i := range 5 {
			require.NoError(t, s.Next(t.Context(), i))
		}
		c := collect(t.Context(), s.Observable(), time.Second)
		require.NoError(t, s.Next(t.Context(), 5))
		c.Dispose()
		require.Equal(t, []any{1, 2, 3, 4, 5}, lost)
		require.EqualValues(t, 5, c.Stats().Discarded)
	})
}

func TestAsyncSubjectWithoutAnItem(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := tp.NewAsyncSubject[int]()
		c := collect(t.Context(), s.Observable(), 0)
		s.Complete()
		c.require(t, nil)
		require.NoError(t, s.Observable().Drain(t.Context()))
	})
}

func TestUnicastSubject(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := tp.NewUnicastSubject[int](tp.WithQueue(3))
		for i := range 3 {
			require.NoError(t, s.Next(t.Context(), i))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, s.Next(ctx, 9), "the queue is full")
		require.Zero(t, s.Subscribers())
		c := collect(t.Context(), s.Observable(), 0)
		require.Equal(t, 1, s.Subscribers())
		require.ErrorIs(t, s.Observable().Drain(t.Context()), tp.ErrAlreadySubscribed)
		require.NoError(t, s.Next(t.Context(), 3))
		synctest.Wait()
		c.Dispose()
		c.require(t, nil, 0, 1, 2, 3)
		require.Zero(t, s.Subscribers())
		require.Equal(t, tp.ErrClosed, s.Next(t.Context(), 4))
		require.ErrorIs(t, s.Observable().Drain(t.Context()), tp.ErrAlreadySubscribed)
	})
	bubble(t, "a panic of its subscriber", func(t *testing.T) {
		s := tp.NewUnicastSubject[int](tp.WithQueue(1))
		c := s.Observable().Subscribe(t.Context(), tp.Observer[int]{Next: func(int) { time.Sleep(time.Second); panic(errBoom) }})
		for {
			if err := s.Next(t.Context(), 1); err != nil {
				require.Equal(t, tp.ErrClosed, err)
				break
			}
		}
		require.ErrorIs(t, c.Wait(), errBoom)
		require.EqualValues(t, 1, c.Stats().Discarded, "one waited")
	})
}

func ExampleNewSubject() {
	ctx := context.Background()
	prices := tp.NewSubject[int]()
	shown := prices.Observable().Subscribe(ctx, tp.Observer[int]{
		Next: func(v int) { fmt.Println("got", v) },
	})
	_ = prices.Next(ctx, 7)
	_ = prices.Next(ctx, 8)
	prices.Complete()
	fmt.Println(shown.Wait())
	// Output:
	// got 7
	// got 8
	// <nil>
}

func ExampleNewBehaviorSubject() {
	state := tp.NewBehaviorSubject("starting")
	_ = state.Next(context.Background(), "running")
	now, err := operators.Take[string](1)(state.Observable()).Collect(context.Background())
	fmt.Println(now, err, state.Value())
	// Output: [running] <nil> running
}

func ExampleNewReplaySubject() {
	log := tp.NewReplaySubject[string](2)
	for _, line := range []string{"a", "b", "c"} {
		_ = log.Next(context.Background(), line)
	}
	log.Complete()
	fmt.Println(log.Observable().Collect(context.Background()))
	// Output: [b c] <nil>
}

func ExampleNewAsyncSubject() {
	result := tp.NewAsyncSubject[int]()
	_ = result.Next(context.Background(), 1)
	_ = result.Next(context.Background(), 2)
	result.Complete()
	fmt.Println(result.Observable().Collect(context.Background()))
	// Output: [2] <nil>
}

func ExampleNewUnicastSubject() {
	jobs := tp.NewUnicastSubject[string]()
	_ = jobs.Next(context.Background(), "waits for the subscriber")
	jobs.Complete()
	fmt.Println(jobs.Observable().Collect(context.Background()))
	// Output: [waits for the subscriber] <nil>
}
