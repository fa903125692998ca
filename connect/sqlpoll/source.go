package sqlpoll

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// Consumer is a named reader of a table: a [delivery.Source]. [Source] and [Rows] make
// one.
type Consumer[T any] struct {
	db             *sql.DB
	table, name    string
	o              options
	scan           func(Row) (T, error)
	lease          leases
	query, highest string // of the rows
	bad            string

	mu      sync.Mutex
	tenures map[int64]*tenancy // by epoch
}

// Row is a row that [Rows] reads.
type Row struct {
	rows *sql.Rows
	own  []any
}

// Scan copies the columns that were given to [Rows] into dest, as that of [sql.Rows]
// does. A [sql.RawBytes] is valid until the function returns.
func (r Row) Scan(dest ...any) error {
	return r.rows.Scan(append(r.own[:len(r.own):len(r.own)], dest...)...)
}

// Source describes a consumer of a table, such as that of an [Outbox]. The value of a
// delivery is the column "value", its key is the column "event_key", and its headers are
// the column "headers": see [ValueColumn], [KeyColumn] and [HeadersColumn]. Info has the
// table as Source, the position as Position and ID, and the number of the lease as
// Epoch, which grows with each tenure.
//
// Rows are read in the order of their positions, a batch at a time; no connection is held
// meanwhile by a batch that waits. The position of the consumer is committed for what is
// done without a gap. A nacked event stays open.
//
// Open fails when the database is away, and when a table or a column does not exist.
// Receive goes on when the database is away, with waits of at most 2 seconds: see
// [OnError]. It fails when db is closed, when the row of the consumer in the table of
// positions is deleted, at positions that do not increase, and as [NoStandby] and [Owner]
// say. A nil db, an empty name and options that do not fit are an
// ErrInvalidArgument of Open. db stays open.
//
// Memory: a batch, and what [delivery.MaxUncommitted] allows, 1024 by default. Goroutines:
// one for commits, and one for the lease; Close joins them.
func Source(db *sql.DB, table, consumer string, opts ...Option) *Consumer[[]byte] {
	c := newConsumer[[]byte](db, table, consumer, columns{position: "id", key: "event_key", value: "value", headers: "headers"}, opts)
	c.scan = func(r Row) (v []byte, err error) {
		err = r.Scan(&v)
		return v, err
	}
	c.prepare([]string{c.o.columns.value})
	return c
}

// Rows is [Source] with values that scan makes of some columns. scan calls [Row.Scan] with
// a destination for each of columns. It runs on the goroutine of the session, once for
// each row, and must not keep the Row. When scan returns an error, the stream fails: see
// [SkipUnscannable]. To dead-letter such a row in place of that, let scan copy the
// columns as they are, and decode in the function of [delivery.Process].
func Rows[T any](db *sql.DB, table, consumer string, columnNames []string, scan func(Row) (T, error), opts ...Option) *Consumer[T] {
	c := newConsumer[T](db, table, consumer, columns{position: "id", value: "value"}, opts)
	if c.scan = scan; scan == nil {
		c.bad = "scan is nil"
	}
	c.prepare(columnNames)
	return c
}

func newConsumer[T any](db *sql.DB, table, consumer string, cols columns, opts []Option) *Consumer[T] {
	c := &Consumer[T]{db: db, table: table, name: consumer, tenures: map[int64]*tenancy{}}
	c.o, c.bad = optionsOf(cols, opts)
	switch bad := badName(table); {
	case db == nil:
		c.bad = "db is nil"
	case bad != "":
		c.bad = "table: " + bad
	case consumer == "" || len(consumer) > 200:
		c.bad = fmt.Sprintf("consumer has %d bytes, want 1 to 200", len(consumer))
	}
	return c
}

// prepare writes the statements.
func (c *Consumer[T]) prepare(values []string) {
	for _, name := range values {
		if bad := badName(name); bad != "" && c.bad == "" {
			c.bad = "column: " + bad
		}
	}
	if len(values) == 0 && c.bad == "" {
		c.bad = "no columns"
	}
	if c.bad != "" {
		return
	}
	d := c.o.dialect
	position := d.quote(c.o.columns.position)
	selected := []string{position, orNull(d, c.o.columns.key), orNull(d, c.o.columns.headers)}
	for _, name := range values {
		selected = append(selected, d.quote(name))
	}
	from := " FROM " + d.quote(c.table)
	c.query = d.bind("SELECT " + strings.Join(selected, ", ") + from +
		" WHERE " + position + " > ? ORDER BY " + position + " LIMIT ?")
	c.highest = "SELECT MAX(" + position + ")" + from
	c.lease = newLeases(c.db, c.table, c.name, c.o)
}

func orNull(d Dialect, column string) string {
	if column == "" {
		return "NULL"
	}
	return d.quote(column)
}

// Open implements [delivery.Source].
func (c *Consumer[T]) Open(ctx context.Context, so delivery.SessionOptions) (delivery.Session[T], error) {
	if c.bad != "" {
		return nil, fmt.Errorf("%w: sqlpoll.Source: %s", turbopipes.ErrInvalidArgument, c.bad)
	}
	if err := c.open(ctx); err != nil {
		return nil, fmt.Errorf("sqlpoll: the consumer %q of the table %q: %w", c.name, c.table, err)
	}
	most := so.MaxUncommitted
	if most == 0 {
		most = defaultUncommitted
	}
	return newSession(ctx, c, most), nil
}

// open checks the statements, and creates what is missing.
func (c *Consumer[T]) open(ctx context.Context) error {
	rows, err := c.db.QueryContext(ctx, c.query, 0, 1)
	if err != nil {
		return err
	}
	for rows.Next() { // some drivers report errors here
	}
	if err := rows.Close(); err != nil {
		return err
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return c.lease.prepare(ctx, c.o.mustExist, func() (int64, error) {
		if c.o.startAtEnd {
			return c.highestNow(ctx)
		}
		return c.o.start, nil
	})
}

// highestNow returns the highest position, or 0.
func (c *Consumer[T]) highestNow(ctx context.Context) (int64, error) {
	var n sql.NullInt64
	err := c.db.QueryRowContext(ctx, c.highest).Scan(&n)
	return n.Int64, err
}

// Position returns the committed position of the consumer: all rows up to it are done. A
// consumer that no session has had yet is a [sql.ErrNoRows].
func (c *Consumer[T]) Position(ctx context.Context) (int64, error) {
	if c.bad != "" {
		return 0, fmt.Errorf("%w: sqlpoll.Source: %s", turbopipes.ErrInvalidArgument, c.bad)
	}
	row, err := c.lease.look(ctx)
	return row.position, err
}
