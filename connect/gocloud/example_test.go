package gocloud_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"gocloud.dev/pubsub"
	_ "gocloud.dev/pubsub/mempubsub" // or that of a service

	"github.com/turbopipes/turbopipes/connect/gocloud"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

type order struct{ Amount int }

// Orders are processed 64 at a time. What can't be processed goes to another topic. With
// the import of another package, and its URLs, the same program consumes a queue of SQS,
// Google Cloud Pub/Sub or Azure Service Bus.
func ExampleSource() {
	ctx := context.Background()
	topic, err := pubsub.OpenTopic(ctx, "mem://orders")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = topic.Shutdown(ctx) }()
	dead, err := pubsub.OpenTopic(ctx, "mem://dead")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = dead.Shutdown(ctx) }()
	deadOnes, err := pubsub.OpenSubscription(ctx, "mem://dead")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = deadOnes.Shutdown(ctx) }()
	subscription, err := pubsub.OpenSubscription(ctx, "mem://orders")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = subscription.Shutdown(ctx) }() // the acks are at the service then
	for _, body := range []string{`{"Amount":10}`, `not JSON`, `{"Amount":20}`} {
		if err := topic.Send(ctx, &pubsub.Message{Body: []byte(body), Metadata: map[string]string{"key": "ada"}}); err != nil {
			log.Fatal(err)
		}
	}

	orders := gocloud.Source(subscription, "orders")
	receipts := delivery.Process(orders, 64, delivery.JSON(func(_ context.Context, d delivery.Delivery[order]) error {
		fmt.Println(d.Key, d.Value.Amount)
		return nil // the message is acked now
	}),
		delivery.Retry(5, operators.Exponential(100*time.Millisecond, 10*time.Second, 2)),
		delivery.DeadLetter(gocloud.NewSink(dead).DeadLetter()),
	)
	if err := operators.Take[delivery.Receipt](3)(receipts).Drain(ctx); err != nil { // a service has no Take
		log.Fatal(err)
	}
	m, err := deadOnes.Receive(ctx)
	if err != nil {
		log.Fatal(err)
	}
	m.Ack()
	fmt.Println(string(m.Body), m.Metadata[gocloud.DeadTriesField])
	// Unordered output:
	// ada 10
	// ada 20
	// not JSON 1
}
