package main

import (
	"context"
	"database/sql"
	"fmt"

	_ "modernc.org/sqlite" // the driver

	"github.com/turbopipes/turbopipes/delivery"
)

// store is a database that all processes share.
type store struct{ db *sql.DB }

func openStore(path string) (store, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
	if err != nil {
		return store{}, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer
	return store{db}, nil
}

func (s store) create(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `
		CREATE TABLE sales (at INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT UNIQUE, id INTEGER, customer INTEGER, number INTEGER, name TEXT, cents INTEGER, worker INTEGER);
		CREATE TABLE dead (event TEXT PRIMARY KEY, body BLOB, reason TEXT);
		CREATE TABLE repeated (event TEXT);`)
	return err
}

func (s store) close() error { return s.db.Close() }

// book stores a sale. The identity of the event is in the same row, so an event that
// comes again has no second effect.
func (s store) book(ctx context.Context, i delivery.Info, o Order, name string, worker int) error {
	return s.once(ctx, i, `INSERT INTO sales (event, id, customer, number, name, cents, worker) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		i.String(), o.ID, o.Customer, o.Number, name, o.Cents, worker)
}

// bury stores a dead letter, once.
func (s store) bury(ctx context.Context, d delivery.Dead[[]byte]) error {
	i := d.Delivery.Info()
	return s.once(ctx, i, `INSERT INTO dead (event, body, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, i.String(), d.Delivery.Value, d.Err.Error())
}

// once runs an INSERT, and notes in the same transaction that the event has come again
// if its row is there already.
func (s store) once(ctx context.Context, i delivery.Info, insert string, args ...any) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	done, err := tx.ExecContext(ctx, insert, args...)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		if _, err := tx.ExecContext(ctx, `INSERT INTO repeated (event) VALUES (?)`, i.String()); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// counts is what is stored.
type counts struct{ sales, dead, repeated int }

func (s store) counts(ctx context.Context) (c counts, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM sales), (SELECT count(*) FROM dead), (SELECT count(*) FROM repeated)`).
		Scan(&c.sales, &c.dead, &c.repeated)
	return c, err
}

// verify compares what is stored with the n messages of a seed. It returns what is wrong.
func (s store) verify(ctx context.Context, n int, seed uint64) (wrong []string, err error) {
	effects, deaths := map[int]int{}, map[string]int{}
	last := map[int]int{} // the number of the last sale of a customer
	outOfOrder := 0
	rows, err := s.db.QueryContext(ctx, `SELECT id, customer, number FROM sales ORDER BY at`)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var o Order
		if err := rows.Scan(&o.ID, &o.Customer, &o.Number); err != nil {
			return nil, err
		}
		effects[o.ID]++
		if o.Number < last[o.Customer] {
			outOfOrder++
		}
		last[o.Customer] = o.Number
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	letters, err := s.db.QueryContext(ctx, `SELECT body FROM dead`)
	if err != nil {
		return nil, err
	}
	for letters.Next() {
		var body []byte
		if err := letters.Scan(&body); err != nil {
			return nil, err
		}
		deaths[string(body)]++
	}
	if err := letters.Err(); err != nil {
		return nil, err
	}

	lost, twice := 0, 0
	err = messages(n, seed).Each(ctx, func(m message) error {
		wantEffects, wantDeaths := 1, 0
		if m.dead {
			wantEffects, wantDeaths = 0, 1
		}
		if effects[m.ID] < wantEffects || deaths[string(m.body)] < wantDeaths {
			lost++
		}
		if effects[m.ID] > wantEffects || deaths[string(m.body)] > wantDeaths {
			twice++
		}
		return nil
	})
	for _, w := range []struct {
		n    int
		what string
	}{{lost, "orders have no effect"}, {twice, "orders have more than one effect"}, {outOfOrder, "orders were booked out of order"}} {
		if w.n > 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s", w.n, w.what))
		}
	}
	return wrong, err
}
