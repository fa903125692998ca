package kafka_test

import (
	"context"
	"fmt"
	"log"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/turbopipes/turbopipes/connect/kafka"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// Orders are booked, and each booking is published. An order that can't be decoded goes
// to a topic of its own. The brokers are in this process here.
func Example() {
	brokers := kfake.MustCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders", "bookings", "orders-dead"))
	defer brokers.Close()
	cluster := kafka.Cluster{kgo.SeedBrokers(brokers.ListenAddrs()...)}
	publish(cluster, "orders", `{"item":"tea"}`, `{"item":`, `{"item":"jam"}`)

	bookings, err := kafka.NewSink(cluster, "bookings")
	if err != nil {
		log.Fatal(err)
	}
	defer bookings.Close(context.Background())
	dead, err := kafka.NewSink(cluster, "orders-dead")
	if err != nil {
		log.Fatal(err)
	}
	defer dead.Close(context.Background())

	type order struct{ Item string }
	receipts := delivery.Process(kafka.Source(cluster, "orders", "billing"), 64,
		delivery.JSON(func(ctx context.Context, d delivery.Delivery[order]) error {
			return bookings.Publish(ctx, kgo.KeyStringRecord(d.Key, d.Value.Item)) // nil: the order is done
		}),
		delivery.DeadLetter(kafka.DeadLetters(dead)),
	)
	for r, err := range operators.Take[delivery.Receipt](3)(receipts).Seq(context.Background()) {
		fmt.Println(r.Info, r.Outcome, err)
	}
	// Output:
	// orders/0@0 Done <nil>
	// orders/0@1 DeadLettered <nil>
	// orders/0@2 Done <nil>
}

func publish(c kafka.Cluster, topic string, values ...string) {
	s, err := kafka.NewSink(c, topic)
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range values {
		if err := s.Publish(context.Background(), kgo.KeyStringRecord("ann", v)); err != nil {
			log.Fatal(err)
		}
	}
	if err := s.Close(context.Background()); err != nil {
		log.Fatal(err)
	}
}
