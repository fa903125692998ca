package watermill_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	wm "github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/connect/watermill"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

func logOf(b *deliverytest.Broker) func(string) delivery.Source[[]byte] {
	return func(string) delivery.Source[[]byte] { return b.Log(deliverytest.LogOptions{}) }
}

// TestRouterShutdown: a handler of Watermill's router that ignores the end of its ctx and
// returns nil has had its effect, whether the router is closed or its ctx ends.
func TestRouterShutdown(t *testing.T) {
	for _, how := range []string{"Close", "ctx"} {
		b := deliverytest.NewBroker(1)
		b.Publish(deliverytest.Event{ID: "1"}, deliverytest.Event{ID: "2"}, deliverytest.Event{ID: "3"})
		router, err := message.NewRouter(message.RouterConfig{}, wm.NopLogger{})
		require.NoError(t, err)
		running, finish := make(chan struct{}), make(chan struct{})
		var once sync.Once
		router.AddConsumerHandler("handler", "events", watermill.NewSubscriber(logOf(b)), func(*message.Message) error {
			once.Do(func() { close(running) })
			<-finish
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- router.Run(ctx) }()
		<-running
		closed := make(chan error, 1)
		if how == "Close" {
			go func() { closed <- router.Close() }()
		} else {
			cancel()
			closed <- nil
		}
		time.AfterFunc(20*time.Millisecond, func() { close(finish) })
		require.NoError(t, <-over)
		require.NoError(t, <-closed)
		cancel()
		require.Equal(t, 1, b.Committed(), how)
	}
}

// TestNackKeepsTheKey: a nacked message comes again, as a new one. Its key waits, and
// others do not.
func TestNackKeepsTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := deliverytest.NewBroker(1)
		for _, id := range []string{"a1", "b1", "a2", "b2"} {
			b.Publish(deliverytest.Event{ID: id, Key: id[:1]})
		}
		s := watermill.NewSubscriber(logOf(b), watermill.InFlight(4), watermill.ResendPause(time.Minute))
		ms, err := s.Subscribe(t.Context(), "events")
		require.NoError(t, err)
		began := time.Now()
		var got []string
		nacks := 0
		for range 6 {
			m := <-ms
			if got = append(got, m.UUID); m.UUID == "a1" && nacks < 2 {
				nacks++
				m.Nack()
				<-m.Context().Done()
				continue
			}
			m.Ack()
			<-m.Context().Done()
		}
		require.Equal(t, 2*time.Minute, time.Since(began).Truncate(time.Second))
		require.NoError(t, s.Close())
		require.Equal(t, 4, b.Committed())
		isB := func(id string) bool { return id[0] == 'b' }
		require.Equal(t, []string{"b1", "b2"}, slices.DeleteFunc(slices.Clone(got), func(id string) bool { return !isB(id) }))
		require.Equal(t, []string{"a1", "a1", "a1", "a2"}, slices.DeleteFunc(got, isB))
	})
}

// TestGrace: without an ack, the end waits for Grace. The event is open, and comes again.
func TestGrace(t *testing.T) {
	for _, byClose := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			b := deliverytest.NewBroker(1)
			b.Publish(deliverytest.Event{ID: "1"}, deliverytest.Event{ID: "2"})
			s := watermill.NewSubscriber(logOf(b), watermill.Grace(time.Minute), watermill.OnError(func(_ string, err error) { t.Error(err) }))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ms, err := s.Subscribe(ctx, "events")
			require.NoError(t, err)
			m := <-ms
			began := time.Now()
			if byClose {
				require.NoError(t, s.Close())
				require.Error(t, m.Context().Err())
			} else {
				cancel()
			}
			_, open := <-ms
			require.False(t, open)
			require.Equal(t, time.Minute, time.Since(began))
			require.True(t, m.Ack(), "too late")
			require.NoError(t, s.Close())
			require.Zero(t, b.Committed())
		})
	}
}

// TestSourceFails: the error goes to OnError, and the channel is closed. A source that is
// at its end has no error.
func TestSourceFails(t *testing.T) {
	b := deliverytest.NewBroker(1)
	b.Publish(deliverytest.Event{ID: "1"})
	b.End()
	var failed error
	note := watermill.OnError(func(_ string, err error) { failed = err })
	s := watermill.NewSubscriber(logOf(b), note, watermill.With(delivery.Retry(0, func(int, error) time.Duration { return 0 })))
	ms, err := s.Subscribe(t.Context(), "events")
	require.NoError(t, err)
	(<-ms).Nack()
	_, open := <-ms
	require.False(t, open)
	require.ErrorContains(t, failed, "was nacked")

	failed = nil
	ms, err = s.Subscribe(t.Context(), "events")
	require.NoError(t, err)
	(<-ms).Ack()
	_, open = <-ms
	require.False(t, open)
	require.NoError(t, failed)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err = s.Subscribe(t.Context(), "events")
	require.ErrorIs(t, err, watermill.ErrClosed)
}

// TestUnmarshalFails: such an event is permanent, and goes to the dead letters at once.
func TestUnmarshalFails(t *testing.T) {
	b := deliverytest.NewBroker(1)
	b.Publish(deliverytest.Event{ID: "1", Value: []byte("no JSON")}, deliverytest.Event{ID: "2", Value: []byte("{}")})
	b.End()
	var dead []string
	s := watermill.NewSubscriber(logOf(b), watermill.Unmarshal(unmarshal), watermill.With(
		delivery.DeadLetter(func(_ context.Context, d delivery.Dead[[]byte]) error {
			dead = append(dead, d.Delivery.Info().ID)
			return nil
		})))
	ms, err := s.Subscribe(t.Context(), "events")
	require.NoError(t, err)
	for m := range ms {
		m.Ack()
	}
	require.Equal(t, []string{"1"}, dead)
	require.Equal(t, 2, b.Committed())
}
