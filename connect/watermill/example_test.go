package watermill_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/watermill"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
	"github.com/turbopipes/turbopipes/operators"
)

type order struct {
	Customer string
	Amount   int
}

// Orders are processed 64 at a time, and those of one customer one after the other, since
// the customer is the metadata "key" of the messages. What can't be processed goes to
// another topic.
func ExampleSource() {
	pubsub := gochannel.NewGoChannel(gochannel.Config{Persistent: true}, nil)
	defer func() { _ = pubsub.Close() }()
	for _, body := range []string{`{"Amount":10}`, `not JSON`, `{"Amount":20}`} {
		m := message.NewMessage("", []byte(body))
		m.Metadata.Set("key", "ada")
		if err := pubsub.Publish("orders", m); err != nil {
			log.Fatal(err)
		}
	}

	orders := watermill.Source(pubsub, "orders")
	receipts := delivery.Process(orders, 64, delivery.JSON(func(_ context.Context, d delivery.Delivery[order]) error {
		fmt.Println(d.Key, d.Value.Amount)
		return nil // the message is acked now
	}),
		delivery.Retry(5, operators.Exponential(100*time.Millisecond, 10*time.Second, 2)),
		delivery.DeadLetter(watermill.NewSink(pubsub, "orders.dead").DeadLetter()),
	)
	err := operators.Take[delivery.Receipt](3)(receipts).Drain(context.Background()) // a service has no Take
	fmt.Println(err)
	// Unordered output:
	// ada 10
	// ada 20
	// <nil>
}

// A handler that was written for Watermill's router runs 16 times at once, with retries.
func ExampleSink_Handler() {
	pubsub := gochannel.NewGoChannel(gochannel.Config{Persistent: true}, nil)
	defer func() { _ = pubsub.Close() }()
	if err := pubsub.Publish("in", message.NewMessage("1", []byte("hello"))); err != nil {
		log.Fatal(err)
	}

	handler := func(m *message.Message) ([]*message.Message, error) {
		fmt.Println(string(m.Payload))
		return []*message.Message{message.NewMessage(m.UUID+"-reply", []byte("hello, too"))}, nil
	}
	receipts := delivery.Process(watermill.Messages(pubsub, "in"), 16,
		watermill.NewSink(pubsub, "out").Handler(handler),
		delivery.Retry(tp.Infinite, operators.Constant(time.Second)))
	fmt.Println(operators.Take[delivery.Receipt](1)(receipts).Drain(context.Background()))
	// Output:
	// hello
	// <nil>
}

// A source of this project is a subscriber for code that is written for Watermill.
func ExampleNewSubscriber() {
	broker := deliverytest.NewBroker(1)
	broker.Publish(deliverytest.Event{ID: "1", Key: "ada", Value: []byte("hello")})

	subscriber := watermill.NewSubscriber(func(string) delivery.Source[[]byte] {
		return broker.Log(deliverytest.LogOptions{})
	})
	messages, err := subscriber.Subscribe(context.Background(), "orders")
	if err != nil {
		log.Fatal(err)
	}
	m := <-messages
	fmt.Println(m.UUID, m.Metadata.Get("key"), string(m.Payload))
	m.Ack()
	fmt.Println(subscriber.Close(), broker.Committed())
	// Output:
	// 1 ada hello
	// <nil> 1
}
