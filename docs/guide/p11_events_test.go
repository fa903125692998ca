package guide_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
	"github.com/turbopipes/turbopipes/operators"
)

// Order is the event of this page.
type Order struct {
	Item  string `json:"item"`
	Cents int    `json:"cents"`
}

// shopBroker is a broker in memory that holds these events of one customer.
func shopBroker(events ...string) *deliverytest.Broker {
	b := deliverytest.NewBroker(1)
	for i, e := range events {
		b.Publish(deliverytest.Event{Key: "ann", ID: fmt.Sprint("e", i+1), Value: []byte(e)})
	}
	b.End()
	return b
}

func Example_events() {
	broker := shopBroker(`{"item":"tea","cents":300}`, `not JSON`, `{"item":"jam","cents":450}`)
	orders := broker.Log(deliverytest.LogOptions{}) // with a real broker: kafka.Source(…), jetstream.Source(…)

	tries := 0
	book := func(_ context.Context, d delivery.Delivery[Order]) error {
		if tries++; tries == 1 {
			return errors.New("the till is busy")
		}
		fmt.Println("booked", d.Value.Item)
		return nil
	}
	toDeadLetters := func(_ context.Context, d delivery.Dead[[]byte]) error {
		fmt.Printf("dead letter: %s\n", d.Delivery.Value)
		return nil
	}
	err := delivery.Process(orders, 64, delivery.JSON(book),
		delivery.Retry(5, operators.Exponential(10*time.Millisecond, time.Second, 2)),
		delivery.DeadLetter(toDeadLetters),
	).Drain(ctx)
	fmt.Println(broker.Committed(), "events committed; error:", err)
	// Output:
	// booked tea
	// dead letter: not JSON
	// booked jam
	// 3 events committed; error: <nil>
}

// storeOnce books an order in db. The id of the event is stored in the same
// transaction, so an event that comes again has no second effect.
func storeOnce(db *sql.DB) func(context.Context, delivery.Delivery[Order]) error {
	return func(ctx context.Context, d delivery.Delivery[Order]) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // does nothing after Commit

		done, err := tx.ExecContext(ctx, `INSERT INTO seen (id) VALUES ($1) ON CONFLICT DO NOTHING`, d.Info().String())
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err // nil: the effect is there already, so the event is acked
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO sales (item, cents) VALUES ($1, $2)`, d.Value.Item, d.Value.Cents); err != nil {
			return err
		}
		return tx.Commit()
	}
}

var _ = storeOnce

func Example_effectOnce() {
	broker := shopBroker(`{"item":"tea","cents":300}`, `{"item":"jam","cents":450}`)
	seen, sum := map[string]bool{}, 0 // a table in memory
	book := func(_ context.Context, d delivery.Delivery[Order]) error {
		if id := d.Info().String(); !seen[id] {
			seen[id] = true // with the effect: there is no moment at which only one of them is there
			sum += d.Value.Cents
		}
		fmt.Println(d.Value.Item, "- the sum is", sum)
		return nil
	}
	run := func(book func(context.Context, delivery.Delivery[Order]) error) error {
		return delivery.Process(broker.Log(deliverytest.LogOptions{}), 1, delivery.JSON(book)).Drain(ctx)
	}

	_ = run(func(ctx context.Context, d delivery.Delivery[Order]) error {
		err := book(ctx, d)
		broker.Crash() // as if the process had been killed: nothing is committed any more
		return err
	})
	fmt.Println("committed:", broker.Committed())
	fmt.Println("error:", run(book), "- committed:", broker.Committed())
	// Output:
	// tea - the sum is 300
	// jam - the sum is 750
	// committed: 0
	// tea - the sum is 750
	// jam - the sum is 750
	// error: <nil> - committed: 2
}

func Example_eventBatches() {
	broker := shopBroker(`{"item":"tea","cents":300}`, `{"item":"jam","cents":450}`, `{"item":"pen","cents":120}`)
	decode := func(_ context.Context, raw []byte) (o Order, err error) { return o, json.Unmarshal(raw, &o) }
	insertAll := func(_ context.Context, d delivery.Delivery[[]Order]) error { // INSERT … VALUES …, in one transaction
		fmt.Println("stored", d.Value)
		return nil
	}

	err := delivery.Through(broker.Log(deliverytest.LogOptions{}), func(in tp.Observable[delivery.Delivery[[]byte]]) tp.Observable[delivery.Receipt] {
		return tp.Pipe4(in,
			delivery.TryMap(decode),
			delivery.Filter(func(o Order) bool { return o.Cents >= 200 }), // acks the events that it drops
			delivery.Batch[Order](100, time.Second),                       // settles its members together
			delivery.Each(1, insertAll))                                   // acks when insertAll has returned nil
	}).Drain(ctx)
	fmt.Println(broker.Committed(), "events committed; error:", err)
	// Output:
	// stored [{tea 300} {jam 450}]
	// 3 events committed; error: <nil>
}
