package watermill_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/watermill"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
	"github.com/turbopipes/turbopipes/operators"
)

// published is a publisher that fails at every third call.
type published struct {
	mu    sync.Mutex
	calls int
	got   []*message.Message
}

func (p *published) Publish(topic string, ms ...*message.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls++; p.calls%3 == 0 {
		return errBoom
	}
	for _, m := range ms {
		m.Metadata.Set("topic", topic) // a publisher may change its message
	}
	p.got = append(p.got, ms...)
	return nil
}
func (*published) Close() error { return nil }

// TestEach: messages are published in the order of their key, over failures, and the
// events are acked afterwards.
func TestEach(t *testing.T) {
	const n = 60
	b := deliverytest.NewBroker(1)
	for i, m := range numbered(n) {
		b.Publish(deliverytest.Event{ID: m.UUID, Key: []string{"x", "y", "z"}[i%3], Value: m.Payload})
	}
	b.End()
	p := &published{}
	sink := watermill.NewSink(p, "out")
	require.NoError(t, delivery.Through(b.Log(deliverytest.LogOptions{}), func(in tp.Observable[delivery.Delivery[[]byte]]) tp.Observable[delivery.Receipt] {
		return tp.Pipe2(in,
			delivery.Map(func(v []byte) *message.Message { return message.NewMessage("", v) }),
			sink.Each(8, delivery.Retry(tp.Infinite, operators.Constant(time.Millisecond))))
	}).Drain(t.Context()))
	require.Equal(t, n, b.Committed())
	last := map[string]int{}
	for _, m := range p.got {
		key := m.Metadata.Get("key")
		require.Equal(t, "out", m.Metadata.Get("topic"))
		require.NotEmpty(t, m.UUID)
		require.GreaterOrEqual(t, int(m.Payload[0]), last[key])
		last[key] = int(m.Payload[0])
	}
	require.Len(t, p.got, n)
	require.Len(t, last, 3)
}

// TestDeadLetters: of a source of bytes, and of one of messages.
func TestDeadLetters(t *testing.T) {
	p := &published{}
	sink := watermill.NewSink(p, "dead", watermill.SetKey("customer"))
	fails := watermill.Handler(func(m *message.Message) error {
		m.Metadata.Set("changed", "by the handler")
		return errBoom
	})
	for _, run := range []func(q *queue) tp.Observable[delivery.Receipt]{
		func(q *queue) tp.Observable[delivery.Receipt] {
			return delivery.Process(watermill.Source(q, "events"), 1, func(context.Context, delivery.Delivery[[]byte]) error { return errBoom },
				delivery.Retry(1, operators.Constant(0)), delivery.DeadLetter(sink.DeadLetter()))
		},
		func(q *queue) tp.Observable[delivery.Receipt] {
			return delivery.Process(watermill.Messages(q, "events"), 1, fails,
				delivery.Retry(1, operators.Constant(0)), delivery.DeadLetter(sink.DeadMessage()))
		},
	} {
		p.got = nil
		q := newQueue(4, 0)
		q.publish(numbered(1)...)
		require.NoError(t, operators.Take[delivery.Receipt](1)(run(q)).Drain(t.Context()))
		require.Len(t, p.got, 1)
		require.Equal(t, "1", p.got[0].UUID)
		require.Equal(t, message.Metadata{
			"key": "k0", "customer": "k0", "topic": "dead", watermill.DeadErrorField: "it fails",
			watermill.DeadTopicField: "events", watermill.DeadTriesField: "2", watermill.DeadEventField: "events/0@1",
		}, p.got[0].Metadata)
	}
}

// TestHandlerPublishes: the event is acked when all messages of the handler are published.
func TestHandlerPublishes(t *testing.T) {
	p := &published{calls: 1}
	q := newQueue(4, 0)
	q.publish(numbered(1)...)
	calls := 0
	s := delivery.Process(watermill.Messages(q, "events"), 1, watermill.NewSink(p, "out").Handler(func(m *message.Message) ([]*message.Message, error) {
		if calls++; calls == 1 {
			return nil, errBoom
		}
		return []*message.Message{message.NewMessage(m.UUID+"a", nil), message.NewMessage(m.UUID+"b", nil)}, nil
	}), delivery.Retry(5, operators.Constant(0))).Subscribe(t.Context(), quiet[delivery.Receipt]())
	q.await(t, "an ack", func() bool { return len(q.done) == 1 })
	require.NoError(t, s.Stop(t.Context()))
	var ids []string
	for _, m := range p.got {
		ids = append(ids, m.UUID)
	}
	require.Equal(t, []string{"1a", "1a", "1b"}, ids)
}

// TestPublish: what Publish returns.
func TestPublish(t *testing.T) {
	p := &published{calls: 2}
	m := message.NewMessage("1", nil)
	require.ErrorIs(t, watermill.NewSink(p, "out").Publish(t.Context(), m), errBoom)
	require.NoError(t, watermill.NewSink(p, "out").Publish(t.Context(), m))
	require.Empty(t, m.Metadata)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBoom)
	require.ErrorIs(t, watermill.NewSink(p, "out").Publish(ctx, m), errBoom)
	for want, s := range map[string]*watermill.Sink{
		"publisher is nil": watermill.NewSink(nil, "out"), "topic is empty": watermill.NewSink(p, ""), "option 1 is nil": watermill.NewSink(p, "out", nil),
	} {
		err := s.Publish(t.Context(), m)
		require.ErrorIs(t, err, tp.ErrInvalidArgument)
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, watermill.NewSink(p, "out").Publish(t.Context(), nil), "the message is nil")
}

// TestPublisher: messages are published in order until one fails, with their contexts.
func TestPublisher(t *testing.T) {
	var got []string
	type name struct{}
	p := watermill.NewPublisher(func(ctx context.Context, topic string, m *message.Message) error {
		if m.UUID == "3" {
			return errBoom
		}
		got = append(got, topic+m.UUID+ctx.Value(name{}).(string))
		return nil
	})
	ms := numbered(4)
	for _, m := range ms {
		m.SetContext(context.WithValue(t.Context(), name{}, "v"))
	}
	err := p.Publish("t", ms...)
	require.ErrorIs(t, err, errBoom)
	require.ErrorContains(t, err, "message 3 of 4")
	require.Equal(t, []string{"t1v", "t2v"}, got)
	require.NoError(t, p.Close())
	require.NoError(t, p.Close())
	require.ErrorIs(t, p.Publish("t"), watermill.ErrClosed)
	require.ErrorIs(t, watermill.NewPublisher(nil).Publish("t"), tp.ErrInvalidArgument)
}
