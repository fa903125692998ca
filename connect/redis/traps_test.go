package redis_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/redis"
	"github.com/turbopipes/turbopipes/delivery"
)

const group = "g"

type event = delivery.Delivery[[]byte]

// account counts the effects of events.
type account struct {
	mu     sync.Mutex
	counts map[string]int
	order  []string
	news   chan struct{}
}

func newAccount() *account { return &account{counts: map[string]int{}, news: make(chan struct{}, 1)} }

func (a *account) add(v string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counts[v]++
	a.order = append(a.order, v)
	select {
	case a.news <- struct{}{}:
	default:
	}
}

// wait waits for n different effects, and returns how many there were.
func (a *account) wait(t testing.TB, n int) (all int) {
	t.Helper()
	late := time.After(60 * time.Second)
	for {
		a.mu.Lock()
		got := len(a.counts)
		all = len(a.order)
		a.mu.Unlock()
		if got >= n {
			return all
		}
		select {
		case <-a.news:
		case <-late:
			require.FailNow(t, "events are missing", "%d of %d", got, n)
		}
	}
}

func run(t testing.TB, src delivery.Source[[]byte], n int, fn func(context.Context, event) error, opts ...delivery.Option) *tp.Subscription {
	t.Helper()
	s := delivery.Process(src, n, fn, opts...).Subscribe(context.Background(), tp.Observer[delivery.Receipt]{Error: func(error) {}})
	t.Cleanup(s.Dispose)
	return s
}

// source is that of a test: short waits.
func source(c goredis.UniversalClient, stream string, opts ...redis.Option) delivery.Source[[]byte] {
	return redis.Source(c, stream, group, append([]redis.Option{redis.AckWait(testAckWait), redis.Block(10 * time.Millisecond)}, opts...)...)
}

// reads delivers entries to a consumer of another client, which then does nothing.
func reads(t testing.TB, c goredis.UniversalClient, stream, consumer string, n int64) []goredis.XMessage {
	t.Helper()
	got, err := c.XReadGroup(t.Context(), &goredis.XReadGroupArgs{Group: group, Consumer: consumer, Streams: []string{stream, ">"}, Count: n}).Result()
	require.NoError(t, err)
	return got[0].Messages
}

func pending(t testing.TB, c goredis.UniversalClient, stream string) int {
	t.Helper()
	p, err := c.XPending(context.Background(), stream, group).Result()
	require.NoError(t, err)
	return int(p.Count)
}

func consumers(t testing.TB, c goredis.UniversalClient, stream string) (names []string) {
	t.Helper()
	all, err := c.XInfoConsumers(context.Background(), stream, group).Result()
	require.NoError(t, err)
	for _, i := range all {
		names = append(names, i.Name)
	}
	return names
}

// TestClaims: a consumer that has died with several entries pending loses none of them.
func TestClaims(t *testing.T) {
	c := connect(t, server(t))
	stream := newStream(t, c)
	require.NoError(t, c.XGroupCreateMkStream(t.Context(), stream, group, "0").Err())
	add(t, c, stream, numbers(0, 40, 5)...)
	reads(t, c, stream, "dead", 30)
	a := newAccount()
	attempts := map[string]int{}
	s := run(t, source(c, stream), 4, func(_ context.Context, d event) error {
		a.mu.Lock()
		attempts[string(d.Value)] = d.Info().Attempt
		a.mu.Unlock()
		a.add(string(d.Value))
		return nil
	}, delivery.MaxUncommitted(8))
	require.Equal(t, 40, a.wait(t, 40))
	require.NoError(t, s.Stop(t.Context()))
	require.Zero(t, pending(t, c, stream))
	for i := range 40 {
		want := 1
		if i < 30 {
			want = 2
		}
		require.Equal(t, want, attempts[strconv.Itoa(i)], i)
	}
	require.Equal(t, []string{"dead"}, consumers(t, c, stream), "the session's own is gone")
}

// TestConsumersThatAreGone: a consumer is deleted only when nothing is pending for it.
func TestConsumersThatAreGone(t *testing.T) {
	m := miniredis.NewMiniRedis()
	require.NoError(t, m.Start())
	t.Cleanup(m.Close)
	c := connect(t, m.Addr())
	require.NoError(t, c.XGroupCreateMkStream(t.Context(), "s", group, "0").Err())
	for _, name := range []string{"tp-empty", "tp-busy", "mine"} {
		require.NoError(t, c.XGroupCreateConsumer(t.Context(), "s", group, name).Err())
	}
	add(t, c, "s", numbers(-1, 4, 1)...)
	first := reads(t, c, "s", "tp-empty", 1)
	claim := &goredis.XClaimArgs{Stream: "s", Group: group, Consumer: "tp-empty", Messages: []string{first[0].ID}}
	require.NoError(t, c.XClaim(t.Context(), claim).Err()) // what this server sees as a sign of life
	require.NoError(t, c.XAck(t.Context(), "s", group, first[0].ID).Err())
	reads(t, c, "s", "tp-busy", 2)
	m.SetTime(time.Now().Add(2 * time.Hour)) // all consumers are silent for so long
	a := newAccount()
	src := redis.Source(c, "s", group, redis.AckWait(10*time.Hour), redis.Block(10*time.Millisecond))
	s := run(t, src, 1, func(_ context.Context, d event) error { a.add(string(d.Value)); return nil })
	a.wait(t, 1)
	require.Equal(t, []string{"2"}, a.order)
	require.NoError(t, s.Stop(t.Context()))
	require.Equal(t, 2, pending(t, c, "s"))
	require.Contains(t, consumers(t, c, "s"), "tp-busy")

	src = redis.Source(c, "s", group, redis.AckWait(time.Minute), redis.Block(10*time.Millisecond))
	s = run(t, src, 1, func(_ context.Context, d event) error { a.add(string(d.Value)); return nil })
	a.wait(t, 3)
	require.Eventually(t, func() bool { return !slices.Contains(consumers(t, c, "s"), "tp-empty") }, 10*time.Second, time.Millisecond)
	require.NoError(t, s.Stop(t.Context()))
	require.ElementsMatch(t, []string{"tp-busy", "mine"}, consumers(t, c, "s"), "tp-busy goes with a later look")
}

// TestHeartbeats: a function that takes longer than AckWait has each event once, also
// those that wait in the session. Another session would claim them.
func TestHeartbeats(t *testing.T) {
	c := connect(t, server(t))
	stream := newStream(t, c)
	add(t, c, stream, numbers(0, 4, 1)...)
	a := newAccount()
	slow := func(_ context.Context, d event) error {
		time.Sleep(testAckWait * 5 / 4)
		a.add(string(d.Value))
		return nil
	}
	first := run(t, source(c, stream), 1, slow)
	second := run(t, source(c, stream), 1, slow)
	require.Equal(t, 4, a.wait(t, 4))
	require.NoError(t, first.Stop(t.Context()))
	require.NoError(t, second.Stop(t.Context()))
	require.Len(t, a.order, 4)
	require.Zero(t, pending(t, c, stream))
}

// TestHeartbeatsTakeNothing: an entry that another consumer has claimed stays its own.
func TestHeartbeatsTakeNothing(t *testing.T) {
	c := connect(t, server(t))
	stream := newStream(t, c)
	add(t, c, stream, numbers(0, 2, 2)...)
	begun := make(chan string, 2)
	release := make(chan struct{})
	s := run(t, source(c, stream), 2, func(ctx context.Context, d event) error {
		begun <- d.Info().ID
		select {
		case <-release:
		case <-ctx.Done():
		}
		return nil
	})
	id, other := <-begun, <-begun
	require.NoError(t, c.XClaim(t.Context(), &goredis.XClaimArgs{Stream: stream, Group: group, Consumer: "other", Messages: []string{id}}).Err())
	time.Sleep(testAckWait * 2 / 3) // two heartbeats
	p, err := c.XPendingExt(t.Context(), &goredis.XPendingExtArgs{Stream: stream, Group: group, Start: "-", End: "+", Count: 10}).Result()
	require.NoError(t, err)
	owners := map[string]string{}
	for _, e := range p {
		owners[e.ID] = e.Consumer
	}
	require.Equal(t, "other", owners[id])
	require.NotEqual(t, "other", owners[other])
	close(release)
	require.NoError(t, s.Stop(t.Context()))
}

// TestDisposeGivesBack: what a session has when it is disposed of comes again at once.
func TestDisposeGivesBack(t *testing.T) {
	c := connect(t, server(t))
	stream := newStream(t, c)
	add(t, c, stream, numbers(0, 50, 50)...)
	src := redis.Source(c, stream, group, redis.AckWait(time.Hour), redis.Block(10*time.Millisecond))
	begun := make(chan struct{}, 1)
	first := run(t, src, 1, func(ctx context.Context, _ event) error {
		begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}, delivery.MaxUncommitted(64))
	<-begun
	require.Eventually(t, func() bool { return pending(t, c, stream) == 50 }, 10*time.Second, time.Millisecond)
	first.Dispose()
	require.Equal(t, 50, pending(t, c, stream), "its consumer stays as long as something is pending for it")
	a := newAccount()
	second := run(t, src, 4, func(_ context.Context, d event) error { a.add(string(d.Value)); return nil })
	require.Equal(t, 50, a.wait(t, 50))
	require.NoError(t, second.Stop(t.Context()))
	require.Zero(t, pending(t, c, stream))
}

// TestRequeue: a nacked event comes again after the delay, also one beyond AckWait.
func TestRequeue(t *testing.T) {
	for _, delay := range []time.Duration{0, 50 * time.Millisecond, 2 * testAckWait} {
		t.Run(delay.String(), func(t *testing.T) {
			c := connect(t, server(t))
			stream := newStream(t, c)
			add(t, c, stream, numbers(0, 3, 1)...)
			a := newAccount()
			var mu sync.Mutex
			var times []time.Time
			var attempts []int
			s := run(t, source(c, stream), 2, func(_ context.Context, d event) error {
				if string(d.Value) == "1" {
					mu.Lock()
					defer mu.Unlock()
					times = append(times, time.Now())
					attempts = append(attempts, d.Info().Attempt)
					if len(times) < 3 {
						return fmt.Errorf("not yet")
					}
				}
				a.add(string(d.Value))
				return nil
			}, delivery.Unordered(), delivery.Requeue(func(delivery.Info, error) time.Duration { return delay }))
			a.wait(t, 3)
			require.NoError(t, s.Stop(t.Context()))
			require.Equal(t, []int{1, 2, 3}, attempts)
			for i := range 2 {
				require.GreaterOrEqual(t, times[i+1].Sub(times[i]), delay-5*time.Millisecond)
			}
			require.Zero(t, pending(t, c, stream))
		})
	}
}

// TestMaxHold: an event that is held for too long is revoked, and comes again.
func TestMaxHold(t *testing.T) {
	c := connect(t, server(t))
	stream := newStream(t, c)
	add(t, c, stream, numbers(0, 1, 1)...)
	var calls atomic.Int64
	a := newAccount()
	s := run(t, source(c, stream, redis.MaxHold(50*time.Millisecond)), 1, func(ctx context.Context, d event) error {
		if calls.Add(1) == 1 {
			<-ctx.Done()
			require.ErrorIs(t, context.Cause(d.Context()), delivery.ErrRevoked)
			return ctx.Err()
		}
		a.add(string(d.Value))
		return nil
	}, delivery.MaxUncommitted(1))
	a.wait(t, 1)
	require.NoError(t, s.Stop(t.Context()))
	require.EqualValues(t, 2, calls.Load())
	require.Zero(t, pending(t, c, stream))
}

// TestDeletedEntries: entries that were deleted while they were open are reported and
// acked, whether their consumer reads them again or another one claims them.
func TestDeletedEntries(t *testing.T) {
	if !realServer() {
		t.Skip("the server in this process skips such entries: set REDIS_ADDR")
	}
	c := connect(t, server(t))
	for name, opts := range map[string][]redis.Option{"history": {redis.Consumer("dead")}, "claim": nil} {
		t.Run(name, func(t *testing.T) {
			stream := newStream(t, c)
			require.NoError(t, c.XGroupCreateMkStream(t.Context(), stream, group, "0").Err())
			add(t, c, stream, numbers(0, 5, 1)...)
			got := reads(t, c, stream, "dead", 4)
			require.NoError(t, c.XDel(t.Context(), stream, got[1].ID, got[2].ID).Err())
			var deleted []string
			a := newAccount()
			src := source(c, stream, append(opts, redis.OnDeleted(func(ids []string) { deleted = append(deleted, ids...) }))...)
			s := run(t, src, 1, func(_ context.Context, d event) error { a.add(string(d.Value)); return nil })
			a.wait(t, 3)
			require.NoError(t, s.Stop(t.Context()))
			require.Equal(t, []string{got[1].ID, got[2].ID}, deleted)
			require.Zero(t, pending(t, c, stream))
		})
	}
}

// nilEntries answers each claim with an entry that has no values, as servers before 7.0
// do for a deleted one, until it is acked.
type nilEntries struct {
	faults
	acked chan string
}

func (h nilEntries) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		if cmd.Name() == "xack" {
			h.acked <- fmt.Sprint(cmd.Args()[3])
		}
		err := next(ctx, cmd)
		if claim, ok := cmd.(*goredis.XAutoClaimWithDeletedCmd); ok && len(h.acked) == 0 {
			claim.SetVal([]goredis.XMessage{{ID: "1-1"}}, "0-0", []string{"2-2"})
		}
		return err
	}
}

// TestNilEntries is as TestDeletedEntries with an older server.
func TestNilEntries(t *testing.T) {
	c := connect(t, server(t))
	stream := newStream(t, c)
	acked := make(chan string, 100)
	c.AddHook(nilEntries{acked: acked})
	deleted := make(chan []string, 100)
	s := run(t, source(c, stream, redis.OnDeleted(func(ids []string) { deleted <- ids })), 1, func(context.Context, event) error { return nil })
	require.Equal(t, []string{"2-2", "1-1"}, <-deleted)
	require.NoError(t, s.Stop(t.Context()))
	require.Equal(t, "1-1", <-acked)
}
