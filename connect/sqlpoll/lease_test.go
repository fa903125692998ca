package sqlpoll_test

import (
	"context"
	"database/sql"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/connect/sqlpoll"
	"github.com/turbopipes/turbopipes/delivery"
)

func quiet() sqlpoll.Option { return sqlpoll.OnError(func(error) {}) }

// committed waits until that position is.
func committed(t testing.TB, db *sql.DB, position int64) {
	t.Helper()
	require.Eventually(t, func() bool {
		p, err := source(db).Position(t.Context())
		return err == nil && p == position
	}, time.Minute, time.Millisecond)
}

// TestSilentSession: a session that does not renew its lease loses the consumer. Its events
// end with ErrRevoked, its commits have no effect, and another session begins after what
// was committed, with a higher epoch.
func TestSilentSession(t *testing.T) {
	db, file := database(t)
	add(t, db, numbers(0, 3, 3)...)
	f := &faults{}
	running, cut := make(chan event, 8), make(chan error, 8)
	var epoch atomic.Int64
	first := process(t, source(faulty(t, file, f), sqlpoll.Lease(time.Second), quiet()), 1, func(ctx context.Context, d event) error {
		if string(d.Value) != "1" {
			return nil
		}
		epoch.Store(d.Info().Epoch)
		running <- d
		<-ctx.Done()
		cut <- context.Cause(ctx)
		return nil // too late
	})
	d := <-running
	committed(t, db, 1) // "0"
	f.silent.Store(true)
	require.ErrorIs(t, <-cut, delivery.ErrRevoked)
	require.ErrorIs(t, context.Cause(d.Context()), delivery.ErrRevoked)
	a := newAccount()
	second := process(t, source(db), 1, func(ctx context.Context, d event) error {
		if d.Info().Epoch <= epoch.Load() {
			return delivery.Permanent(errRefused)
		}
		return a.handle(ctx, d)
	})
	require.Equal(t, []string{"1", "2"}, a.wait(t, 2))
	f.silent.Store(false)
	add(t, db, numbers(3, 1, 1)...)
	require.Equal(t, []string{"1", "2", "3"}, a.wait(t, 3), "the first session is a standby")
	stop(t, first)
	stop(t, second)
	committed(t, db, 4)
}

// TestStandbyWaits: a standby has no events while the owner shows signs of life, for more
// than the time of the lease.
func TestStandbyWaits(t *testing.T) {
	db, _ := database(t)
	a, b := newAccount(), newAccount()
	opt := sqlpoll.Lease(2 * time.Second)
	first := process(t, source(db, opt), 1, a.handle)
	add(t, db, numbers(0, 1, 1)...)
	a.wait(t, 1)
	committed(t, db, 1)
	second := process(t, source(db, opt), 1, b.handle)
	beat := func() (n int) {
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT beat FROM sqlpoll_positions").Scan(&n))
		return n
	}
	for began := beat(); beat() < began+4; { // each is a third of the lease
		time.Sleep(10 * time.Millisecond)
	}
	add(t, db, numbers(1, 1, 1)...)
	a.wait(t, 2)
	require.Empty(t, b.wait(t, 0))
	stop(t, first)
	add(t, db, numbers(2, 1, 1)...)
	b.wait(t, 1)
	stop(t, second)
	require.Len(t, a.wait(t, 0), 2)
}

// TestNoStandby: a second session is refused.
func TestNoStandby(t *testing.T) {
	db, _ := database(t)
	a := newAccount()
	add(t, db, numbers(0, 1, 1)...)
	first := process(t, source(db, sqlpoll.Lease(3*time.Second)), 1, a.handle)
	a.wait(t, 1)
	err := delivery.Process(source(db, sqlpoll.NoStandby()), 1, a.handle).Drain(t.Context())
	require.ErrorIs(t, err, delivery.ErrFenced)
	require.ErrorContains(t, err, `the consumer "billing" of the table "outbox"`)
	stop(t, first)
	process(t, source(db, sqlpoll.NoStandby()), 1, a.handle)
	add(t, db, numbers(1, 1, 1)...)
	a.wait(t, 2)
}

// TestNamesake: a session takes the lease from one with the same name, which ends.
func TestNamesake(t *testing.T) {
	db, _ := database(t)
	a := newAccount()
	add(t, db, numbers(0, 1, 1)...)
	opts := []sqlpoll.Option{sqlpoll.Owner("a"), sqlpoll.Lease(2 * time.Second)}
	first := process(t, source(db, opts...), 1, a.handle)
	a.wait(t, 1)
	committed(t, db, 1)
	second := process(t, source(db, opts...), 1, a.handle)
	require.ErrorIs(t, first.Wait(), delivery.ErrFenced)
	add(t, db, numbers(1, 1, 1)...)
	a.wait(t, 2)
	stop(t, second)
	require.Equal(t, []string{"0", "1"}, a.wait(t, 2))
}

// TestAnswerLost: a commit that has succeeded, and whose answer was lost, is made again.
func TestAnswerLost(t *testing.T) {
	db, file := database(t)
	var lost atomic.Int64
	f := &faults{onCommit: func() error {
		if lost.Add(1) <= 3 {
			return errAway
		}
		return nil
	}}
	a := newAccount()
	add(t, db, numbers(0, 10, 3)...)
	s := process(t, source(faulty(t, file, f), quiet()), 4, a.handle)
	a.wait(t, 10)
	stop(t, s)
	require.Greater(t, lost.Load(), int64(3))
	add(t, db, numbers(10, 1, 1)...)
	s = process(t, source(db), 4, a.handle)
	a.wait(t, 11)
	stop(t, s)
	require.Len(t, a.wait(t, 0), 11)
}

// TestAway: the database is away for a while, also for longer than the lease. The session
// goes on. SQLPOLL_AWAY is for how many seconds.
func TestAway(t *testing.T) {
	db, file := database(t)
	f := &faults{}
	away := 400 * time.Millisecond
	if n := number("SQLPOLL_AWAY", 0); n > 0 {
		away = time.Duration(n) * time.Second
	}
	var errs atomic.Int64
	for _, lease := range []time.Duration{time.Hour, 200 * time.Millisecond} {
		a := newAccount()
		add(t, db, numbers(0, 20, 3)...)
		s := process(t, source(faulty(t, file, f), sqlpoll.Lease(lease), sqlpoll.OnError(func(error) { errs.Add(1) })), 4, a.handle)
		a.wait(t, 20)
		f.away.Store(true)
		time.Sleep(away)
		add(t, db, numbers(20, 20, 3)...)
		f.away.Store(false)
		require.Eventually(t, func() bool { // some may come again
			seen := map[string]bool{}
			for _, v := range a.wait(t, 0) {
				seen[v] = true
			}
			return len(seen) == 40
		}, time.Minute, 5*time.Millisecond)
		stop(t, s)
		require.Positive(t, errs.Swap(0))
		if lease == time.Hour {
			require.Len(t, a.wait(t, 0), 40)
		}
	}
}
