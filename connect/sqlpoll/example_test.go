package sqlpoll_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/turbopipes/turbopipes/connect/sqlpoll"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

type booking struct {
	Customer string
	Amount   int
}

// A transaction books an order and adds the event; a consumer processes the events, 64 at
// a time, those of one customer one after the other.
func ExampleSource() {
	db, done := demo("CREATE TABLE bookings (customer TEXT, amount INTEGER)")
	defer done()
	ctx := context.Background()
	box := sqlpoll.NewOutbox("outbox")

	book := func(customer string, amount int) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		if _, err := tx.ExecContext(ctx, "INSERT INTO bookings VALUES (?, ?)", customer, amount); err != nil {
			return err
		}
		value := fmt.Appendf(nil, `{"Customer":%q,"Amount":%d}`, customer, amount)
		if err := box.Publish(ctx, tx, sqlpoll.Event{Key: customer, Value: value}); err != nil {
			return err
		}
		return tx.Commit()
	}
	for i := range 3 {
		if err := book("ada", 10*i); err != nil {
			log.Fatal(err)
		}
	}

	// SQLite numbers the rows, and lets one transaction at a time write: CommitOrdered.
	src := sqlpoll.Source(db, "outbox", "mailer", sqlpoll.CommitOrdered())
	receipts := delivery.Process(src, 64, delivery.JSON(func(_ context.Context, d delivery.Delivery[booking]) error {
		fmt.Println(d.Key, d.Value.Amount)
		return nil // the event is done now
	}), delivery.Retry(5, operators.Exponential(100*time.Millisecond, 10*time.Second, 2)))
	err := operators.Take[delivery.Receipt](3)(receipts).Drain(ctx) // a service has no Take
	fmt.Println(err)
	// Output:
	// ada 0
	// ada 10
	// ada 20
	// <nil>
}

// Each effect is there exactly once: the position of the consumer moves in the transaction
// of the effect.
func ExampleConsumer_Advance() {
	db, done := demo("CREATE TABLE totals (customer TEXT PRIMARY KEY, amount INTEGER)")
	defer done()
	ctx := context.Background()
	err := sqlpoll.NewOutbox("outbox").Publish(ctx, db,
		sqlpoll.Event{Key: "ada", Value: []byte(`{"Customer":"ada","Amount":10}`)},
		sqlpoll.Event{Key: "ada", Value: []byte(`{"Customer":"ada","Amount":20}`)})
	if err != nil {
		log.Fatal(err)
	}

	src := sqlpoll.Source(db, "outbox", "totals", sqlpoll.CommitOrdered())
	receipts := delivery.Process(src, 1, delivery.JSON(func(ctx context.Context, d delivery.Delivery[booking]) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		_, err = tx.ExecContext(ctx, "INSERT INTO totals VALUES (?, ?) ON CONFLICT (customer) DO UPDATE SET amount = amount + excluded.amount",
			d.Value.Customer, d.Value.Amount)
		if err != nil {
			return err
		}
		switch err := src.Advance(ctx, tx, d.Info()); {
		case errors.Is(err, sqlpoll.ErrApplied):
			return nil
		case err != nil:
			return err
		}
		return tx.Commit()
	}), delivery.Retry(5, operators.Constant(time.Second)))
	err = operators.Take[delivery.Receipt](2)(receipts).Drain(ctx) // a service has no Take
	var amount int
	fmt.Println(err, db.QueryRowContext(ctx, "SELECT amount FROM totals").Scan(&amount), amount)
	// Output: <nil> <nil> 30
}

// demo makes a database with an outbox and another table.
func demo(schema string) (*sql.DB, func()) {
	dir, err := os.MkdirTemp("", "sqlpoll")
	if err != nil {
		log.Fatal(err)
	}
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, "db")))
	if err != nil {
		log.Fatal(err)
	}
	outbox, err := sqlpoll.NewOutbox("outbox").Schema()
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range []string{outbox, schema} {
		if _, err := db.ExecContext(context.Background(), s); err != nil {
			log.Fatal(err)
		}
	}
	return db, func() {
		_ = db.Close()
		_ = os.RemoveAll(dir)
	}
}
