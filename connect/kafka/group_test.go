package kafka_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/kafka"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

func TestBadArguments(t *testing.T) {
	cluster := kafka.Cluster{kgo.SeedBrokers("127.0.0.1:1")}
	for want, src := range map[string]delivery.Source[[]byte]{
		"topic is empty":                          kafka.Source(cluster, "", "g"),
		"group is empty":                          kafka.Source(cluster, "t", ""),
		"option 2 is nil":                         kafka.Source(cluster, "t", "g", kafka.StopAtDeleted(), nil),
		"Topics: topic 2 is empty":                kafka.Source(cluster, "t", "g", kafka.Topics("a", "")),
		"CommitEvery: d is 0s, want more than 0":  kafka.Source(cluster, "t", "g", kafka.CommitEvery(0)),
		"RevokeWait: d is -1ns, want at least 0":  kafka.Source(cluster, "t", "g", kafka.RevokeWait(-1)),
		"MaxPollRecords: n is 0, want at least 1": kafka.Source(cluster, "t", "g", kafka.MaxPollRecords(0)),
		"IDHeader: name is empty":                 kafka.Source(cluster, "t", "g", kafka.IDHeader("")),
		"OnError: fn is nil":                      kafka.Source(cluster, "t", "g", kafka.OnError(nil)),
	} {
		err := delivery.Process(src, 1, newAccount().handle).Drain(t.Context())
		require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
		require.ErrorContains(t, err, "kafka.Source: "+want)
	}
	err := delivery.Process(kafka.Source(cluster, "t", "g"), 1, newAccount().handle, delivery.Unordered(),
		delivery.Requeue(func(delivery.Info, error) time.Duration { return 0 })).Drain(t.Context())
	require.ErrorIs(t, err, turbopipes.ErrInvalidArgument, "a log can't requeue")
}

func TestRevokeWaitIsLessThanTheRebalanceTimeout(t *testing.T) {
	b := newBroker(t, 1)
	s := b.subscription(kafka.RevokeWait(10*time.Second), kafka.Client(kgo.RebalanceTimeout(10*time.Second)))
	require.ErrorContains(t, failure(t, s.start(t, 1, newAccount().handle)), "RevokeWait is 10s, want less than the RebalanceTimeout, which is 10s")
}

func TestOpenFails(t *testing.T) {
	b := newBroker(t, 1)
	s := b.subscription(kafka.Topics("refunds"))
	err := failure(t, s.start(t, 1, newAccount().handle))
	require.ErrorIs(t, err, kerr.UnknownTopicOrPartition)
	require.ErrorContains(t, err, `topic "refunds"`)

	s = b.subscription()
	s.network().cut(true)
	require.ErrorIs(t, failure(t, s.start(t, 1, newAccount().handle)), errAway)
}

// Errors that no retry mends end the stream.
func TestNoPermission(t *testing.T) {
	for key, want := range map[kmsg.Key]*kerr.Error{kmsg.Fetch: kerr.TopicAuthorizationFailed, kmsg.JoinGroup: kerr.GroupAuthorizationFailed} {
		b := newBroker(t, 1)
		b.in(t, 0, 0, 1)
		b.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: want, Count: -1, TopLevel: key == kmsg.JoinGroup})
		err := failure(t, b.subscription().start(t, 1, newAccount().handle))
		require.ErrorIs(t, err, want)
	}
}

// A second process with the same instance id fences the first one.
func TestFenced(t *testing.T) {
	b, all := newBroker(t, 2), newAccount()
	s := b.subscription(kafka.Client(kgo.InstanceID("worker-1")))
	b.publish(t, numbered(50, 10)...)
	first := s.start(t, 4, all.handle)
	all.has(t, 50)
	second := s.start(t, 4, all.handle)
	require.ErrorIs(t, failure(t, first), delivery.ErrFenced)
	b.publish(t, kgo.KeyStringRecord("k0", "6"))
	all.has(t, 51)
	stop(t, second)
	all.check(t, 51)
}

// The broker removes a member: its partitions are lost, and the tasks learn of it. The
// events come again, in a new tenure.
func TestLostPartitions(t *testing.T) {
	b, all := newBroker(t, 2), newAccount()
	b.publish(t, numbered(4, 4)...)
	var lost atomic.Int64
	var causes, grown atomic.Int64
	var first atomic.Int64
	sub := b.subscription().start(t, 4, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		epoch := d.Info().Epoch
		if lost.Add(1) <= 4 {
			first.Store(epoch)
			<-ctx.Done()
			if errors.Is(context.Cause(ctx), delivery.ErrRevoked) {
				causes.Add(1)
			}
			return ctx.Err()
		}
		if epoch > first.Load() {
			grown.Add(1)
		}
		return all.handle(ctx, d)
	})
	eventually(t, "the tasks", func() bool { return lost.Load() == 4 })
	// The member can't join again for a while.
	refusal := b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Err: kerr.CoordinatorLoadInProgress, TopLevel: true, Count: -1})
	kick(t, b.addresses)
	eventually(t, "the ends of the tenures", func() bool { return causes.Load() == 4 })
	refusal.Remove()
	all.has(t, 4)
	stop(t, sub)
	all.check(t, 4)
	require.EqualValues(t, 4, grown.Load())
}

// away takes the brokers away while tasks run: nothing is lost or out of order.
func away(t *testing.T, d time.Duration) {
	t.Helper()
	const n = 2000
	b, all := newBroker(t, 2), newAccount()
	s := b.subscription()
	b.publish(t, numbered(n/2, 50)...)
	sub := s.start(t, 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		time.Sleep(100 * time.Microsecond)
		return all.handle(ctx, d)
	}, delivery.MaxUncommitted(64))
	all.has(t, n/4)
	s.network().cut(true)
	before := all.distinct()
	time.Sleep(d)
	require.NoError(t, sub.Err(), "the stream waits for the brokers")
	require.LessOrEqual(t, all.distinct(), before+2*64, "a tail is bounded")
	s.network().cut(false)
	more := numbered(n, 50)[n/2:]
	b.publish(t, more...)
	all.has(t, n)
	stop(t, sub)
	all.check(t, n)
	require.LessOrEqual(t, all.repeated(), 2*64)
	at := b.committed(t, 2)
	require.EqualValues(t, n, at[0]+at[1])
}

func TestBrokerAway(t *testing.T) { away(t, 200*time.Millisecond) }

// TestBrokerAwayForLong runs with KAFKA_AWAY=10s.
func TestBrokerAwayForLong(t *testing.T) {
	d := durationOf("KAFKA_AWAY")
	if d == 0 {
		t.Skip("KAFKA_AWAY is not set")
	}
	away(t, d)
}

// Dispose does not wait for a revocation that waits for the tasks.
func TestDisposeWhileRevoked(t *testing.T) {
	b, all := newBroker(t, 2), newAccount()
	s := b.subscription(kafka.RevokeWait(50 * time.Second))
	b.in(t, 0, 0, 2)
	b.in(t, 1, 0, 2)
	var began atomic.Int64
	first := s.start(t, 4, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
		began.Add(1)
		<-ctx.Done()
		return ctx.Err()
	})
	eventually(t, "the tasks", func() bool { return began.Load() == 2 })
	second := s.start(t, 4, all.handle)
	eventually(t, "the rebalance", func() bool { return members(t, b) != 1 })
	time.Sleep(100 * time.Millisecond) // the revocation waits
	first.Dispose()                    // would take 50 s otherwise
	all.has(t, 4)
	stop(t, second)
	all.check(t, 4)
}

// A rebalance that waits for a dead member does not hold the end of a stream for longer
// than CloseTimeout. The brokers would hold the join until the rebalance timeout.
func TestDisposeWhileJoining(t *testing.T) {
	b, all := newBroker(t, 2), newAccount()
	b.publish(t, numbered(10, 10)...)
	dead := b.subscription()
	first := dead.start(t, 4, all.handle)
	all.has(t, 10)
	dead.network().cut(true) // the broker waits for its session timeout, or for its join
	second := b.subscription().start(t, 4, all.handle, delivery.CloseTimeout(time.Second))
	eventually(t, "the rebalance", func() bool { return members(t, b) != 1 })
	began := time.Now()
	second.Dispose()
	require.Less(t, time.Since(began), 10*time.Second, "not the rebalance timeout of a minute")
	dead.network().cut(false)
	first.Dispose()
}

// A full disk of the sink is an error like any other: the event is tried again, the tail
// fills, and the partition is paused. When there is room again, nothing is missing.
func TestFullDiskOfTheSink(t *testing.T) {
	const n = 500
	b, c, all := newBroker(t, 1), &kafka.Counts{}, newAccount()
	b.publish(t, numbered(n, 10)...)
	d := &disk{left: 200, account: all}
	sub := b.subscription(kafka.Counting(c)).start(t, 8, func(_ context.Context, e delivery.Delivery[[]byte]) error {
		_, err := io.WriteString(d, e.Key+"="+string(e.Value))
		return err
	}, delivery.MaxUncommitted(32), delivery.Retry(turbopipes.Infinite, operators.Constant(time.Millisecond)))
	eventually(t, "the pause", func() bool { return c.Paused() > 0 || d.full.Load() > 100 })
	require.LessOrEqual(t, all.distinct(), 200)
	d.more.Store(n)
	all.has(t, n)
	stop(t, sub)
	all.check(t, n)
	require.Zero(t, all.repeated())
}

// disk is full after left writes.
type disk struct {
	left       int64
	more, full atomic.Int64
	writes     atomic.Int64
	*account
}

func (d *disk) Write(b []byte) (int, error) {
	if d.writes.Add(1) > d.left+d.more.Load() {
		d.writes.Add(-1)
		d.full.Add(1)
		return 0, syscall.ENOSPC
	}
	for i, c := range b {
		if c == '=' {
			d.effect(string(b[:i]), string(b[i+1:]))
		}
	}
	return len(b), nil
}

func TestInfo(t *testing.T) {
	b := newBroker(t, 1)
	at := time.UnixMilli(1700000000000)
	b.publish(t,
		&kgo.Record{Key: []byte("k"), Value: []byte("v"), Timestamp: at, Headers: []kgo.RecordHeader{{Key: "a", Value: []byte("1")}, {Key: "id", Value: []byte("order-7")}}},
		&kgo.Record{Timestamp: at})
	got := make(chan delivery.Delivery[[]byte], 2)
	var infos []delivery.Info
	sub := b.subscription(kafka.IDHeader("id")).start(t, 1, func(_ context.Context, d delivery.Delivery[[]byte]) error {
		infos = append(infos, d.Info())
		got <- d
		return nil
	})
	first, second := <-got, <-got
	stop(t, sub)
	require.Equal(t, "k", first.Key)
	require.Equal(t, "v", string(first.Value))
	require.Empty(t, second.Key)
	require.Nil(t, second.Value)
	i := infos[0]
	require.Equal(t, "orders/0@0", i.String())
	require.Equal(t, "order-7", i.ID)
	require.Equal(t, "1", i.Headers.Get("a"))
	require.True(t, at.Equal(i.Time))
	require.Positive(t, i.Epoch)
	require.Zero(t, i.Attempt)
	require.Equal(t, "1", infos[1].Position)
	require.Equal(t, "orders/0@1", infos[1].ID)
}

// A log has no nack: the event stays open, and the position stays before it.
func TestNackHoldsThePosition(t *testing.T) {
	b, all := newBroker(t, 1), newAccount()
	b.in(t, 0, 0, 5)
	s := b.subscription()
	acked := make(chan struct{})
	sub := delivery.Through(s, func(in turbopipes.Observable[delivery.Delivery[[]byte]]) turbopipes.Observable[delivery.Delivery[[]byte]] {
		return in
	}).Subscribe(t.Context(), turbopipes.Observer[delivery.Delivery[[]byte]]{Next: func(d delivery.Delivery[[]byte]) {
		if string(d.Value) == "3" {
			d.Nack(errNow)
			return
		}
		d.Ack()
		if string(d.Value) == "5" {
			close(acked)
		}
	}})
	<-acked
	stop(t, sub)
	require.Equal(t, []int64{2}, b.committed(t, 1))
	sub = s.start(t, 1, all.handle)
	all.has(t, 3)
	stop(t, sub)
	require.Equal(t, []int64{5}, b.committed(t, 1))
}
