package sqlpoll_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/connect/sqlpoll"
	"github.com/turbopipes/turbopipes/delivery"
)

// deferred opens a file so that a transaction takes the lock with its first write only:
// two transactions overlap.
func deferred(t testing.TB, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func begin(t testing.TB, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// insert adds a row at a position, whose value is the position.
func insert(t testing.TB, tx sqlpoll.Tx, position int64) {
	t.Helper()
	run(t, tx, "INSERT INTO outbox (id, event_key, value) VALUES (?, 'k', ?)", position, []byte(strconv.FormatInt(position, 10)))
}

// polls waits until the table was read n more times.
func polls(t testing.TB, f *faults, n int64) {
	t.Helper()
	want := f.queries.Load() + n
	require.Eventually(t, func() bool { return f.queries.Load() >= want }, time.Minute, time.Millisecond)
}

// TestLowerPositionCommitsLater: of two transactions that overlap, the one with the higher
// position commits first. The source waits for the other one.
func TestLowerPositionCommitsLater(t *testing.T) {
	_, file := database(t)
	db, f := deferred(t, file), &faults{}
	insert(t, db, 1)
	a := newAccount()
	s := process(t, source(faulty(t, file, f), sqlpoll.GapWait(time.Hour)), 4, a.handle)
	a.wait(t, 1)
	lower, higher := begin(t, db), begin(t, db) // they have taken the positions 2 and 3
	insert(t, higher, 3)
	require.NoError(t, higher.Commit())
	polls(t, f, 3)
	insert(t, lower, 2)
	require.NotContains(t, a.wait(t, 1), "3", "the source has passed a gap")
	require.NoError(t, lower.Commit())
	require.Equal(t, []string{"1", "2", "3"}, a.wait(t, 3))
	stop(t, s)
}

// TestCommitOrdered: a source that was told that there are no such transactions passes
// gaps at once.
func TestCommitOrdered(t *testing.T) {
	db, _ := database(t)
	insert(t, db, 1)
	insert(t, db, 3)
	insert(t, db, 1000)
	a := newAccount()
	process(t, source(db), 4, a.handle)
	require.Equal(t, []string{"1", "3", "1000"}, a.wait(t, 3))
}

// TestGapIsPassed: gaps that stay are passed after the wait, all of them after one.
func TestGapIsPassed(t *testing.T) {
	db, _ := database(t)
	const n, wait = 300, 2 * time.Second // if each batch waited, it would be 86 seconds
	for i := range int64(n) {
		insert(t, db, 10+3*i)
	}
	var mu sync.Mutex
	var gaps []string
	a := newAccount()
	began := time.Now()
	s := process(t, source(db, sqlpoll.GapWait(wait), sqlpoll.BatchSize(7), sqlpoll.OnGap(func(first, last int64) {
		mu.Lock()
		defer mu.Unlock()
		gaps = append(gaps, fmt.Sprint(first, "-", last))
	})), 4, a.handle)
	a.wait(t, 1)
	require.GreaterOrEqual(t, time.Since(began), wait)
	all := a.wait(t, n)
	require.Equal(t, "907", all[n-1])
	stop(t, s)
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, gaps, n)
	require.Equal(t, []string{"1-9", "11-12", "14-15"}, gaps[:3])
}

// TestGapOfARestart: a session that begins before a gap waits for it as well.
func TestGapOfARestart(t *testing.T) {
	db, file := database(t)
	insert(t, db, 1)
	insert(t, db, 3)
	a, f := newAccount(), &faults{}
	for range 3 {
		s := process(t, source(faulty(t, file, f), sqlpoll.GapWait(time.Hour)), 4, a.handle)
		a.wait(t, 1)
		polls(t, f, 3)
		stop(t, s)
	}
	insert(t, db, 2)
	process(t, source(db, sqlpoll.GapWait(time.Hour)), 4, a.handle)
	require.Equal(t, []string{"1", "2", "3"}, a.wait(t, 3))
}

// TestRandomGaps: rows become visible in random order, some never, while sessions come and
// go. No row is lost, and rows with the same key are in order.
func TestRandomGaps(t *testing.T) {
	const n = 600
	db, _ := database(t)
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test
	order := make([]int64, n)
	for i := range order {
		order[i] = int64(i + 1)
	}
	for i := range order { // each moves a little
		j := min(n-1, i+r.IntN(8))
		order[i], order[j] = order[j], order[i]
	}
	never := map[int64]bool{}
	for len(never) < n/20 {
		never[1+r.Int64N(n)] = true
	}
	a := newAccount()
	var inserting sync.WaitGroup
	inserting.Go(func() {
		for i, p := range order {
			if never[p] {
				continue
			}
			_, err := db.ExecContext(context.Background(), "INSERT INTO outbox (id, event_key, value) VALUES (?, 'k', ?)", p, []byte(strconv.FormatInt(p, 10)))
			if err != nil {
				t.Error(err)
				return
			}
			if i%50 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
	})
	defer inserting.Wait()
	seen := map[string]bool{}
	for round := 0; len(seen) < n-len(never); round++ {
		// Longer than the inserts of 16 rows take on the slowest machine.
		s := process(t, source(db, sqlpoll.GapWait(time.Second), sqlpoll.BatchSize(1+r.IntN(20))), 4, a.handle, delivery.MaxUncommitted(16))
		if round < 5 {
			a.wait(t, (round+1)*20)
		} else {
			a.wait(t, n-len(never))
			inserting.Wait()
		}
		s.Dispose()
		for _, v := range a.wait(t, 0) {
			seen[v] = true
		}
	}
	last, first := 0, map[string]bool{}
	for _, v := range a.wait(t, 0) {
		if p, err := strconv.Atoi(v); err == nil && !first[v] {
			require.Greater(t, p, last, "out of order")
			last, first[v] = p, true
		}
	}
}
