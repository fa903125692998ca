package jetstream_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/jetstream"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

type order struct {
	Customer string
	Amount   int
}

// Orders are processed 64 at a time, in order for each customer, since the customer is
// the last token of the subject. An order that can't be processed goes to the dead
// letters.
func ExampleSource() {
	js, done := demo()
	defer done()
	ctx := context.Background()

	orders := jetstream.Source(js, "ORDERS", "billing")
	receipts := delivery.Process(orders, 64, delivery.JSON(func(_ context.Context, d delivery.Delivery[order]) error {
		fmt.Println(d.Value.Customer, d.Value.Amount)
		return nil // the order is acked now
	}),
		delivery.Retry(5, operators.Exponential(100*time.Millisecond, 10*time.Second, 2)),
		delivery.DeadLetter(jetstream.NewSink(js).DeadLetter("dead.orders")),
	)
	err := operators.Take[delivery.Receipt](3)(receipts).Drain(ctx) // a service has no Take
	fmt.Println(err)
	// Unordered output:
	// ada 10
	// ada 20
	// <nil>
}

// Events go from one stream to another. Each is acked when the other stream has its
// message, and the message id makes a repetition harmless.
func ExampleSink_Each() {
	js, done := demo()
	defer done()
	ctx := context.Background()

	sink := jetstream.NewSink(js, jetstream.MessageID(func(d delivery.Delivery[*nats.Msg]) string {
		return d.Info().String() // ORDERS/0@1
	}))
	orders := jetstream.Source(js, "ORDERS", "forward")
	receipts := delivery.Through(orders, func(in tp.Observable[delivery.Delivery[[]byte]]) tp.Observable[delivery.Receipt] {
		return tp.Pipe2(in,
			delivery.Map(func(b []byte) *nats.Msg { return &nats.Msg{Subject: "dead.copy", Data: b} }),
			sink.Each(16, delivery.Retry(tp.Infinite, operators.Constant(time.Second))))
	})
	err := operators.Take[delivery.Receipt](3)(receipts).Drain(ctx) // a service has no Take
	s, _ := js.Stream(ctx, "DEAD")
	fmt.Println(s.CachedInfo().State.Msgs, err)
	// Output: 3 <nil>
}

// demo starts a server with three orders, one of which is none.
func demo() (natsjs.JetStream, func()) {
	dir, err := os.MkdirTemp("", "jetstream")
	check(err)
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
	check(err)
	srv.Start()
	srv.ReadyForConnections(10 * time.Second)
	closed := make(chan struct{})
	nc, err := nats.Connect(srv.ClientURL(), nats.MaxReconnects(-1), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	check(err)
	js, err := natsjs.New(nc)
	check(err)
	ctx := context.Background()
	for name, subjects := range map[string]string{"ORDERS": "orders.*", "DEAD": "dead.*"} {
		_, err = js.CreateStream(ctx, natsjs.StreamConfig{Name: name, Subjects: []string{subjects}})
		check(err)
	}
	for _, body := range []string{`{"Customer":"ada","Amount":10}`, `not JSON`, `{"Customer":"ada","Amount":20}`} {
		_, err = js.Publish(ctx, "orders.ada", []byte(body))
		check(err)
	}
	return js, func() {
		nc.Close()
		<-closed
		srv.Shutdown()
		srv.WaitForShutdown()
		check(os.RemoveAll(dir))
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
