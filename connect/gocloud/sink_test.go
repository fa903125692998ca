package gocloud_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gocloud.dev/gcerrors"
	"gocloud.dev/pubsub"
	"gocloud.dev/pubsub/batcher"
	"gocloud.dev/pubsub/driver"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/gocloud"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
	"github.com/turbopipes/turbopipes/operators"
)

// topicDriver is a topic that fails at every third call.
type topicDriver struct {
	mu    sync.Mutex
	calls int
	got   []*driver.Message
}

func (d *topicDriver) SendBatch(_ context.Context, ms []*driver.Message) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calls++; d.calls%3 == 0 {
		return errBoom
	}
	d.got = append(d.got, ms...)
	return nil
}
func (*topicDriver) IsRetryable(error) bool             { return false }
func (*topicDriver) As(any) bool                        { return false }
func (*topicDriver) ErrorAs(error, any) bool            { return false }
func (*topicDriver) ErrorCode(error) gcerrors.ErrorCode { return gcerrors.Unknown }
func (*topicDriver) Close() error                       { return nil }

func newTopic(t *testing.T) (*topicDriver, *pubsub.Topic) {
	d := &topicDriver{}
	topic := pubsub.NewTopic(d, &batcher.Options{MaxBatchSize: 1, MaxHandlers: 8})
	t.Cleanup(func() { require.NoError(t, topic.Shutdown(context.Background())) })
	return d, topic
}

// TestEach: messages are sent in the order of their key, over failures, and the events are
// acked afterwards.
func TestEach(t *testing.T) {
	const n = 60
	b := deliverytest.NewBroker(1)
	for i, m := range numbered(n) {
		b.Publish(deliverytest.Event{ID: m.Metadata["id"], Key: []string{"x", "y", "z"}[i%3], Value: []byte{byte(i)}})
	}
	b.End()
	d, topic := newTopic(t)
	sink := gocloud.NewSink(topic)
	require.NoError(t, delivery.Through(b.Log(deliverytest.LogOptions{}), func(in tp.Observable[delivery.Delivery[[]byte]]) tp.Observable[delivery.Receipt] {
		return tp.Pipe2(in,
			delivery.Map(func(v []byte) *pubsub.Message { return &pubsub.Message{Body: v} }),
			sink.Each(8, delivery.Retry(tp.Infinite, operators.Constant(time.Millisecond))))
	}).Drain(t.Context()))
	require.Equal(t, n, b.Committed())
	last, ids := map[string]int{}, map[string]bool{}
	for _, m := range d.got {
		key := m.Metadata["key"]
		require.GreaterOrEqual(t, int(m.Body[0]), last[key])
		last[key] = int(m.Body[0])
		ids[m.Metadata["id"]] = true
	}
	require.Len(t, d.got, n)
	require.Len(t, ids, n)
	require.Len(t, last, 3)
}

// TestDeadLetters: of a source of bytes, and of one of messages.
func TestDeadLetters(t *testing.T) {
	d, topic := newTopic(t)
	sink := gocloud.NewSink(topic, gocloud.SetKey("customer"), gocloud.SetID("event"))
	for _, run := range []func(q *service) tp.Observable[delivery.Receipt]{
		func(q *service) tp.Observable[delivery.Receipt] {
			return delivery.Process(q.source(t), 1, func(context.Context, delivery.Delivery[[]byte]) error { return errBoom },
				delivery.Retry(1, operators.Constant(0)), delivery.DeadLetter(sink.DeadLetter()))
		},
		func(q *service) tp.Observable[delivery.Receipt] {
			return delivery.Process(gocloud.Messages(q.subscription(t), "events"), 1,
				func(context.Context, delivery.Delivery[*pubsub.Message]) error { return errBoom },
				delivery.Retry(1, operators.Constant(0)), delivery.DeadLetter(sink.DeadMessage()))
		},
	} {
		d.got, d.calls = nil, 0
		q := newService()
		q.publish(numbered(1)...)
		require.NoError(t, operators.Take[delivery.Receipt](1)(run(q)).Drain(t.Context()))
		require.Len(t, d.got, 1)
		require.Equal(t, "1", string(d.got[0].Body))
		require.Equal(t, map[string]string{
			"key": "k0", "id": "id1", "customer": "k0", "event": "id1", gocloud.DeadErrorField: "it fails",
			gocloud.DeadTriesField: "2", gocloud.DeadEventField: "events/0@1",
		}, d.got[0].Metadata)
		q.await(t, "the ack", func() bool { return len(q.done) == 1 })
	}
}

// TestPublish: what Publish returns.
func TestPublish(t *testing.T) {
	d, topic := newTopic(t)
	d.calls = 2
	m := &pubsub.Message{Body: []byte("1")}
	require.ErrorIs(t, gocloud.NewSink(topic).Publish(t.Context(), m), errBoom)
	require.NoError(t, gocloud.NewSink(topic).Publish(t.Context(), m))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBoom)
	require.ErrorIs(t, gocloud.NewSink(topic).Publish(ctx, m), errBoom)
	for want, s := range map[string]*gocloud.Sink{
		"topic is nil": gocloud.NewSink(nil), "option 1 is nil": gocloud.NewSink(topic, nil),
	} {
		err := s.Publish(t.Context(), m)
		require.ErrorIs(t, err, tp.ErrInvalidArgument)
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, gocloud.NewSink(topic).Publish(t.Context(), nil), "the message is nil")
}
