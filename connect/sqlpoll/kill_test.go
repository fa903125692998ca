package sqlpoll_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/connect/sqlpoll"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// The worker processes of the test.
const (
	workerEnv      = "SQLPOLL_WORKER" // the mode and the file
	maxUncommitted = 256
)

// number is that of an environment variable.
func number(env string, otherwise int) int {
	n, err := strconv.Atoi(os.Getenv(env))
	if err != nil {
		return otherwise
	}
	return n
}

// worker runs this process as a worker, if it was started as one.
func worker() bool {
	mode, file, ok := strings.Cut(os.Getenv(workerEnv), " ")
	if !ok {
		return false
	}
	fmt.Fprintln(os.Stderr, "the worker has ended:", work(mode, file))
	return true
}

func work(mode, file string) error {
	db, err := sql.Open("sqlite", dsn(file))
	if err != nil {
		return err
	}
	src := source(db, sqlpoll.Owner("worker"))
	n := 64
	fn := once(db)
	if mode == "advance" { // the table has no ids: the position is with the effect
		n, fn = 1, effects(db, func() *sqlpoll.Consumer[[]byte] { return src }, (*sql.Tx).Commit)
	}
	return delivery.Process(src, n, func(ctx context.Context, d event) error {
		if rand.IntN(20) == 0 {
			time.Sleep(time.Duration(rand.IntN(4)) * time.Millisecond)
		}
		switch n, err := strconv.Atoi(string(d.Value)); {
		case err != nil || n%97 == 13:
			return delivery.Permanent(errors.New("hopeless"))
		case rand.IntN(50) == 0:
			return errors.New("now and then")
		}
		return fn(ctx, d)
	},
		delivery.MaxUncommitted(maxUncommitted),
		delivery.Retry(20, operators.Constant(time.Millisecond)),
		delivery.DeadLetter(sqlpoll.NewOutbox("dead").DeadLetter(db)),
	).Drain(context.Background())
}

// once has the effect with the id of its event. An effect that is there is repeated.
func once(db *sql.DB) func(context.Context, event) error {
	return func(ctx context.Context, d event) error {
		r, err := db.ExecContext(ctx, "INSERT OR IGNORE INTO effects (id, value) VALUES (?, ?)", d.Info().ID, string(d.Value))
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 1 {
			return err
		}
		_, err = db.ExecContext(ctx, "INSERT INTO repeated VALUES (?)", d.Info().ID)
		return err
	}
}

// TestSIGKILL kills worker processes while they consume, and checks the effects.
// SQLPOLL_KILLS is how often, with 1000 events for each kill.
func TestSIGKILL(t *testing.T) {
	kills := number("SQLPOLL_KILLS", 2)
	for _, mode := range []string{"ids", "advance"} {
		t.Run(mode, func(t *testing.T) { sigkill(t, mode, kills, 1000*kills) })
	}
}

func sigkill(t *testing.T, mode string, kills, n int) {
	const keys = 100
	db, file := database(t)
	run(t, db, "CREATE TABLE effects (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, value TEXT)")
	run(t, db, "CREATE TABLE repeated (id TEXT)")
	schema, err := sqlpoll.NewOutbox("dead").Schema()
	require.NoError(t, err)
	run(t, db, schema)
	add(t, db, numbers(0, n, keys)...)
	dead, begin := (n-13+96)/97, time.Now()
	for round := range kills + 1 {
		child := exec.Command(os.Args[0]) //nolint:gosec // this binary
		child.Env = append(os.Environ(), workerEnv+"="+mode+" "+file)
		child.Stderr = os.Stderr
		require.NoError(t, child.Start())
		want := (round + 1) * (n - dead) / (kills + 1)
		ok := false
		for late := time.Now().Add(time.Minute); !ok && time.Now().Before(late); time.Sleep(2 * time.Millisecond) {
			ok = count(t, db, "effects") >= want && (round < kills || committedTo(t, db, int64(n)))
		}
		require.NoError(t, child.Process.Kill())
		_ = child.Wait() // it was killed
		require.True(t, ok, "events are missing: %d of %d", count(t, db, "effects"), want)
	}
	last, seen, disorder := map[int]int{}, map[string]bool{}, 0
	all := values(t, db)
	for _, v := range all {
		i, err := strconv.Atoi(v)
		require.NoError(t, err)
		if before, ok := last[i%keys]; ok && i < before {
			disorder++
		}
		last[i%keys], seen[v] = i, true
	}
	letters := count(t, db, "(SELECT DISTINCT value FROM dead)")
	t.Logf("%s: %d events, %d kills, %.1f s: lost %d, twice %d, out of order %d, dead letters %d and %d again, repeated and ignored %d",
		mode, n, kills, time.Since(begin).Seconds(), n-dead-len(seen), len(all)-len(seen), disorder,
		letters, count(t, db, "dead")-letters, count(t, db, "repeated"))
	require.Len(t, seen, n-dead, "lost")
	require.Len(t, all, n-dead, "twice")
	require.Zero(t, disorder)
	require.Equal(t, dead, letters)
	require.LessOrEqual(t, count(t, db, "repeated"), (kills+1)*maxUncommitted)
}

func committedTo(t *testing.T, db *sql.DB, n int64) bool {
	t.Helper()
	p, err := source(db).Position(t.Context())
	return err == nil && p == n
}
