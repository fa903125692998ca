package jetstream_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/connect/jetstream"
	"github.com/turbopipes/turbopipes/delivery"
)

const pinTTL = 300 * time.Millisecond

// pair is two processes, as far as the server can tell: two connections.
type pair struct {
	b      *broker
	js     [2]natsjs.JetStream
	stream string
	src    [2]delivery.Source[[]byte]
}

func newPair(t *testing.T, n, keys int, opts ...jetstream.Option) *pair {
	t.Helper()
	p := &pair{b: newBroker(t)}
	for i := range p.js {
		p.js[i] = streaming(t, connect(t, p.b.ClientURL()))
	}
	p.stream = newStream(t, p.js[0])
	publish(t, p.js[0], p.stream, 0, n, keys)
	for i := range p.js {
		p.src[i] = source(p.js[i], p.stream, append([]jetstream.Option{jetstream.PinTTL(pinTTL), jetstream.AckWait(longWait)}, opts...)...)
	}
	return p
}

// inBoth runs test in both exclusive modes.
func inBoth(t *testing.T, test func(t *testing.T, opts []jetstream.Option)) {
	t.Helper()
	for _, m := range modes[:2] {
		t.Run(m.name, func(t *testing.T) { test(t, m.opts) })
	}
}

// A second process waits, and goes on where the first one ends.
func TestSecondProcessWaits(t *testing.T) {
	inBoth(t, func(t *testing.T, opts []jetstream.Option) {
		p := newPair(t, 400, 20, append(opts, jetstream.PinTTL(longWait))...)
		r := newRecord()
		first := start(t, p.src[0], 8, r.slowly)
		r.wait(t, 50)
		var second atomic.Int64
		s := start(t, p.src[1], 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
			second.Add(1)
			return r.slowly(ctx, d)
		})
		r.wait(t, 200)
		require.Zero(t, second.Load(), "the second process has events, beside the first one")
		stop(t, first)
		r.wait(t, 400)
		stop(t, s)
		r.inOrder(t)
		require.Zero(t, r.repeated(), "a graceful change repeats nothing")
		require.NotZero(t, second.Load())
		require.Len(t, r.epochs, 2)
	})
}

// What a process has open when it crashes comes first, and in order: not after AckWait,
// and not after newer events.
func TestCrashedProcess(t *testing.T) {
	inBoth(t, func(t *testing.T, opts []jetstream.Option) {
		p := newPair(t, 200, 10, opts...)
		var held atomic.Int64
		full := newSignal()
		first := start(t, p.src[0], 8, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
			if held.Add(1) == 8 {
				full.give()
			}
			<-ctx.Done()
			return ctx.Err()
		}, delivery.CloseTimeout(time.Millisecond))
		full.wait(t)
		p.js[0].Conn().Close() // the server sees no more of it
		first.Dispose()
		r := newRecord()
		second := start(t, p.src[1], 8, r.handle)
		r.wait(t, 200)
		stop(t, second)
		r.inOrder(t)
		require.Zero(t, r.repeated())
	})
}

// As above, but all events are open at the first process, so that no event can tell the
// second one that the consumer is free.
func TestCrashedProcessWithAllEvents(t *testing.T) {
	inBoth(t, func(t *testing.T, opts []jetstream.Option) {
		p := newPair(t, 6, 6, opts...)
		var held atomic.Int64
		full := newSignal()
		first := start(t, p.src[0], 8, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
			if held.Add(1) == 6 {
				full.give()
			}
			<-ctx.Done()
			return ctx.Err()
		}, delivery.CloseTimeout(time.Millisecond))
		full.wait(t)
		r := newRecord()
		second := start(t, p.src[1], 8, r.handle)
		p.js[0].Conn().Close()
		first.Dispose()
		r.wait(t, 6)
		stop(t, second)
		require.Zero(t, r.repeated())
	})
}

// A process that loses the consumer ends its events with ErrRevoked, acks nothing of the
// other one's, and waits.
func TestTakenAway(t *testing.T) {
	inBoth(t, func(t *testing.T, opts []jetstream.Option) {
		p := newPair(t, 50, 10, opts...)
		var began atomic.Int64
		full, revoked := newSignal(), newSignal()
		first := start(t, p.src[0], 4, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
			if began.Add(1) == 4 {
				full.give()
			}
			<-ctx.Done()
			if errors.Is(context.Cause(ctx), delivery.ErrRevoked) {
				revoked.give()
			}
			return nil // too late
		})
		full.wait(t)
		r := newRecord()
		second := start(t, p.src[1], 8, r.handle)
		st, err := p.js[1].Stream(t.Context(), p.stream)
		require.NoError(t, err)
		require.Eventually(t, func() bool { // until the second one is asking
			return consumerInfo(t, p.js[1], p.stream, "c").NumWaiting >= 2
		}, patience, time.Millisecond)
		publish(t, p.js[1], p.stream, 50, 10, 10)
		require.NoError(t, st.UnpinConsumer(t.Context(), "c", "turbopipes"))
		r.wait(t, 60)
		revoked.wait(t)
		r.inOrder(t)
		stop(t, first)
		stop(t, second)
		require.Zero(t, r.repeated())
	})
}

// Another client resets the consumer: the session sees that the events do not follow on
// the last one, finishes what it has, and begins again.
func TestResetByAnother(t *testing.T) {
	inBoth(t, func(t *testing.T, opts []jetstream.Option) {
		p := newPair(t, 1000, 20, opts...)
		r := newRecord()
		s := start(t, p.src[0], 8, r.slowly, delivery.MaxUncommitted(100))
		for i := range 3 {
			r.wait(t, 200*(i+1))
			_, err := p.js[1].ResetConsumer(t.Context(), p.stream, "c")
			require.NoError(t, err)
		}
		r.wait(t, 1000)
		stop(t, s)
		r.inOrder(t)
		require.LessOrEqual(t, r.repeated(), 3*100)
		require.EqualValues(t, 1000, consumerInfo(t, p.js[1], p.stream, "c").AckFloor.Stream)
	})
}

// Another client takes events of the consumer without the priority group. The session
// sees that some are missing, and gets them.
func TestEventsThatAnotherClientTakes(t *testing.T) {
	inBoth(t, func(t *testing.T, opts []jetstream.Option) {
		p := newPair(t, 0, 1, opts...)
		r := newRecord()
		s := start(t, p.src[0], 8, r.handle)
		require.Eventually(t, func() bool { return consumerWaits(p.js[1], p.stream) }, patience, time.Millisecond)
		inbox, err := p.js[1].Conn().SubscribeSync(p.js[1].Conn().NewInbox())
		require.NoError(t, err)
		next := "$JS.API.CONSUMER.MSG.NEXT." + p.stream + ".c"
		for i := range 4 { // as long as nobody has the pin, the server serves everybody
			require.NoError(t, p.js[1].Conn().PublishRequest(next, inbox.Subject, []byte(`{"batch":1,"expires":1000000000}`)))
			publish(t, p.js[1], p.stream, 10*i, 10, 5)
			r.wait(t, 10*(i+1))
		}
		stop(t, s)
		r.inOrder(t)
		require.Zero(t, r.repeated())
	})
}

func consumerWaits(js natsjs.JetStream, stream string) bool {
	c, err := js.Consumer(context.Background(), stream, "c")
	return err == nil && c.CachedInfo().NumWaiting > 0
}

// The window is full for longer than the pin lasts, so that no request for events is
// due: the session keeps the pin all the same.
func TestPinOfABusySession(t *testing.T) {
	const ttl = 3 * time.Second // the session asks three times in it, also on a busy machine
	inBoth(t, func(t *testing.T, opts []jetstream.Option) {
		t.Parallel()
		p := newPair(t, 100, 10, append(opts, jetstream.PinTTL(ttl))...)
		r := newRecord()
		release := newSignal()
		first := start(t, p.src[0], 2, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
			<-release.c
			return r.handle(ctx, d)
		}, delivery.Ahead(2))
		require.Eventually(t, func() bool { return pinOf(p.js[1], p.stream) != "" }, patience, time.Millisecond)
		pin := pinOf(p.js[1], p.stream)
		second := start(t, p.src[1], 2, func(context.Context, delivery.Delivery[[]byte]) error { return errBoom })
		time.Sleep(ttl + ttl/3)
		require.Equal(t, pin, pinOf(p.js[1], p.stream))
		second.Dispose()
		release.give()
		r.wait(t, 100)
		stop(t, first)
		r.inOrder(t)
		require.Zero(t, r.repeated())
	})
}

func pinOf(js natsjs.JetStream, stream string) string {
	c, err := js.Consumer(context.Background(), stream, "c")
	if err != nil || len(c.CachedInfo().PriorityGroups) == 0 {
		return ""
	}
	return c.CachedInfo().PriorityGroups[0].PinnedClientID
}

// A consumer of a hand-written loop becomes an exclusive one, and goes on at its floor.
func TestConsumerOfAnotherLoop(t *testing.T) {
	js := streaming(t, connect(t, newBroker(t).ClientURL()))
	stream := newStream(t, js)
	publish(t, js, stream, 0, 20, 4)
	c, err := js.CreateConsumer(t.Context(), stream, natsjs.ConsumerConfig{
		Durable: "c", AckPolicy: natsjs.AckExplicitPolicy, MaxDeliver: 5, MaxAckPending: 10, FilterSubject: stream + ".>",
	})
	require.NoError(t, err)
	got, err := c.Fetch(10)
	require.NoError(t, err)
	for i := 0; i < 10; i++ {
		m := <-got.Messages()
		if i < 7 {
			require.NoError(t, m.DoubleAck(t.Context()))
		}
	}
	r := newRecord()
	s := start(t, source(js, stream), 4, r.handle)
	r.wait(t, 13)
	stop(t, s)
	cfg := consumerInfo(t, js, stream, "c").Config
	require.Equal(t, []any{-1, -1, stream + ".>"}, []any{cfg.MaxDeliver, cfg.MaxAckPending, cfg.FilterSubject})
}
