package gocloud_test

import (
	"testing"

	"gocloud.dev/pubsub"

	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

func messagesOf(events ...deliverytest.Event) []*pubsub.Message {
	ms := make([]*pubsub.Message, len(events))
	for i, e := range events {
		ms[i] = &pubsub.Message{Body: e.Value, Metadata: map[string]string{"key": e.Key, "id": e.ID}}
	}
	return ms
}

// TestSource: the suite of package deliverytest.
func TestSource(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		s := newService()
		return deliverytest.Harness{
			Publish: func(_ testing.TB, events []deliverytest.Event) { s.publish(messagesOf(events...)...) },
			Source:  s.source(t),
			Group:   true,
			Refuse:  func(_ testing.TB, on bool) { s.change(func() { s.refuse = on }) },
			Away:    func(_ testing.TB, on bool) { s.change(func() { s.away = on }) },
			Crash:   func(testing.TB) { s.crash() },
		}
	})
}
