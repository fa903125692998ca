package hot

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
)

// TestHubRandomly has random subscribers come and go while random producers put.
// Under Block, nobody misses an item or receives one twice. Under every strategy,
// the items of each producer keep their order.
func TestHubRandomly(t *testing.T) {
	for _, overflow := range []handoff.Overflow{handoff.Block, handoff.DropNewest, handoff.DropOldest, handoff.Fail} {
		for seed := range uint64(150) {
			name := fmt.Sprintf("%v/%v", overflow, seed)
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { randomly(t, rand.New(rand.NewPCG(seed, uint64(overflow))), overflow) })
			})
			if t.Failed() {
				return
			}
		}
	}
}

func randomly(t *testing.T, random *rand.Rand, overflow handoff.Overflow) {
	t.Helper()
	pause := func(most int) func() { // each goroutine has its own
		random := rand.New(rand.NewPCG(random.Uint64(), 0))
		return func() {
			d := time.Duration(random.IntN(most+1)) * time.Microsecond
			if d == 0 {
				runtime.Gosched()
				return
			}
			time.Sleep(d)
		}
	}
	h := New(Config[item]{Name: "test", Size: []int{1, 2, 3, 7, 64, 100}[random.IntN(6)], Overflow: overflow})
	var accepted [3]atomic.Int64
	producers, perProducer := 1+random.IntN(3), random.IntN(120)
	var producing, consuming sync.WaitGroup
	for p := range producers {
		gap := pause(random.IntN(4))
		impatient := random.IntN(3) == 0
		producing.Go(func() {
			for n := 0; n < perProducer; {
				gap()
				ctx, cancel := context.Background(), context.CancelFunc(func() {})
				if impatient {
					ctx, cancel = context.WithTimeout(ctx, time.Microsecond)
				}
				err := h.Put(ctx, item{p, n})
				cancel()
				if err == nil {
					accepted[p].Add(1)
					n++
				} else {
					require.ErrorIs(t, err, context.DeadlineExceeded)
				}
			}
		})
	}
	subs := make([]*subscriber, random.IntN(12))
	for i := range subs {
		s := &subscriber{
			how: []string{"stays", "leaves", "panics", "is cancelled", "is stopped"}[random.IntN(5)],
			at:  random.IntN(100), work: pause(random.IntN(6)),
		}
		come := time.Duration(random.IntN(50)*random.IntN(2)) * time.Microsecond
		subs[i] = s
		consuming.Go(func() {
			time.Sleep(come)
			s.run(h, func(*subscriber) {})
		})
	}
	producing.Wait()
	require.True(t, h.Close(nil))
	require.False(t, h.Close(errBoom))
	consuming.Wait()
	require.Zero(t, h.Len())
	require.Empty(t, h.waiters)
	require.Nil(t, h.ring.Load(), "nothing is kept alive")
	require.Zero(t, h.parked.Load())
	for _, s := range subs {
		last := map[int]int{}
		for _, v := range s.seen {
			if before, ok := last[v.producer]; ok && overflow == handoff.Block {
				require.Equal(t, before+1, v.n, "%s: %v", s.how, s.seen)
			} else if ok {
				require.Greater(t, v.n, before)
			}
			last[v.producer] = v.n
		}
		if overflow == handoff.Block && s.how == "stays" {
			for p, n := range last {
				require.EqualValues(t, accepted[p].Load()-1, n, "the last one, too")
			}
		}
		if overflow != handoff.Fail {
			require.NoError(t, s.err)
		} else if s.err != nil {
			require.ErrorIs(t, s.err, fault.ErrOverflow)
		}
	}
}

// TestHubAccounts checks that the items that a subscriber receives and the items
// that it reports as lost are together all items, in order. Each subscriber may be
// slow, and may end in any way.
func TestHubAccounts(t *testing.T) {
	for _, overflow := range []handoff.Overflow{handoff.Block, handoff.DropNewest, handoff.DropOldest, handoff.Fail} {
		for seed := range uint64(150) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, uint64(overflow)))
				var mu sync.Mutex // the hook runs on the producer's goroutine, and on the subscriber's
				lost := map[item]int{}
				h := New(Config[item]{
					Name: "test", Size: 1 + random.IntN(9), Overflow: overflow, Discard: func(v any) {
						mu.Lock()
						defer mu.Unlock()
						lost[v.(item)]++
					},
				})
				s := &subscriber{how: []string{"stays", "leaves", "panics", "is cancelled"}[random.IntN(4)], at: random.IntN(40)}
				work := time.Duration(random.IntN(3)) * time.Microsecond
				s.work = func() { time.Sleep(work) }
				gone := make(chan struct{})
				put := 0
				go s.run(h, func(*subscriber) { close(gone) })
				synctest.Wait()
				for n := range 50 {
					time.Sleep(time.Duration(random.IntN(2)) * time.Microsecond)
					if h.Len() > 0 {
						h.mu.Lock()
						open := len(h.subs) > 0 && !h.subs[0].ended && h.subs[0].flags.Load() == 0 // it may leave in this instant
						h.mu.Unlock()
						require.NoError(t, h.Put(context.Background(), item{0, n}))
						if open && h.Len() > 0 {
							put = n + 1
						}
					}
				}
				h.Close(nil)
				<-gone
				count := len(s.seen)
				for _, v := range s.seen {
					require.Zero(t, lost[v], "delivered and lost")
				}
				for _, n := range lost {
					count += n
				}
				if s.how == "stays" && overflow != handoff.Fail {
					require.Equal(t, put, count)
				}
				for n := range count {
					if overflow == handoff.Block {
						require.True(t, n < len(s.seen) && s.seen[n].n == n || lost[item{0, n}] == 1, "%v", n)
					}
				}
			})
			if t.Failed() {
				t.Fatalf("%v, seed %v", overflow, seed)
			}
		}
	}
}

// A blocked producer goes on when the slow subscriber leaves. It also goes on when
// the subscriber's ctx ends, although its downstream is still busy.
func TestHubFreesProducers(t *testing.T) {
	for _, how := range []string{"leaves", "is cancelled", "panics"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := New(Config[item]{Name: "test", Size: 2})
				fast := &subscriber{how: "stays", work: func() {}}
				slow := &subscriber{how: how, at: 1, work: func() { time.Sleep(time.Hour) }}
				if how == "is cancelled" {
					slow.at = 1e6 // µs
				}
				var group sync.WaitGroup
				group.Go(func() { fast.run(h, func(*subscriber) {}) })
				group.Go(func() { slow.run(h, func(*subscriber) {}) })
				synctest.Wait()
				begin := time.Now()
				for n := range 100 {
					require.NoError(t, h.Put(context.Background(), item{0, n}))
					if n == 2 {
						require.Zero(t, time.Since(begin), "one is with downstream, and two wait")
					}
				}
				if how == "is cancelled" {
					require.Equal(t, time.Second, time.Since(begin), "the end of its ctx is enough")
				} else {
					require.Equal(t, time.Hour, time.Since(begin))
				}
				h.Close(nil)
				group.Wait()
				require.Len(t, fast.seen, 100)
				require.Len(t, slow.seen, 1)
			})
		})
	}
}

// Waiting producers are served in the order of their arrival, and a Close frees
// them.
func TestHubServesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config[item]{Name: "test", Size: 1})
		s := &subscriber{how: "stays", work: func() { time.Sleep(time.Second) }}
		var group sync.WaitGroup
		group.Go(func() { s.run(h, func(*subscriber) {}) })
		synctest.Wait()
		var refused atomic.Int64
		for n := range 10 {
			group.Go(func() {
				if err := h.Put(context.Background(), item{0, n}); err != nil {
					require.Equal(t, fault.ErrClosed, err)
					refused.Add(1)
				}
			})
			synctest.Wait()
		}
		time.Sleep(2500 * time.Millisecond)
		h.Close(errBoom)
		group.Wait()
		require.Equal(t, errBoom, s.err)
		require.Equal(t, []item{{0, 0}, {0, 1}, {0, 2}, {0, 3}}, s.seen)
		require.EqualValues(t, 6, refused.Load())
		require.Equal(t, fault.ErrClosed, h.Put(context.Background(), item{}))
	})
}

// The same as TestHubRandomly, but at full speed, in real time.
func TestHubRaces(t *testing.T) {
	const items = 20000
	h := New(Config[int]{Name: "test", Size: 100})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for round := 0; !h.Closed(); round++ {
				next, n := -1, 0
				_ = h.Join(context.Background()).Run(context.Background(), func(v int) bool {
					if next >= 0 && v != next {
						t.Errorf("%d instead of %d", v, next)
					}
					next = v + 1
					n++
					return i == 0 || n < 50*i+round
				}, nil, nil)
			}
		})
	}
	for n := range items {
		require.NoError(t, h.Put(context.Background(), n))
	}
	h.Close(nil)
	group.Wait()
}

func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &History[int]{N: 3, TTL: 2 * time.Second}
		require.Empty(t, h.snapshot(false))
		for i := range 5 {
			h.add(i)
			time.Sleep(time.Second)
		}
		require.Equal(t, []int{3, 4}, h.snapshot(false), "the one is as old as it may be")
		require.Equal(t, 4, h.newest())
		require.Empty(t, h.snapshot(true))
		time.Sleep(2 * time.Second)
		require.Empty(t, h.snapshot(false))
	})
}

func TestGoroutine(t *testing.T) {
	id := current()
	require.NotEqual(t, none, id)
	other := make(chan goroutine)
	go func() { other <- current() }()
	require.NotEqual(t, id, <-other)
}

func BenchmarkCurrent(b *testing.B) {
	for b.Loop() {
		current()
	}
}
