package sqlpoll

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// The headers of a dead letter.
const (
	DeadErrorHeader = "delivery-error" // the error of the last try
	DeadTriesHeader = "delivery-tries" // how many there were
	DeadEventHeader = "delivery-event" // the source, the partition and the position
)

// perInsert is how many rows an INSERT has at most.
const perInsert = 100

// Event is what an [Outbox] adds.
type Event struct {
	Key     string
	Value   []byte
	Headers map[string]string
}

// Outbox adds rows to a table, in transactions of yours. [Source] reads them.
type Outbox struct {
	table string
	o     options
	bad   string
}

// NewOutbox returns an Outbox for a table, which has the columns that [Outbox.Schema]
// says. A name that is empty, and options that do not fit, are an ErrInvalidArgument of
// its methods.
func NewOutbox(table string, opts ...TableOption) *Outbox {
	b := &Outbox{table: table}
	b.o, b.bad = optionsOf(columns{position: "id", key: "event_key", value: "value", headers: "headers"}, opts)
	if bad := badName(table); bad != "" {
		b.bad = "table: " + bad
	}
	return b
}

func (b *Outbox) check() error {
	if b.bad != "" {
		return delivery.Permanent(fmt.Errorf("%w: sqlpoll.NewOutbox: %s", turbopipes.ErrInvalidArgument, b.bad))
	}
	return nil
}

// Schema returns the statement that creates the table.
func (b *Outbox) Schema() (string, error) {
	if err := b.check(); err != nil {
		return "", err
	}
	d, c := b.o.dialect, b.o.columns
	s := "CREATE TABLE IF NOT EXISTS " + d.quote(b.table) + " (" + d.quote(c.position) + " " + d.identity()
	if c.key != "" {
		s += ", " + d.quote(c.key) + " VARCHAR(255)"
	}
	s += ", " + d.quote(c.value) + " " + d.blob()
	if c.headers != "" {
		s += ", " + d.quote(c.headers) + " TEXT"
	}
	return s + ")", nil
}

// Publish adds events in tx, in order. They exist when tx is committed, and never
// without its other effects. Two transactions that add events of one key at the same
// time decide their order by their locks: to have a certain order, lock something of the
// key before. A nil tx, and headers or a key without a column, are an ErrInvalidArgument.
func (b *Outbox) Publish(ctx context.Context, tx Tx, events ...Event) error {
	if err := b.check(); err != nil {
		return err
	}
	if tx == nil {
		return delivery.Permanent(fmt.Errorf("%w: sqlpoll.Outbox: tx is nil", turbopipes.ErrInvalidArgument))
	}
	for len(events) > 0 {
		n := min(len(events), perInsert)
		if err := b.insert(ctx, tx, events[:n]); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}

func (b *Outbox) insert(ctx context.Context, tx Tx, events []Event) error {
	d, c := b.o.dialect, b.o.columns
	names, one := d.quote(c.value), "(?"
	for _, name := range []string{c.key, c.headers} {
		if name != "" {
			names, one = names+", "+d.quote(name), one+", ?"
		}
	}
	args := make([]any, 0, 3*len(events))
	for i, e := range events {
		key, headers, err := e.texts()
		switch {
		case err != nil:
			return delivery.Permanent(fmt.Errorf("sqlpoll: the headers of event %d: %w", i+1, err))
		case c.key == "" && key != nil:
			return delivery.Permanent(fmt.Errorf("%w: sqlpoll.Outbox: event %d has a key, want a KeyColumn for it", turbopipes.ErrInvalidArgument, i+1))
		case c.headers == "" && headers != nil:
			return delivery.Permanent(fmt.Errorf("%w: sqlpoll.Outbox: event %d has headers, want a HeadersColumn for them", turbopipes.ErrInvalidArgument, i+1))
		}
		args = append(args, e.Value)
		if c.key != "" {
			args = append(args, key)
		}
		if c.headers != "" {
			args = append(args, headers)
		}
	}
	query := "INSERT INTO " + d.quote(b.table) + " (" + names + ") VALUES " + strings.Repeat(one+"), ", len(events)-1) + one + ")"
	if _, err := tx.ExecContext(ctx, d.bind(query), args...); err != nil {
		return fmt.Errorf("sqlpoll: add to %q: %w", b.table, err)
	}
	return nil
}

// texts returns the key and the headers as columns: nil where there are none.
func (e *Event) texts() (key, headers any, err error) {
	if e.Key != "" {
		key = e.Key
	}
	if len(e.Headers) > 0 {
		j, err := json.Marshal(e.Headers)
		if err != nil {
			return nil, nil, err
		}
		headers = string(j)
	}
	return key, headers, nil
}

// DeadLetter returns a function for [delivery.DeadLetter], which adds the value, the key
// and the headers of the event, with [DeadErrorHeader], [DeadTriesHeader] and
// [DeadEventHeader]. db is a *sql.DB: each dead letter is a statement of its own. The
// table should be another one than that of the source. After an error, or a crash before
// the event is committed, a dead letter may be there twice, with the same DeadEventHeader.
func (b *Outbox) DeadLetter(db Tx) func(context.Context, delivery.Dead[[]byte]) error {
	return func(ctx context.Context, d delivery.Dead[[]byte]) error {
		info := d.Delivery.Info()
		e := Event{Key: d.Delivery.Key, Value: d.Delivery.Value, Headers: map[string]string{}}
		for k, v := range info.Headers.All() {
			e.Headers[k] = v
		}
		e.Headers[DeadTriesHeader] = strconv.Itoa(d.Tries)
		e.Headers[DeadEventHeader] = info.String()
		if d.Err != nil {
			e.Headers[DeadErrorHeader] = d.Err.Error()
		}
		return b.Publish(ctx, db, e)
	}
}
