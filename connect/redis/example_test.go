package redis_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/redis"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

type order struct {
	Customer string
	Amount   int
}

// Orders are processed 64 at a time, and those of one customer one after the other, since
// the customer is the key of the entries. An order that can't be processed goes to the
// dead letters.
func ExampleSource() {
	client, done := demo()
	defer done()
	ctx := context.Background()

	orders := redis.Source(client, "orders", "billing")
	receipts := delivery.Process(orders, 64, delivery.JSON(func(_ context.Context, d delivery.Delivery[order]) error {
		fmt.Println(d.Key, d.Value.Amount)
		return nil // the order is acked now
	}),
		delivery.Retry(5, operators.Exponential(100*time.Millisecond, 10*time.Second, 2)),
		delivery.DeadLetter(redis.NewSink(client, "orders:dead").DeadLetter()),
	)
	err := operators.Take[delivery.Receipt](3)(receipts).Drain(ctx) // a service has no Take
	fmt.Println(err, client.XLen(ctx, "orders:dead").Val(), "dead")
	// Output:
	// ada 10
	// ada 20
	// <nil> 1 dead
}

// Events go from one stream to another. Each is acked when the other stream has its
// entry. The entry has the id of the event, by which its consumer can tell a repetition.
func ExampleSink_Each() {
	client, done := demo()
	defer done()
	ctx := context.Background()

	sink := redis.NewSink(client, "copy", redis.MaxLen(1_000_000))
	receipts := delivery.Through(redis.Source(client, "orders", "copier"), func(in tp.Observable[delivery.Delivery[[]byte]]) tp.Observable[delivery.Receipt] {
		return tp.Pipe2(in,
			delivery.Parallel(4, func(_ context.Context, d delivery.Delivery[[]byte]) (redis.Message, error) {
				return redis.Message{Key: d.Key, Value: d.Value, Fields: map[string]string{"event": d.Info().ID}}, nil
			}),
			sink.Each(16, delivery.Retry(tp.Infinite, operators.Constant(time.Second))))
	})
	err := operators.Take[delivery.Receipt](3)(receipts).Drain(ctx) // a service has no Take
	fmt.Println(client.XLen(ctx, "copy").Val(), err)
	// Output: 3 <nil>
}

// demo starts a server with three orders, one of which is none.
func demo() (*goredis.Client, func()) {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		log.Fatal(err)
	}
	client := goredis.NewClient(&goredis.Options{Addr: server.Addr()})
	for _, body := range []string{`{"Amount":10}`, `not JSON`, `{"Amount":20}`} {
		err := client.XAdd(context.Background(), &goredis.XAddArgs{Stream: "orders", Values: []any{"key", "ada", "value", body}}).Err()
		if err != nil {
			log.Fatal(err)
		}
	}
	return client, func() {
		_ = client.Close()
		server.Close()
	}
}
