package sqlpoll_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite" // the driver

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/sqlpoll"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

func TestMain(m *testing.M) {
	if worker() {
		return
	}
	goleak.VerifyTestMain(m)
}

const (
	table    = "outbox"
	consumer = "billing"
)

type event = delivery.Delivery[[]byte]

// dsn opens a file: transactions that begin take the lock for writing, and wait for it.
func dsn(file string) string {
	return "file:" + file + "?_txlock=immediate&_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)"
}

func open(t testing.TB, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(file))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// database returns one with an outbox, and its file.
func database(t testing.TB) (*sql.DB, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "db")
	db := open(t, file)
	schema, err := sqlpoll.NewOutbox(table).Schema()
	require.NoError(t, err)
	run(t, db, schema)
	return db, file
}

func run(t testing.TB, db sqlpoll.Tx, query string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(context.Background(), query, args...)
	require.NoError(t, err)
}

// add adds events in one transaction.
func add(t testing.TB, db *sql.DB, events ...deliverytest.Event) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	for _, e := range events {
		require.NoError(t, sqlpoll.NewOutbox(table).Publish(t.Context(), tx, sqlpoll.Event{Key: e.Key, Value: e.Value}))
	}
	require.NoError(t, tx.Commit())
}

// numbers are events with the numbers from from on as values, and keys in turn.
func numbers(from, n, keys int) []deliverytest.Event {
	events := make([]deliverytest.Event, n)
	for i := range events {
		events[i] = deliverytest.Event{Key: "k" + strconv.Itoa((from+i)%keys), Value: []byte(strconv.Itoa(from + i))}
	}
	return events
}

// source is that of a test: short waits, and SQLite allocates the positions.
func source(db *sql.DB, opts ...sqlpoll.Option) *sqlpoll.Consumer[[]byte] {
	return sqlpoll.Source(db, table, consumer, append([]sqlpoll.Option{sqlpoll.PollEvery(5 * time.Millisecond), sqlpoll.CommitOrdered()}, opts...)...)
}

// account has the values of events, in the order in which they have come.
type account struct {
	mu   sync.Mutex
	all  []string
	news chan struct{}
}

func newAccount() *account { return &account{news: make(chan struct{}, 1)} }

func (a *account) add(v string) {
	a.mu.Lock()
	a.all = append(a.all, v)
	a.mu.Unlock()
	select {
	case a.news <- struct{}{}:
	default:
	}
}

func (a *account) handle(_ context.Context, d event) error {
	a.add(string(d.Value))
	return nil
}

// wait waits for n values, and returns all.
func (a *account) wait(t testing.TB, n int) []string {
	t.Helper()
	late := time.After(time.Minute)
	for {
		a.mu.Lock()
		all := a.all[:len(a.all):len(a.all)]
		a.mu.Unlock()
		if len(all) >= n {
			return all
		}
		select {
		case <-a.news:
		case <-late:
			require.FailNow(t, "events are missing", "%d of %d", len(all), n)
		}
	}
}

// process starts a pipeline that is disposed of in the end.
func process[T any](t testing.TB, src delivery.Source[T], n int, fn func(context.Context, delivery.Delivery[T]) error, opts ...delivery.Option) *tp.Subscription {
	t.Helper()
	s := delivery.Process(src, n, fn, opts...).Subscribe(context.Background(), tp.Observer[delivery.Receipt]{Error: func(error) {}})
	t.Cleanup(s.Dispose)
	return s
}

func stop(t testing.TB, s *tp.Subscription) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(t, s.Stop(ctx))
}

// faults are those of a database.
type faults struct {
	away    atomic.Bool  // nothing works
	refuse  atomic.Bool  // no commits of positions
	silent  atomic.Bool  // no changes of the lease
	queries atomic.Int64 // reads of rows

	onCommit func() error // called after a statement with a position has succeeded
}

var (
	errAway    = errors.New("the database is away")
	errRefused = errors.New("refused")
)

// faulty opens a file with faults.
func faulty(t testing.TB, file string, f *faults) *sql.DB {
	t.Helper()
	db := sql.OpenDB(connector{open(t, file).Driver(), dsn(file), f})
	t.Cleanup(func() { _ = db.Close() })
	return db
}

type connector struct {
	driver driver.Driver
	dsn    string
	*faults
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	if c.away.Load() {
		return nil, errAway
	}
	inner, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return conn{inner.(full), c.faults}, nil
}

// full is what a connection of SQLite can do.
type full interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

type conn struct {
	full
	*faults
}

func (c conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	position := strings.Contains(query, "position = ")
	switch {
	case c.away.Load():
		return nil, errAway
	case position && c.refuse.Load(), strings.HasPrefix(query, "UPDATE") && c.silent.Load():
		return nil, errRefused
	}
	r, err := c.full.ExecContext(ctx, query, args)
	if err == nil && position && c.onCommit != nil {
		err = c.onCommit()
	}
	return r, err
}

func (c conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.away.Load() {
		return nil, errAway
	}
	if strings.Contains(query, "ORDER BY") {
		c.queries.Add(1)
	}
	return c.full.QueryContext(ctx, query, args)
}
