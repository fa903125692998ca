package delivery_test

import (
	"context"
	"fmt"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
	"github.com/turbopipes/turbopipes/operators"
)

// orders is a broker in memory with three orders, one of which can't be decoded.
func orders() *deliverytest.Broker {
	b := deliverytest.NewBroker(1)
	for _, s := range []string{`{"item":"tea"}`, `{"item":`, `{"item":"jam"}`} {
		b.Publish(deliverytest.Event{Key: "ann", Value: []byte(s)})
	}
	b.End()
	return b
}

type order struct{ Item string }

func ExampleProcess() {
	b := orders()
	err := delivery.Process(b.Log(deliverytest.LogOptions{}), 8,
		delivery.JSON(func(_ context.Context, d delivery.Delivery[order]) error {
			fmt.Println("booked", d.Value.Item)
			return nil
		}),
		delivery.Retry(5, operators.Exponential(100*time.Millisecond, 10*time.Second, 2)),
		delivery.DeadLetter(func(_ context.Context, d delivery.Dead[[]byte]) error {
			fmt.Printf("dead letter %s: %s\n", d.Delivery.Info(), d.Delivery.Value)
			return nil
		}),
	).Drain(context.Background())
	fmt.Println(b.Committed(), err)
	// Output:
	// booked tea
	// dead letter log/0@1: {"item":
	// booked jam
	// 3 <nil>
}

func ExampleThrough() {
	b := orders()
	err := delivery.Through(b.Log(deliverytest.LogOptions{}), func(in tp.Observable[delivery.Delivery[[]byte]]) tp.Observable[delivery.Receipt] {
		return tp.Pipe3(in,
			delivery.Filter(func(v []byte) bool { return len(v) > 10 }), // acks the events that it drops
			delivery.Batch[[]byte](100, time.Second),
			delivery.Each(1, func(_ context.Context, d delivery.Delivery[[][]byte]) error {
				fmt.Println("stored", len(d.Value))
				return nil
			}))
	}).Drain(context.Background())
	fmt.Println(b.Committed(), err)
	// Output:
	// stored 2
	// 3 <nil>
}
