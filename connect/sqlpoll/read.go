package sqlpoll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// row is a row that was read.
type row[T any] struct {
	position  int64
	key, head string
	value     T
	bad       error // of scan
}

// badRow is an error that another read would bring again.
type badRow struct{ error }

func (b *badRow) Unwrap() error { return b.error }

// read returns the rows after last that may be emitted. more says that the next read
// should not wait. A badRow comes with the rows before it.
func (s *session[T]) read(ctx context.Context, last int64) (all []row[T], more bool, err error) {
	s.horizon.settle(time.Now())
	limit := s.c.o.batch
	if s.held {
		limit = 1 // it may be the same row again
	}
	all, n, err := s.fetch(ctx, last, limit)
	var bad *badRow
	if err != nil && !errors.As(err, &bad) {
		return nil, false, err
	}
	held := false
	for i := range all {
		if !s.horizon.passes(last, all[i].position) {
			all, held = all[:i], true
			break
		}
		last = all[i].position
	}
	if held {
		err = nil // it is after the gap
		if s.horizon.due(time.Now()) {
			highest, failed := s.c.highestNow(ctx)
			if failed != nil {
				return nil, false, failed
			}
			s.horizon.note(time.Now(), highest)
		}
	}
	s.held = held
	return all, n == limit && !held, err
}

// fetch reads at most limit rows after last. n is how many there were.
func (s *session[T]) fetch(ctx context.Context, last int64, limit int) (all []row[T], n int, err error) {
	rows, err := s.c.db.QueryContext(ctx, s.c.query, last, limit)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		n++
		var r row[T]
		var key, head sql.NullString
		r.value, r.bad = s.c.scan(Row{rows, []any{&r.position, &key, &head}})
		if ctx.Err() != nil {
			return nil, 0, context.Cause(ctx)
		}
		if r.bad != nil && r.position <= last { // no column was scanned, or not the first
			r.position, err = s.positionOf(rows)
			if err != nil {
				return all, n, &badRow{fmt.Errorf("a row after the position %d: %w", last, r.bad)}
			}
		}
		switch {
		case r.position <= last:
			return all, n, &badRow{fmt.Errorf("the position %d comes after %d, want unique and increasing positions", r.position, last)}
		case r.bad != nil && s.c.o.skip == nil:
			return all, n, &badRow{fmt.Errorf("the row at the position %d: %w", r.position, r.bad)}
		}
		last = r.position
		r.key, r.head = key.String, head.String
		all = append(all, r)
	}
	return all, n, rows.Err()
}

// positionOf scans the first column only.
func (s *session[T]) positionOf(rows *sql.Rows) (position int64, err error) {
	names, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	dest := make([]any, len(names))
	for i := range dest {
		dest[i] = new(any)
	}
	dest[0] = &position
	return position, rows.Scan(dest...)
}
