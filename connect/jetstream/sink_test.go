package jetstream_test

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/jetstream"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// forward consumes from and publishes to to, with as many in flight as 16.
func forward(t *testing.T, js natsjs.JetStream, from, to string, opts ...delivery.Option) *turbopipes.Subscription {
	t.Helper()
	sink := jetstream.NewSink(js, jetstream.MessageID(func(d delivery.Delivery[*nats.Msg]) string { return d.Info().String() }))
	opts = append([]delivery.Option{delivery.Retry(turbopipes.Infinite, operators.Constant(10*time.Millisecond))}, opts...)
	s := delivery.Through(source(js, from, jetstream.PinTTL(pinTTL)), func(in turbopipes.Observable[delivery.Delivery[[]byte]]) turbopipes.Observable[delivery.Receipt] {
		return turbopipes.Pipe2(in,
			delivery.Map(func(v []byte) *nats.Msg { return &nats.Msg{Subject: to + ".out", Data: v} }),
			sink.Each(16, opts...))
	}, delivery.MaxUncommitted(64)).Subscribe(t.Context(), turbopipes.Observer[delivery.Receipt]{})
	t.Cleanup(s.Dispose)
	return s
}

// contents are the values of a stream, in order.
func contents(t *testing.T, js natsjs.JetStream, stream string, n int) (values []int) {
	t.Helper()
	c, err := js.CreateConsumer(t.Context(), stream, natsjs.ConsumerConfig{AckPolicy: natsjs.AckNonePolicy})
	require.NoError(t, err)
	got, err := c.Fetch(n, natsjs.FetchMaxWait(patience))
	require.NoError(t, err)
	for m := range got.Messages() {
		v, err := strconv.Atoi(string(m.Data()))
		require.NoError(t, err)
		values = append(values, v)
	}
	return values
}

// Consume, process and produce: the consumer is cut off again and again, the server goes
// away, and each event is in the other stream once, in order per key.
func TestFromStreamToStream(t *testing.T) {
	const n, keys = 1000, 10
	b := newBroker(t)
	js := streaming(t, connect(t, b.ClientURL()))
	from, to := newStream(t, js), newStream(t, js)
	publish(t, js, from, 0, n, keys)
	stored := func() int {
		st, err := js.Stream(context.Background(), to)
		if err != nil {
			return 0
		}
		return int(st.CachedInfo().State.Msgs) //nolint:gosec // a few
	}
	for round := range 5 {
		s := forward(t, js, from, to)
		require.Eventually(t, func() bool { return stored() >= (round+1)*n/6 }, patience, time.Millisecond)
		if round == 2 {
			b.stop()
			b.start(t)
			require.Eventually(t, func() bool { return stored() >= (round+1)*n/6+50 }, patience, time.Millisecond)
		}
		s.Dispose()
	}
	s := forward(t, js, from, to)
	require.Eventually(t, func() bool { return stored() >= n }, patience, time.Millisecond)
	stop(t, s)
	values := contents(t, js, to, n)
	require.Len(t, values, n)
	require.Equal(t, n, stored(), "a message is there twice")
	last := map[int]int{}
	for _, v := range values {
		if before, ok := last[v%keys]; ok {
			require.Less(t, before, v, "out of order")
		}
		last[v%keys] = v
	}
}

// Each publishes at most n at a time, and a key has one message in flight.
func TestSinkInOrder(t *testing.T) {
	const n, keys = 200, 3
	js := streaming(t, connect(t, newBroker(t).ClientURL()))
	from, to := newStream(t, js), newStream(t, js)
	publish(t, js, from, 0, n, keys)
	var fails atomic.Int64
	sink := jetstream.NewSink(js)
	s := start(t, source(js, from), 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		if fails.Add(1)%5 == 0 {
			return errBoom
		}
		return sink.Publish(ctx, &nats.Msg{Subject: to + ".x", Data: d.Value})
	}, delivery.Retry(turbopipes.Infinite, operators.Constant(0)))
	require.Eventually(t, func() bool { return consumerInfo(t, js, from, "c").AckFloor.Stream == n }, patience, 10*time.Millisecond)
	stop(t, s)
	last := map[int]int{}
	values := contents(t, js, to, n)
	require.Len(t, values, n)
	for _, v := range values {
		if before, ok := last[v%keys]; ok {
			require.Less(t, before, v, "out of order")
		}
		last[v%keys] = v
	}
}

// What the sink refuses, and which errors a retry may change.
func TestSinkErrors(t *testing.T) {
	js := streaming(t, connect(t, newBroker(t).ClientURL()))
	stream := newStream(t, js)
	permanent := func(err error) bool {
		tries := 0
		_ = delivery.Process[[]byte](one{}, 1, func(context.Context, delivery.Delivery[[]byte]) error {
			tries++
			return err
		}, delivery.Retry(1, operators.Constant(0))).Drain(t.Context())
		return tries == 1
	}
	err := jetstream.NewSink(nil).Publish(t.Context(), nats.NewMsg("x"))
	require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
	require.ErrorIs(t, jetstream.NewSink(js, nil).Publish(t.Context(), nats.NewMsg("x")), turbopipes.ErrInvalidArgument)
	require.ErrorIs(t, jetstream.NewSink(js, jetstream.MessageID(nil)).Publish(t.Context(), nats.NewMsg("x")), turbopipes.ErrInvalidArgument)
	require.ErrorIs(t, jetstream.NewSink(js).Publish(t.Context(), nil), turbopipes.ErrInvalidArgument)
	require.True(t, permanent(err))

	err = jetstream.NewSink(js).Publish(t.Context(), &nats.Msg{Subject: stream + ".big", Data: make([]byte, 2<<20)})
	require.ErrorIs(t, err, nats.ErrMaxPayload)
	require.True(t, permanent(err))

	err = jetstream.NewSink(js, jetstream.Publishing(natsjs.WithRetryAttempts(0))).Publish(t.Context(), nats.NewMsg("nobody.listens"))
	require.ErrorIs(t, err, natsjs.ErrNoStreamResponse)
	require.False(t, permanent(err), "the stream may come")

	err = jetstream.NewSink(js, jetstream.Publishing(natsjs.WithExpectStream("another"))).Publish(t.Context(), nats.NewMsg(stream+".x"))
	require.ErrorContains(t, err, "expected stream")
	m := nats.NewMsg(stream + ".x")
	m.Header.Set(natsjs.MsgIDHeader, "the same")
	for range 2 {
		require.NoError(t, jetstream.NewSink(js).Publish(t.Context(), m))
	}
	st, err := js.Stream(t.Context(), stream)
	require.NoError(t, err)
	require.EqualValues(t, 1, st.CachedInfo().State.Msgs)
	require.True(t, strings.HasPrefix(jetstream.DeadErrorHeader, "Delivery-"))
}

// one is a source of one event.
type one struct{}

func (one) Open(context.Context, delivery.SessionOptions) (delivery.Session[[]byte], error) {
	return one{}, nil
}

func (one) Receive(_ context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	emit(delivery.Delivery[[]byte]{})
	return nil
}

func (one) Close(context.Context, delivery.End) error { return nil }
