package watermill_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"

	"github.com/turbopipes/turbopipes/connect/watermill"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

func messagesOf(events ...deliverytest.Event) []*message.Message {
	ms := make([]*message.Message, len(events))
	for i, e := range events {
		ms[i] = message.NewMessage(e.ID, e.Value)
		ms[i].Metadata.Set("key", e.Key)
	}
	return ms
}

// TestSource: the suite of package deliverytest.
func TestSource(t *testing.T) {
	deliverytest.Run(t, func(*testing.T) deliverytest.Harness {
		q := newQueue(128, 8)
		return deliverytest.Harness{
			Publish: func(_ testing.TB, events []deliverytest.Event) { q.publish(messagesOf(events...)...) },
			Source:  watermill.Source(q, "events"),
			Group:   true,
			Refuse:  func(_ testing.TB, on bool) { q.change(func() { q.refuse = on }) },
			Away:    func(_ testing.TB, on bool) { q.change(func() { q.away = on }) },
			Crash:   func(testing.TB) { q.crash() },
		}
	})
}

// brokers has a broker for each topic.
type brokers struct {
	mu  sync.Mutex
	all map[string]*deliverytest.Broker
}

func (b *brokers) of(topic string) *deliverytest.Broker {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all == nil {
		b.all = map[string]*deliverytest.Broker{}
	}
	if b.all[topic] == nil {
		b.all[topic] = deliverytest.NewBroker(1)
	}
	return b.all[topic]
}

type envelope struct {
	UUID     string
	Metadata message.Metadata
	Payload  []byte
}

func (b *brokers) publish(_ context.Context, topic string, m *message.Message) error {
	v, err := json.Marshal(envelope{m.UUID, m.Metadata, m.Payload})
	b.of(topic).Publish(deliverytest.Event{Value: v, ID: m.UUID})
	return err
}

func unmarshal(d delivery.Delivery[[]byte]) (*message.Message, error) {
	var e envelope
	err := json.Unmarshal(d.Value, &e)
	m := message.NewMessage(e.UUID, e.Payload)
	m.Metadata = e.Metadata
	return m, err
}

// pubSub runs Watermill's own suite on sources of the brokers.
func pubSub(t *testing.T, ordered bool, source func(*deliverytest.Broker) delivery.Source[[]byte], opts ...watermill.SubscriberOption) {
	b := &brokers{}
	opts = append(opts, watermill.Unmarshal(unmarshal), watermill.ResendPause(time.Millisecond), watermill.Grace(time.Second))
	constructor := func(t *testing.T) (message.Publisher, message.Subscriber) {
		s := watermill.NewSubscriber(func(topic string) delivery.Source[[]byte] {
			return source(b.of(topic))
		}, opts...)
		t.Cleanup(func() { _ = s.Close() }) // TestPublishSubscribeInOrder closes too early
		return watermill.NewPublisher(b.publish), s
	}
	tests.TestPubSub(t, tests.Features{
		Persistent: true, ForceShort: true, GuaranteedOrder: ordered, GuaranteedOrderWithSingleSubscriber: ordered,
	}, constructor, nil)
}

// TestPubSubLog: Watermill's own suite, on a log.
func TestPubSubLog(t *testing.T) {
	pubSub(t, true, func(b *deliverytest.Broker) delivery.Source[[]byte] {
		return b.Log(deliverytest.LogOptions{RevokeWait: time.Second})
	})
}

// TestPubSubQueue: Watermill's own suite, on a queue, with several messages in flight.
func TestPubSubQueue(t *testing.T) {
	pubSub(t, false, func(b *deliverytest.Broker) delivery.Source[[]byte] {
		return b.Queue(deliverytest.QueueOptions{})
	}, watermill.InFlight(8))
}
