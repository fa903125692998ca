package jetstream_test

import (
	"context"
	"errors"
	"testing"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/jetstream"
	"github.com/turbopipes/turbopipes/delivery"
)

// A requeued event comes again after its delay, and the server counts.
func TestRequeue(t *testing.T) {
	js := streaming(t, connect(t, newBroker(t).ClientURL()))
	stream := newStream(t, js)
	publish(t, js, stream, 0, 10, 10)
	r := newRecord()
	s := start(t, source(js, stream, jetstream.Shared(), jetstream.AckWait(longWait)), 4, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		if d.Info().Attempt < 3 {
			return errBoom
		}
		return r.handle(ctx, d)
	}, delivery.Unordered(), delivery.Requeue(func(i delivery.Info, _ error) time.Duration {
		return time.Duration(i.Attempt-1) * 10 * time.Millisecond
	}))
	r.wait(t, 10)
	stop(t, s)
	for _, attempt := range r.attempts {
		require.Equal(t, 3, attempt)
	}
}

// An event that is held for longer than MaxHold is another's: its context ends, and its
// ack settles nothing.
func TestMaxHold(t *testing.T) {
	js := streaming(t, connect(t, newBroker(t).ClientURL()))
	stream := newStream(t, js)
	publish(t, js, stream, 0, 5, 5)
	r := newRecord()
	src := source(js, stream, jetstream.Shared(), jetstream.AckWait(time.Second), jetstream.MaxHold(time.Second))
	s := start(t, src, 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		if string(d.Value) == "3" && d.Info().Attempt == 1 {
			<-ctx.Done()
			require.ErrorIs(t, context.Cause(ctx), delivery.ErrRevoked)
			return nil // too late
		}
		return r.handle(ctx, d)
	})
	r.wait(t, 5)
	stop(t, s)
	require.Equal(t, 2, r.attempts[3])
	require.Zero(t, r.repeated())
}

// Info has what the server says.
func TestInfo(t *testing.T) {
	inEachMode(t, 3, 3, func(t *testing.T, js natsjs.JetStream, stream string, ordered bool, opts []jetstream.Option) {
		got := make(chan delivery.Info, 3)
		s := start(t, source(js, stream, opts...), 1, func(_ context.Context, d delivery.Delivery[[]byte]) error {
			got <- d.Info()
			return nil
		})
		for n := range 3 {
			i := <-got
			pos := string(rune('1' + n))
			require.Equal(t, []any{stream, pos, stream + "-" + string(rune('0'+n)), 1}, []any{i.Source, i.Position, i.ID, i.Attempt})
			require.WithinDuration(t, time.Now(), i.Time, time.Minute)
			require.Equal(t, ordered, i.Epoch > 0)
			require.Equal(t, stream+".k"+string(rune('0'+n)), i.Headers.Get("Nats-Subject"))
			require.Equal(t, i.ID, i.Headers.Get("Nats-Msg-Id"))
			require.Empty(t, i.Headers.Get("Nats-Pin-Id"))
		}
		stop(t, s)
	})
}

// What Open refuses.
func TestConfiguration(t *testing.T) {
	js := streaming(t, connect(t, newBroker(t).ClientURL()))
	stream := newStream(t, js)
	open := func(name, stream string, opts ...jetstream.Option) error {
		s, err := jetstream.Source(js, stream, name, opts...).Open(t.Context(), delivery.SessionOptions{})
		if err == nil {
			err = s.Close(t.Context(), delivery.End{})
		}
		return err
	}
	for name, opts := range map[string][]jetstream.Option{
		"option 1 is nil":                                    {nil},
		"Prefix: Shared was given, too":                      {jetstream.Shared(), jetstream.Prefix()},
		"AckWait: d is 0s, want more than 0":                 {jetstream.AckWait(0)},
		"Prefetch: n is 0, want at least 1":                  {jetstream.Prefetch(0)},
		"KeyBy: fn is nil":                                   {jetstream.KeyBy(nil)},
		"Configure: fn is nil":                               {jetstream.Configure(nil)},
		"MaxHold: the mode is Exclusive, want Shared":        {jetstream.MaxHold(1)},
		"PinTTL: the mode is Shared, want Exclusive or Pref": {jetstream.Shared(), jetstream.PinTTL(1)},
		"Unpinned: the mode is Shared, want Exclusive or Pr": {jetstream.Shared(), jetstream.Unpinned()},
	} {
		err := open("x", stream, opts...)
		require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
		require.ErrorContains(t, err, name)
	}
	require.ErrorIs(t, open("", stream), turbopipes.ErrInvalidArgument)
	require.ErrorIs(t, open("x", ""), turbopipes.ErrInvalidArgument)
	_, err := jetstream.Source(nil, stream, "x").Open(t.Context(), delivery.SessionOptions{})
	require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
	require.ErrorIs(t, open("x", "nobody"), natsjs.ErrStreamNotFound)

	require.NoError(t, open("all", stream, jetstream.Prefix()))
	require.ErrorContains(t, open("all", stream), "its ack policy is")
	require.NoError(t, open("one", stream))
	require.ErrorContains(t, open("one", stream, jetstream.Shared()), "it is an exclusive one")
	require.ErrorContains(t, open("one", stream, jetstream.Unpinned()), "it is pinned")
	require.NoError(t, open("queue", stream, jetstream.Shared(), jetstream.Configure(func(c *natsjs.ConsumerConfig) { c.FilterSubject = stream + ".k1" })))
	require.Equal(t, stream+".k1", consumerInfo(t, js, stream, "queue").Config.FilterSubject)
	require.NoError(t, open("queue", stream, jetstream.Shared()))
	require.Equal(t, stream+".k1", consumerInfo(t, js, stream, "queue").Config.FilterSubject, "it stays")

	err = delivery.Process(jetstream.Source(js, stream, "x"), 1, func(context.Context, delivery.Delivery[[]byte]) error { return nil },
		delivery.Unordered(), delivery.Requeue(func(delivery.Info, error) time.Duration { return 0 })).Drain(t.Context())
	require.True(t, errors.Is(err, turbopipes.ErrInvalidArgument), "an exclusive source does not requeue")
}
