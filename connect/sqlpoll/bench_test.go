package sqlpoll_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/turbopipes/turbopipes/connect/sqlpoll"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

const benchEvents = 20_000

// loop is one by hand: it reads batches, and stores the position after each.
func loop(b *testing.B, db *sql.DB) {
	b.Helper()
	ctx := context.Background()
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	_, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS position (n INTEGER)")
	check(err)
	for last := 0; last < benchEvents; {
		rows, err := db.QueryContext(ctx, "SELECT id, event_key, value FROM outbox WHERE id > ? ORDER BY id LIMIT 256", last)
		check(err)
		for rows.Next() {
			var key, value []byte
			check(rows.Scan(&last, &key, &value))
		}
		check(rows.Close())
		_, err = db.ExecContext(ctx, "UPDATE position SET n = ?", last)
		check(err)
	}
}

// BenchmarkConsume consumes 20,000 events that cost nothing, beside a loop by hand.
func BenchmarkConsume(b *testing.B) {
	process := func(opts ...delivery.Option) func(*testing.B, *sql.DB) {
		return func(b *testing.B, db *sql.DB) {
			b.Helper()
			in := delivery.Process(sqlpoll.Source(db, table, consumer, sqlpoll.PollEvery(time.Millisecond)), 64, func(context.Context, event) error { return nil }, opts...)
			if err := operators.Take[delivery.Receipt](benchEvents)(in).Drain(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, v := range []struct {
		name string
		run  func(*testing.B, *sql.DB)
	}{
		{"loop", loop},
		{"keyed", process(delivery.MaxUncommitted(1024))},
		{"unordered", process(delivery.MaxUncommitted(1024), delivery.Unordered())},
	} {
		b.Run(v.name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				db, _ := database(b)
				tx, err := db.Begin() //nolint:noctx // a test
				if err != nil {
					b.Fatal(err)
				}
				for _, e := range numbers(0, benchEvents, 1000) {
					if _, err := tx.Exec("INSERT INTO outbox (event_key, value) VALUES (?, ?)", e.Key, e.Value); err != nil { //nolint:noctx // a test
						b.Fatal(err)
					}
				}
				if err := tx.Commit(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				v.run(b, db)
			}
			b.ReportMetric(float64(benchEvents*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
