package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
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

// sink opens one, and closes it with the test.
func sink(t testing.TB, c kafka.Cluster, name string, opts ...kgo.Opt) *kafka.Sink {
	t.Helper()
	s, err := kafka.NewSink(c, name, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	return s
}

// read returns the first n records of a topic.
func read(t testing.TB, b *broker, name string, n int) (records []*kgo.Record) {
	t.Helper()
	cl := client(t, b.addresses, kgo.ConsumeTopics(name), kgo.FetchMaxWait(50*time.Millisecond))
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for len(records) < n && ctx.Err() == nil {
		records = append(records, cl.PollFetches(ctx).Records()...)
	}
	require.Len(t, records, n)
	return records
}

func topics(t testing.TB, names ...string) *broker {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, names...), kfake.GroupMinSessionTimeout(time.Second))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return &broker{c, c.ListenAddrs()}
}

func TestSinkArguments(t *testing.T) {
	_, err := kafka.NewSink(nil, "")
	require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
	require.ErrorContains(t, err, "kafka.NewSink: topic is empty")
	_, err = kafka.NewSink(nil, "t", kgo.DisableIdempotentWrite())
	require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
	s, err := kafka.NewSink(nil, "t", kgo.RequiredAcks(kgo.NoAck()))
	require.NoError(t, err, "the acks are set after the options")
	require.NoError(t, s.Publish(t.Context()))
	require.NoError(t, s.Close(t.Context()))
}

// Consume, process, produce: every event has its record, in order per key, also where
// the broker refuses records for a while.
func TestSinkKeepsOrderAndLosesNothing(t *testing.T) {
	const n = 3000
	b := topics(t, topic, "booked")
	b.publish(t, numbered(n, 40)...)
	b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "booked", Err: kerr.NotLeaderForPartition, Count: -1, When: every(5)})
	out := sink(t, quick(b.addresses), "booked")
	s := b.subscription()
	for range 3 { // a crash repeats some
		var did atomic.Int64
		sub := s.start(t, 16, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
			did.Add(1)
			return out.Publish(ctx, kgo.KeySliceRecord([]byte(d.Key), d.Value))
		}, delivery.MaxUncommitted(64))
		eventually(t, "some events", func() bool { return did.Load() > n/4 })
		s.crash(t)
		sub.Dispose()
	}
	sub := s.start(t, 16, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		return out.Publish(ctx, kgo.KeySliceRecord([]byte(d.Key), d.Value))
	})
	eventually(t, "the end", func() bool {
		sum := int64(0)
		for _, at := range b.committed(t, 3) {
			sum += at
		}
		return sum == n
	})
	stop(t, sub)
	all := newAccount()
	total := 0
	cl := client(t, b.addresses, kgo.ConsumeTopics("booked"), kgo.FetchMaxWait(50*time.Millisecond))
	defer cl.Close()
	for all.distinct() < n {
		for _, r := range cl.PollFetches(t.Context()).Records() {
			all.effect(string(r.Key), string(r.Value))
			total++
		}
	}
	all.check(t, n)
	require.LessOrEqual(t, all.repeated(), 3*3*64)
}

// A record that can never be written is Permanent. Its neighbours are written.
func TestSinkTooLarge(t *testing.T) {
	b := topics(t, topic)
	s := sink(t, quick(b.addresses), topic, kgo.ProducerBatchMaxBytes(2000))
	err := s.Publish(t.Context(), kgo.StringRecord("1"), kgo.SliceRecord(make([]byte, 10_000)), kgo.StringRecord("2"))
	require.ErrorIs(t, err, kerr.MessageTooLarge)
	require.Equal(t, delivery.Permanent(errors.Unwrap(err)), err)
	require.Len(t, read(t, b, topic, 2), 2)
}

// Publish waits for brokers that are away, but no longer than its ctx.
func TestSinkWaits(t *testing.T) {
	b, n := topics(t, topic), newNetwork()
	s, err := kafka.NewSink(append(quick(b.addresses), kgo.Dialer(n.dial)), topic)
	require.NoError(t, err)
	n.cut(true)
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	time.AfterFunc(50*time.Millisecond, func() { cancel(stopped) })
	require.ErrorIs(t, s.Publish(ctx, kgo.StringRecord("1")), stopped)

	waits := make(chan error)
	go func() { waits <- s.Publish(t.Context(), kgo.StringRecord("2")) }() // joined below
	time.Sleep(50 * time.Millisecond)
	n.cut(false)
	require.NoError(t, <-waits)
	require.NoError(t, s.Close(t.Context()))
	values := []string{}
	for _, r := range read(t, b, topic, 1) {
		values = append(values, string(r.Value))
	}
	require.Contains(t, values, "2")
}

// Close says so when records may be missing.
func TestSinkCloseInTime(t *testing.T) {
	b, n := topics(t, topic), newNetwork()
	s, err := kafka.NewSink(append(quick(b.addresses), kgo.Dialer(n.dial)), topic)
	require.NoError(t, err)
	n.cut(true)
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	waits := make(chan error)
	go func() { waits <- s.Publish(t.Context(), kgo.StringRecord("1")) }() // joined below
	time.Sleep(5 * time.Millisecond)
	require.ErrorIs(t, s.Close(short), context.DeadlineExceeded)
	require.Error(t, <-waits)
}

// Hopeless events go to a topic of their own, with what has failed.
func TestDeadLetters(t *testing.T) {
	b := topics(t, topic, "orders-dead")
	b.publish(t,
		&kgo.Record{Key: []byte("k"), Value: []byte("no JSON"), Headers: []kgo.RecordHeader{{Key: "trace", Value: []byte("7")}}},
		kgo.KeyStringRecord("k", "1"))
	dead := sink(t, quick(b.addresses), "orders-dead")
	var mu sync.Mutex
	var got []int
	sub := b.subscription().start(t, 4, delivery.JSON(func(_ context.Context, d delivery.Delivery[int]) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, d.Value)
		return nil
	}), delivery.Retry(3, operators.Constant(time.Hour)), delivery.DeadLetter(kafka.DeadLetters(dead)))
	r := read(t, b, "orders-dead", 1)[0]
	stop(t, sub)
	require.Equal(t, []int{1}, got)
	require.Equal(t, "k", string(r.Key))
	require.Equal(t, "no JSON", string(r.Value))
	headers := map[string]string{}
	for _, h := range r.Headers {
		headers[h.Key] = string(h.Value)
	}
	require.Equal(t, "7", headers["trace"])
	require.Equal(t, "1", headers[kafka.HeaderTries])
	require.Contains(t, headers[kafka.HeaderError], "invalid character")
	require.Regexp(t, `^orders/\d@0$`, headers[kafka.HeaderSource])
	require.Equal(t, headers[kafka.HeaderSource], headers[kafka.HeaderID])
	require.Equal(t, int64(2), sum(b.committed(t, 3)))
}

// sum is that of the positions that there are.
func sum(at []int64) (n int64) {
	for _, a := range at {
		n += max(0, a)
	}
	return n
}

// The records in flight are bounded.
func TestSinkIsBounded(t *testing.T) {
	b, n := topics(t, topic), newNetwork()
	s, err := kafka.NewSink(append(quick(b.addresses), kgo.Dialer(n.dial)), topic, kgo.MaxBufferedRecords(3))
	require.NoError(t, err)
	n.cut(true)
	var left atomic.Int64
	results := make(chan error)
	for i := range 10 {
		go func() { // joined below
			left.Add(1)
			results <- s.Publish(t.Context(), kgo.StringRecord(fmt.Sprint(i)))
		}()
	}
	eventually(t, "the calls", func() bool { return left.Load() == 10 })
	n.cut(false)
	for range 10 {
		require.NoError(t, <-results)
	}
	require.NoError(t, s.Close(t.Context()))
	require.Len(t, read(t, b, topic, 10), 10)
}
