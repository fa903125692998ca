package sqlpoll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
)

// Schema returns the statement that creates the table of positions, for those who let
// the application create no tables: see [MustExist] and [Positions].
func Schema(d Dialect, table string) string {
	return "CREATE TABLE IF NOT EXISTS " + d.quote(table) + " (" +
		"consumer VARCHAR(200) NOT NULL, stream VARCHAR(200) NOT NULL, position BIGINT NOT NULL, " +
		"epoch BIGINT NOT NULL, beat BIGINT NOT NULL, lease_ms BIGINT NOT NULL, " +
		"owner VARCHAR(255) NOT NULL, heir VARCHAR(255) NOT NULL, " +
		"PRIMARY KEY (consumer, stream))"
}

// errLost is for a statement of a session that does not have the lease any more.
var errLost = delivery.Permanent(errors.New("sqlpoll: the consumer is another session's"))

// leaseRow is the row of a consumer in the table of positions. Each change of the row
// makes beat grow.
type leaseRow struct {
	position, epoch, beat int64
	leaseMS               int64
	owner                 string // empty: the consumer is free
	heir                  string // the session that gets it from the owner
}

// leases has the statements for the row of a consumer. A change names the epoch, so that
// it has no effect for a session that has lost the lease.
type leases struct {
	db               *sql.DB
	stream, consumer string
	leaseMS          int64

	create, insert, read, take, inherit, leave string
	renew, commit, release, advance            string // by the owner
}

func newLeases(db *sql.DB, table, consumer string, o options) leases {
	d := o.positionsDialect
	if o.positionsDB != nil {
		db = o.positionsDB
	}
	t := d.quote(o.positions)
	const whose = " WHERE consumer = ? AND stream = ?"
	update := "UPDATE " + t + " SET beat = beat + 1"
	return leases{
		db: db, stream: table, consumer: consumer, leaseMS: o.lease.Milliseconds(),
		create:  Schema(d, o.positions),
		insert:  d.insertNew(t, "consumer, stream, position, epoch, beat, lease_ms, owner, heir", "?, ?, ?, 0, 0, 0, '', ''"),
		read:    d.bind("SELECT position, epoch, beat, lease_ms, owner, heir FROM " + t + whose),
		take:    d.bind(update + ", epoch = epoch + 1, lease_ms = ?, owner = ?, heir = CASE WHEN heir = ? THEN '' ELSE heir END" + whose + " AND epoch = ? AND beat = ?"),
		inherit: d.bind("UPDATE " + t + " SET heir = ?" + whose + " AND heir = ''"),
		leave:   d.bind(update + ", owner = CASE WHEN owner = ? THEN '' ELSE owner END, heir = CASE WHEN heir = ? THEN '' ELSE heir END" + whose + " AND (owner = ? OR heir = ?)"),
		renew:   d.bind(update + whose + " AND epoch = ? AND owner = ?"),
		// A position never goes back: Advance may have been faster.
		commit:  d.bind(update + ", position = CASE WHEN position < ? THEN ? ELSE position END" + whose + " AND epoch = ? AND owner = ?"),
		release: d.bind(update + ", owner = heir, heir = ''" + whose + " AND epoch = ? AND owner = ?"),
		advance: d.bind(update + ", position = ?" + whose + " AND epoch = ? AND owner = ? AND position < ?"),
	}
}

// prepare makes sure that there is a row. start is the position of a new one.
func (l *leases) prepare(ctx context.Context, mustExist bool, start func() (int64, error)) error {
	_, err := l.look(ctx)
	if err == nil {
		return nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		if mustExist {
			return err
		}
		if _, err := l.db.ExecContext(ctx, l.create); err != nil {
			return err
		}
	}
	position, err := start()
	if err != nil {
		return err
	}
	_, err = l.db.ExecContext(ctx, l.insert, l.consumer, l.stream, position)
	return err
}

// look reads the row.
func (l *leases) look(ctx context.Context) (r leaseRow, err error) {
	err = l.db.QueryRowContext(ctx, l.read, l.consumer, l.stream).
		Scan(&r.position, &r.epoch, &r.beat, &r.leaseMS, &r.owner, &r.heir)
	return r, err
}

// change runs a statement that changes the row. ok is false if it has found no row.
func (l *leases) change(ctx context.Context, statement string, args ...any) (ok bool, err error) {
	r, err := l.db.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

// takeFrom takes the lease if the row is still r.
func (l *leases) takeFrom(ctx context.Context, r leaseRow, owner string) (ok bool, err error) {
	return l.change(ctx, l.take, l.leaseMS, owner, owner, l.consumer, l.stream, r.epoch, r.beat)
}

// acquire waits for the lease, and begins a tenancy. It returns none when ctx has ended,
// or with an error that does not pass.
func (s *session[T]) acquire(ctx context.Context) (*tenancy, error) {
	l := &s.c.lease
	var seen leaseRow
	var since time.Time // when seen was seen first
	for failures := 0; ctx.Err() == nil; {
		before := time.Now()
		row, err := l.look(ctx)
		unchanged := !since.IsZero() && row.beat == seen.beat && row.epoch == seen.epoch
		expired := unchanged && before.Sub(since) >= time.Duration(row.leaseMS)*time.Millisecond
		switch {
		case err != nil:
		case row.owner == "" || row.owner == s.id || s.namesake(row.owner) && !s.had || expired:
			var ok bool
			sent := time.Now()
			if ok, err = l.takeFrom(ctx, row, s.id); err == nil && ok {
				return s.begin(ctx, row, sent), nil
			}
		case s.namesake(row.owner), s.c.o.noStandby && !since.IsZero() && !unchanged:
			return nil, s.fail(delivery.ErrFenced)
		case row.heir == "" && !s.c.o.noStandby: // the first that waits is the next owner
			s.waited = true
			_, err = l.change(ctx, l.inherit, s.id, l.consumer, l.stream)
		}
		if err != nil {
			if fatal := s.failed(ctx, err, &failures); fatal != nil || ctx.Err() != nil {
				return nil, fatal
			}
			continue
		}
		if failures = 0; !unchanged {
			seen, since = row, time.Now()
		}
		sleep(ctx, min(s.c.o.poll, max(s.c.o.lease/4, time.Millisecond)))
	}
	return nil, nil
}

// begin begins a tenancy after the position of the row that was taken.
func (s *session[T]) begin(ctx context.Context, row leaseRow, sent time.Time) *tenancy {
	s.had = true
	t := &tenancy{
		tracker: s.tracker, tenure: s.tracker.Assign(s.c.table), table: s.c.table, headers: s.c.o.columns.headers,
		epoch: row.epoch + 1, position: row.position, owner: s.id, until: sent.Add(s.c.o.lease),
	}
	t.going, t.halt = context.WithCancel(ctx)
	s.mu.Lock()
	s.cur = t
	s.mu.Unlock()
	s.c.mu.Lock()
	s.c.tenures[t.epoch] = t
	s.c.mu.Unlock()
	poke(s.begun)
	return t
}

// finish ends t: what is open in it stays open.
func (s *session[T]) finish(t *tenancy) {
	t.halt()
	t.tenure.End()
	s.c.mu.Lock()
	if s.c.tenures[t.epoch] == t {
		delete(s.c.tenures, t.epoch)
	}
	s.c.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cur == t {
		s.cur = nil
	}
}

// current returns the tenancy, or nil.
func (s *session[T]) current() *tenancy {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cur
}

// beating sends signs of life. It ends the tenancy when there was no answer for the time
// of the lease.
func (s *session[T]) beating(ctx context.Context) {
	next := time.NewTimer(s.c.o.lease / 3)
	defer next.Stop()
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-s.begun: // that was a sign of life
			next.Reset(s.c.o.lease / 3)
			continue
		case <-next.C:
		}
		wait := s.c.o.lease / 3
		if t := s.current(); t != nil {
			if s.beat(ctx, t) {
				failures = 0
			} else {
				wait = min(again(failures), wait)
				failures++
			}
		}
		next.Reset(wait)
	}
}

// beat is a sign of life. It reports whether it has reached the database.
func (s *session[T]) beat(ctx context.Context, t *tenancy) bool {
	limited, cancel := context.WithDeadline(ctx, t.deadline())
	defer cancel()
	sent := time.Now()
	ok, err := s.c.lease.change(limited, s.c.lease.renew, s.c.name, s.c.table, t.epoch, t.owner)
	switch {
	case ctx.Err() != nil:
	case err == nil && ok:
		t.renewed(sent, s.c.o.lease)
	case err == nil:
		s.finish(t)
	default:
		s.report(fmt.Errorf("sqlpoll: the lease of the consumer %q: %w", s.c.name, err))
		if !time.Now().Before(t.deadline()) {
			s.finish(t)
		}
	}
	return err == nil
}

// commit is called by the committer.
func (s *session[T]) commit(ctx context.Context, cs []delivery.Commit[string, int64]) error {
	t := s.current()
	if t == nil || t.tenure != cs[0].Tenure() {
		return errLost
	}
	l, next := &s.c.lease, cs[0].Next
	sent := time.Now()
	ok, err := l.change(ctx, l.commit, next, next, s.c.name, s.c.table, t.epoch, t.owner)
	switch {
	case err != nil && closed(err):
		return delivery.Permanent(err)
	case err != nil:
		return err
	case !ok:
		s.finish(t)
		return errLost
	}
	t.renewed(sent, s.c.o.lease)
	return nil
}
