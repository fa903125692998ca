package watermill_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/watermill"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

var errBoom = errors.New("it fails")

func numbered(n int) []*message.Message {
	events := make([]deliverytest.Event, n)
	for i := range events {
		events[i] = deliverytest.Event{ID: strconv.Itoa(i + 1), Key: "k" + strconv.Itoa(i), Value: []byte{byte(i)}}
	}
	return messagesOf(events...)
}

func quiet[T any]() tp.Observer[T] { return tp.Observer[T]{Error: func(error) {}} }

type bytesHandler = func(context.Context, delivery.Delivery[[]byte]) error

func ok(context.Context, delivery.Delivery[[]byte]) error { return nil }

// TestAcksBeforeTheEnd: handlers that ignore the end of their ctx and return nil have had
// their effects. The subscription goes on until the subscriber has seen those acks.
func TestAcksBeforeTheEnd(t *testing.T) {
	const n = 32
	q := newQueue(n, 0)
	q.publish(numbered(n)...)
	var running sync.WaitGroup
	running.Add(n)
	s := delivery.Process(watermill.Source(q, "events"), n, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
		running.Done()
		<-ctx.Done()
		return nil
	}).Subscribe(t.Context(), quiet[delivery.Receipt]())
	running.Wait()
	s.Dispose()
	q.mu.Lock()
	defer q.mu.Unlock()
	require.Len(t, q.done, n)
	require.Zero(t, q.nacks)
}

// TestContext: the context of a delivery has the values of the message's, and not its
// end. A copy of the message settles nothing.
func TestContext(t *testing.T) {
	q := newQueue(4, 0)
	q.publish(numbered(1)...)
	type name struct{}
	ctx := context.WithValue(t.Context(), name{}, "value")
	var after error
	stream := delivery.Process(watermill.Messages(q, "events"), 1, func(ctx context.Context, d delivery.Delivery[*message.Message]) error {
		require.Equal(t, "value", d.Context().Value(name{}))
		require.True(t, d.Value.Ack())
		q.mu.Lock()
		defer q.mu.Unlock()
		require.Empty(t, q.done)
		after = errors.Join(ctx.Err(), d.Context().Err(), d.Value.Context().Err())
		return nil
	})
	s := stream.Subscribe(ctx, quiet[delivery.Receipt]())
	defer s.Dispose()
	q.await(t, "an ack", func() bool { return len(q.done) == 1 })
	require.NoError(t, after)
	require.NoError(t, s.Stop(ctx))
}

// TestPartsOutliveAcks: one of two parts was acked, and the other one goes on. The
// message is acked with the last of them.
func TestPartsOutliveAcks(t *testing.T) {
	q := newQueue(4, 0)
	q.publish(numbered(1)...)
	var first sync.WaitGroup
	first.Add(1)
	s := delivery.Through(watermill.Source(q, "events"), func(in tp.Observable[delivery.Delivery[[]byte]]) tp.Observable[delivery.Receipt] {
		return tp.Pipe2(in,
			delivery.FlatMap(func([]byte) []int { return []int{1, 2} }),
			delivery.Each(2, func(ctx context.Context, d delivery.Delivery[int]) error {
				if d.Value == 1 {
					first.Done()
					return nil
				}
				first.Wait()
				return ctx.Err()
			}, delivery.Unordered()))
	}).Subscribe(t.Context(), quiet[delivery.Receipt]())
	q.await(t, "an ack", func() bool { return len(q.done) == 1 })
	require.NoError(t, s.Stop(t.Context()))
}

// TestGivenUp: a subscriber that gives up a message revokes its delivery, and the stream
// is at its end when the channel is closed.
func TestGivenUp(t *testing.T) {
	q := newQueue(4, 0)
	q.publish(numbered(1)...)
	var running sync.WaitGroup
	running.Add(1)
	var receipts []delivery.Receipt
	s := delivery.Process(watermill.Source(q, "events"), 1, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
		running.Done()
		<-ctx.Done()
		return context.Cause(ctx)
	}).Subscribe(t.Context(), tp.Observer[delivery.Receipt]{Next: func(r delivery.Receipt) { receipts = append(receipts, r) }})
	running.Wait()
	require.NoError(t, q.Close())
	require.NoError(t, s.Wait())
	require.Len(t, receipts, 1)
	require.Equal(t, delivery.Revoked, receipts[0].Outcome)
	require.ErrorIs(t, receipts[0].Err, delivery.ErrRevoked)
	require.Empty(t, q.done)
}

// TestPublisherContext: a context that is not the subscriber's says nothing about the
// message, also if it has ended.
func TestPublisherContext(t *testing.T) {
	pubsub := gochannel.NewGoChannel(gochannel.Config{Persistent: true, PreserveContext: true}, nil)
	ended, end := context.WithCancel(t.Context())
	end()
	m := message.NewMessageWithContext(ended, "1", nil)
	require.NoError(t, pubsub.Publish("events", m))
	got := make(chan error, 1)
	s := delivery.Process(watermill.Source(pubsub, "events"), 1, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
		got <- ctx.Err()
		return nil
	}).Subscribe(t.Context(), quiet[delivery.Receipt]())
	require.NoError(t, <-got)
	began := time.Now()
	require.NoError(t, s.Stop(t.Context()))
	require.Less(t, time.Since(began), patience, "nobody waits for a context that does not end")
	require.NoError(t, pubsub.Close())
}

// TestInfo: where an event is from.
func TestInfo(t *testing.T) {
	q := newQueue(4, 0)
	m := message.NewMessage("id", []byte("v"))
	m.Metadata = message.Metadata{"customer": "ada", "b": "2", "a": "1"}
	q.publish(m)
	require.NoError(t, q.processOne(t, watermill.Source(q, "events", watermill.KeyField("customer")), func(_ context.Context, d delivery.Delivery[[]byte]) error {
		i := d.Info()
		require.Equal(t, "ada", d.Key)
		require.Equal(t, "events/0@id", i.String())
		require.Equal(t, "id", i.ID)
		var keys []string
		for k := range i.Headers.All() {
			keys = append(keys, k)
		}
		require.Equal(t, []string{"a", "b", "customer"}, keys)
		return nil
	}))
	q.publish(m)
	length := watermill.KeyBy(func(m *message.Message) string { return strconv.Itoa(len(m.Payload)) })
	require.NoError(t, q.processOne(t, watermill.Source(q, "events", length), func(_ context.Context, d delivery.Delivery[[]byte]) error {
		require.Equal(t, "1", d.Key)
		return nil
	}))
}

// processOne processes one message, and stops.
func (q *queue) processOne(t *testing.T, src delivery.Source[[]byte], fn bytesHandler) error {
	t.Helper()
	q.mu.Lock()
	done := len(q.done)
	q.mu.Unlock()
	s := delivery.Process(src, 1, fn).Subscribe(t.Context(), quiet[delivery.Receipt]())
	q.await(t, "an ack", func() bool { return len(q.done) > done })
	return s.Stop(t.Context())
}

// TestNackPause: a message that always fails is no hot loop, and loses its place.
func TestNackPause(t *testing.T) {
	for _, test := range []struct {
		pause, delay, want time.Duration
	}{{-1, 0, 100 * time.Millisecond}, {time.Second, 0, time.Second}, {time.Second, 5 * time.Second, 5 * time.Second}, {0, 0, 0}} {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue(4, 0)
			q.publish(numbered(3)...)
			var opts []watermill.Option
			if test.pause >= 0 {
				opts = append(opts, watermill.NackPause(test.pause))
			}
			began := time.Now()
			var mu sync.Mutex
			var failures []time.Duration
			var order []string
			s := delivery.Process(watermill.Source(q, "events", opts...), 1, func(_ context.Context, d delivery.Delivery[[]byte]) error {
				mu.Lock()
				defer mu.Unlock()
				if order = append(order, d.Info().ID); d.Info().ID == "1" && len(failures) < 3 {
					failures = append(failures, time.Since(began))
					return errBoom
				}
				return nil
			}, delivery.Unordered(), delivery.Requeue(func(delivery.Info, error) time.Duration { return test.delay })).
				Subscribe(t.Context(), quiet[delivery.Receipt]())
			q.await(t, "acks", func() bool { return len(q.done) == 3 })
			require.NoError(t, s.Stop(t.Context()))
			require.Equal(t, []string{"1", "2", "3", "1", "1", "1"}, order)
			require.Equal(t, 3, q.nacks)
			for i := range failures[1:] {
				require.InDelta(t, test.want, failures[i+1]-failures[i], float64(time.Millisecond))
			}
		})
	}
}

// TestStopInThePause: a stop does not wait for a pause. The message is nacked at once.
func TestStopInThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(4, 0)
		q.publish(numbered(1)...)
		s := delivery.Process(watermill.Source(q, "events"), 1, func(context.Context, delivery.Delivery[[]byte]) error { return errBoom },
			delivery.Unordered(), delivery.Requeue(func(delivery.Info, error) time.Duration { return time.Hour })).
			Subscribe(t.Context(), quiet[delivery.Receipt]())
		synctest.Wait()
		began := time.Now()
		require.NoError(t, s.Stop(t.Context()))
		require.Less(t, time.Since(began), time.Minute)
		require.Equal(t, 1, q.nacks)
		require.Len(t, q.waiting, 1)
		require.Empty(t, q.held)
	})
}

// TestSerialSubscriber: with a subscriber that waits for each ack, one event runs at a
// time, and a batch waits for its time limit.
func TestSerialSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 0)
		q.publish(numbered(5)...)
		began := time.Now()
		var sizes []int
		s := delivery.Through(watermill.Source(q, "events"), func(in tp.Observable[delivery.Delivery[[]byte]]) tp.Observable[delivery.Receipt] {
			return tp.Pipe2(in, delivery.Batch[[]byte](100, time.Second), delivery.Each(1, func(_ context.Context, d delivery.Delivery[[][]byte]) error {
				sizes = append(sizes, len(d.Value))
				return nil
			}))
		}).Subscribe(t.Context(), quiet[delivery.Receipt]())
		q.await(t, "acks", func() bool { return len(q.done) == 5 })
		require.InDelta(t, 5*time.Second, time.Since(began), float64(10*time.Millisecond))
		require.NoError(t, s.Stop(t.Context()))
		require.Equal(t, []int{1, 1, 1, 1, 1}, sizes)
	})
}

// TestUnreadMessages: what the channel holds at the end is not lost.
func TestUnreadMessages(t *testing.T) {
	q := newQueue(100, 100)
	q.publish(numbered(50)...)
	var running atomic.Int64
	s := delivery.Process(watermill.Source(q, "events"), 2, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
		running.Add(1)
		<-ctx.Done()
		return context.Cause(ctx)
	}, delivery.Ahead(1), delivery.MaxUncommitted(3)).Subscribe(t.Context(), quiet[delivery.Receipt]())
	q.await(t, "messages in flight", func() bool { return len(q.held) == 50 })
	s.Dispose()
	q.await(t, "all messages", func() bool { return len(q.waiting) == 50 })
	require.LessOrEqual(t, running.Load(), int64(2))
	ids := map[string]bool{}
	for _, m := range q.waiting {
		ids[m.UUID] = true
	}
	require.Len(t, ids, 50)
}

// stub is a subscriber that does what a test wants.
type stub func(ctx context.Context) (<-chan *message.Message, error)

func (s stub) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	return s(ctx)
}
func (stub) Close() error { return nil }

// TestOpenFails: errors of Subscribe are those of the stream, and the end of the ctx ends
// a Subscribe that takes too long.
func TestOpenFails(t *testing.T) {
	run := func(ctx context.Context, s stub) error {
		return delivery.Process(watermill.Source(s, "events"), 1, ok).Drain(ctx)
	}
	require.ErrorIs(t, run(t.Context(), func(context.Context) (<-chan *message.Message, error) { return nil, errBoom }), errBoom)
	require.ErrorContains(t, run(t.Context(), func(context.Context) (<-chan *message.Message, error) { return nil, nil }), "neither a channel nor an error")
	ctx, cancel := context.WithCancelCause(t.Context())
	require.ErrorIs(t, run(ctx, func(ctx context.Context) (<-chan *message.Message, error) {
		cancel(errBoom)
		<-ctx.Done()
		return nil, ctx.Err()
	}), errBoom)
}

// TestNeverCloses: a subscriber that does not close its channel is reported.
func TestNeverCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan *message.Message, 1)
		ch <- message.NewMessage("1", nil)
		done := make(chan struct{})
		s := delivery.Process(watermill.Source(stub(func(context.Context) (<-chan *message.Message, error) { return ch, nil }), "events"), 1,
			func(context.Context, delivery.Delivery[[]byte]) error { close(done); return nil }).Subscribe(t.Context(), quiet[delivery.Receipt]())
		<-done
		require.ErrorContains(t, s.Stop(t.Context()), "has not closed the channel")
	})
}

// TestInvalid: arguments that do not fit.
func TestInvalid(t *testing.T) {
	q := newQueue(1, 0)
	for want, src := range map[string]delivery.Source[[]byte]{
		"subscriber is nil":                       watermill.Source(nil, "events"),
		"topic is empty":                          watermill.Source(q, ""),
		"option 1 is nil":                         watermill.Source(q, "events", nil),
		"KeyField: the name is empty":             watermill.Source(q, "events", watermill.KeyField("")),
		"KeyBy: fn is nil":                        watermill.Source(q, "events", watermill.KeyBy(nil)),
		"NackPause: d is -1ns, want at least 0":   watermill.Source(q, "events", watermill.NackPause(-1)),
		"AckWait: d is -1ns, want at least 0":     watermill.Source(q, "events", watermill.AckWait(-1)),
		"NewSubscriber: InFlight: n is 0, want":   through(q, watermill.InFlight(0)),
		"ResendPause: d is -1ns, want at least 0": through(q, watermill.ResendPause(-1)),
		"Grace: d is -1ns, want at least 0":       through(q, watermill.Grace(-1)),
		"Unmarshal: fn is nil":                    through(q, watermill.Unmarshal(nil)),
		"OnError: fn is nil":                      through(q, watermill.OnError(nil)),
		"Retry: count is -5":                      through(q, watermill.With(delivery.Retry(-5, nil))),
		"source is nil":                           watermill.Source(watermill.NewSubscriber(nil), "events"),
		"the source of \"events\" is nil": watermill.Source(watermill.NewSubscriber(func(string) delivery.Source[[]byte] { return nil }),
			"events"),
	} {
		err := delivery.Process(src, 1, ok).Drain(t.Context())
		require.ErrorIs(t, err, tp.ErrInvalidArgument, want)
		require.ErrorContains(t, err, want)
	}
}

// through is q through both directions.
func through(q *queue, opts ...watermill.SubscriberOption) delivery.Source[[]byte] {
	return watermill.Source(watermill.NewSubscriber(func(topic string) delivery.Source[[]byte] {
		return watermill.Source(q, topic)
	}, opts...), "events")
}

// TestRoundTrip: both directions after each other, with sessions that end in all ways.
func TestRoundTrip(t *testing.T) {
	const n = 400
	q := newQueue(64, 4)
	q.publish(numbered(n)...)
	src := through(q, watermill.InFlight(16), watermill.Grace(100*time.Millisecond))
	var mu sync.Mutex
	var effects []string
	for round := range 6 {
		s := delivery.Process(src, 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			mu.Lock()
			defer mu.Unlock()
			effects = append(effects, d.Info().ID)
			return nil
		}).Subscribe(t.Context(), quiet[delivery.Receipt]())
		q.await(t, "acks", func() bool { return len(q.done) >= (round+1)*n/6 || len(q.done) == n })
		switch round % 3 {
		case 0:
			require.NoError(t, s.Stop(t.Context()))
		case 1:
			s.Dispose()
		default:
			q.crash()
			s.Dispose()
		}
	}
	s := delivery.Process(src, 8, func(_ context.Context, d delivery.Delivery[[]byte]) error {
		mu.Lock()
		defer mu.Unlock()
		effects = append(effects, d.Info().ID)
		return nil
	}).Subscribe(t.Context(), quiet[delivery.Receipt]())
	q.await(t, "all acks", func() bool { return len(q.done) == n })
	require.NoError(t, s.Stop(t.Context()))
	slices.Sort(effects)
	require.Len(t, slices.Compact(effects), n)
}
