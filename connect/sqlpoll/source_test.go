package sqlpoll_test

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/sqlpoll"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

func TestInfo(t *testing.T) {
	db, _ := database(t)
	box := sqlpoll.NewOutbox(table)
	require.NoError(t, box.Publish(t.Context(), db,
		sqlpoll.Event{Key: "ada", Value: []byte("1"), Headers: map[string]string{"b": "2", "a": "1"}}, sqlpoll.Event{}))
	run(t, db, "INSERT INTO outbox (headers) VALUES ('no JSON')")
	type seen struct {
		info    delivery.Info
		key     string
		value   []byte
		headers []string
	}
	got := make(chan seen, 3)
	process(t, source(db), 1, func(_ context.Context, d event) error {
		v := seen{info: d.Info(), key: d.Key, value: d.Value}
		for k, h := range v.info.Headers.All() {
			v.headers = append(v.headers, k+"="+h)
		}
		v.info.Headers = delivery.Headers{}
		got <- v
		return nil
	})
	require.Equal(t, seen{
		delivery.Info{Source: table, Position: "1", ID: "1", Epoch: 1},
		"ada", []byte("1"),
		[]string{"a=1", "b=2"},
	}, <-got)
	require.Equal(t, seen{info: delivery.Info{Source: table, Position: "2", ID: "2", Epoch: 1}}, <-got)
	require.Equal(t, []string{"headers=no JSON"}, (<-got).headers)
}

type order struct {
	customer string
	amount   int
}

func scanOrder(r sqlpoll.Row) (o order, err error) {
	err = r.Scan(&o.customer, &o.amount)
	return o, err
}

func orders(t *testing.T) *sql.DB {
	t.Helper()
	db, _ := database(t)
	run(t, db, "CREATE TABLE orders (n INTEGER PRIMARY KEY, customer TEXT, amount)")
	for i, amount := range []any{10, "many", 30} {
		run(t, db, "INSERT INTO orders VALUES (?, 'ada', ?)", i+1, amount)
	}
	return db
}

func rows(db *sql.DB, opts ...sqlpoll.Option) *sqlpoll.Consumer[order] {
	return sqlpoll.Rows(db, "orders", consumer, []string{"customer", "amount"}, scanOrder, append([]sqlpoll.Option{
		sqlpoll.PositionColumn("n"), sqlpoll.KeyColumn("customer"), sqlpoll.CommitOrdered(), sqlpoll.PollEvery(5 * time.Millisecond),
	}, opts...)...)
}

// TestUnscannableStops: the rows before are done, and the row is the first that comes
// again.
func TestUnscannableStops(t *testing.T) {
	db := orders(t)
	a := newAccount()
	handle := func(_ context.Context, d delivery.Delivery[order]) error {
		a.add(d.Key + strconv.Itoa(d.Value.amount))
		return nil
	}
	for range 2 {
		err := delivery.Process(rows(db), 4, handle).Drain(t.Context())
		require.ErrorContains(t, err, "the row at the position 2: ")
		require.Equal(t, []string{"ada10"}, a.wait(t, 1))
	}
	run(t, db, "UPDATE orders SET amount = 20 WHERE n = 2")
	process(t, rows(db), 4, handle)
	require.Equal(t, []string{"ada10", "ada20", "ada30"}, a.wait(t, 3))
}

func TestSkipUnscannable(t *testing.T) {
	db := orders(t)
	a := newAccount()
	var mu sync.Mutex
	var skipped []int64
	skip := sqlpoll.SkipUnscannable(func(position int64, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			skipped = append(skipped, position)
		}
	})
	handle := func(_ context.Context, d delivery.Delivery[order]) error {
		a.add(strconv.Itoa(d.Value.amount))
		return nil
	}
	s := process(t, rows(db, skip), 4, handle)
	require.Equal(t, []string{"10", "30"}, a.wait(t, 2))
	stop(t, s)
	run(t, db, "INSERT INTO orders VALUES (4, 'ada', 40)")
	s = process(t, rows(db, skip), 4, handle)
	require.Equal(t, []string{"10", "30", "40"}, a.wait(t, 3))
	stop(t, s)
	require.Equal(t, []int64{2}, skipped)

	failing := sqlpoll.Rows(db, "orders", "other", []string{"customer"}, func(sqlpoll.Row) (int, error) { return 0, errors.New("no scan") },
		sqlpoll.PositionColumn("n"), sqlpoll.CommitOrdered(), skip)
	s = process(t, failing, 1, func(context.Context, delivery.Delivery[int]) error { return nil })
	require.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(skipped) == 5 }, time.Minute, time.Millisecond)
	stop(t, s)
	require.Equal(t, []int64{2, 1, 2, 3, 4}, skipped)
}

// TestPositionsThatDoNotIncrease: a position that is there twice would lose rows.
func TestPositionsThatDoNotIncrease(t *testing.T) {
	db, _ := database(t)
	run(t, db, "CREATE TABLE orders (n INTEGER, customer TEXT, amount)")
	run(t, db, "INSERT INTO orders VALUES (1, 'ada', 1), (2, 'ada', 2), (2, 'ada', 3)")
	err := delivery.Process(rows(db), 4, func(context.Context, delivery.Delivery[order]) error { return nil }).Drain(t.Context())
	require.ErrorContains(t, err, "the position 2 comes after 2, want unique and increasing positions")
}

func TestStart(t *testing.T) {
	db, _ := database(t)
	add(t, db, numbers(1, 5, 1)...)
	_, err := source(db).Position(t.Context())
	require.Error(t, err)
	for name, v := range map[string]struct {
		opt  sqlpoll.Option
		want string
	}{"after": {sqlpoll.StartAt(3), "4"}, "end": {sqlpoll.StartAtEnd(), "6"}} {
		a := newAccount()
		src := func() *sqlpoll.Consumer[[]byte] {
			return sqlpoll.Source(db, table, name, sqlpoll.CommitOrdered(), sqlpoll.PollEvery(time.Millisecond), v.opt)
		}
		s := process(t, src(), 1, a.handle)
		if name == "end" {
			require.Eventually(t, func() bool { _, err := src().Position(t.Context()); return err == nil }, time.Minute, time.Millisecond)
			add(t, db, numbers(6, 1, 1)...)
		}
		require.Equal(t, v.want, a.wait(t, 1)[0])
		stop(t, s)
	}
}

// TestNotify: a read comes at once, although the poll is far away.
func TestNotify(t *testing.T) {
	db, file := database(t)
	ch := make(chan struct{}, 1)
	a, f := newAccount(), &faults{}
	process(t, source(faulty(t, file, f), sqlpoll.PollEvery(time.Hour), sqlpoll.Notify(ch)), 1, a.handle)
	require.Eventually(t, func() bool { return f.queries.Load() == 2 }, time.Minute, time.Millisecond) // that of Open, and one
	for i := range 3 {
		add(t, db, numbers(i, 1, 1)...)
		ch <- struct{}{}
		a.wait(t, i+1)
	}
	close(ch)
}

// TestDatabaseClosed: it is an end.
func TestDatabaseClosed(t *testing.T) {
	db, file := database(t)
	other := open(t, file)
	a := newAccount()
	add(t, db, numbers(0, 1, 1)...)
	s := process(t, source(other, quiet()), 1, a.handle)
	a.wait(t, 1)
	require.NoError(t, other.Close())
	require.ErrorContains(t, s.Wait(), "database is closed")
}

// TestConsumerDeleted: it is an end, too, and a new session begins at the start.
func TestConsumerDeleted(t *testing.T) {
	db, _ := database(t)
	a := newAccount()
	add(t, db, numbers(0, 1, 1)...)
	s := process(t, source(db, sqlpoll.Lease(2*time.Second)), 1, a.handle)
	a.wait(t, 1)
	run(t, db, "DELETE FROM sqlpoll_positions")
	require.ErrorIs(t, s.Wait(), sql.ErrNoRows)
	process(t, source(db), 1, a.handle)
	require.Equal(t, []string{"0", "0"}, a.wait(t, 2))
}

func TestOpenErrors(t *testing.T) {
	db, _ := database(t)
	scan := func(sqlpoll.Row) (int, error) { return 0, nil }
	for text, src := range map[string]delivery.Source[[]byte]{
		"db is nil":                 source(nil),
		"table: the name is empty":  sqlpoll.Source(db, "", consumer),
		`table: the name is "a\"b"`: sqlpoll.Source(db, `a"b`, consumer),
		"consumer has 0 bytes":      sqlpoll.Source(db, table, ""),
		"option 3 is nil":           source(db, nil),
		"For: the dialect is Dialect(7), want SQLite, PostgreSQL or MySQL": source(db, sqlpoll.For(7)),
		"PositionColumn: the name is empty":                                source(db, sqlpoll.PositionColumn("")),
		"KeyColumn: the name is":                                           source(db, sqlpoll.KeyColumn("?")),
		"ValueColumn: the name is empty":                                   source(db, sqlpoll.ValueColumn("")),
		"Positions: the name is empty":                                     source(db, sqlpoll.Positions("")),
		"PositionsIn: db is nil":                                           source(db, sqlpoll.PositionsIn(nil, sqlpoll.SQLite)),
		"PositionsIn: the dialect is Dialect(-1)":                          source(db, sqlpoll.PositionsIn(db, -1)),
		"StartAt: position is -1, want at least 0":                         source(db, sqlpoll.StartAt(-1)),
		"BatchSize: n is 0, want at least 1":                               source(db, sqlpoll.BatchSize(0)),
		"PollEvery: d is 0s, want at least 1ms":                            source(db, sqlpoll.PollEvery(0)),
		"Notify: ch is nil":                                                source(db, sqlpoll.Notify(nil)),
		"GapWait: d is 0s, want at least 1ms":                              source(db, sqlpoll.GapWait(0)),
		"OnGap: fn is nil":                                                 source(db, sqlpoll.OnGap(nil)),
		"CommitEvery: d is 0s, want at least 1ms":                          source(db, sqlpoll.CommitEvery(0)),
		"Lease: d is 1ms, want at least 30ms":                              source(db, sqlpoll.Lease(time.Millisecond)),
		"Owner: the name has 0 bytes":                                      source(db, sqlpoll.Owner("")),
		"OnError: fn is nil":                                               source(db, sqlpoll.OnError(nil)),
		"SkipUnscannable: tell is nil":                                     source(db, sqlpoll.SkipUnscannable(nil)),
	} {
		_, err := src.Open(t.Context(), delivery.SessionOptions{})
		require.ErrorIs(t, err, tp.ErrInvalidArgument, text)
		require.ErrorContains(t, err, "sqlpoll.Source: "+text)
	}
	for text, src := range map[string]delivery.Source[int]{
		"scan is nil":               sqlpoll.Rows[int](db, table, consumer, []string{"value"}, nil),
		"no columns":                sqlpoll.Rows(db, table, consumer, nil, scan),
		"column: the name is empty": sqlpoll.Rows(db, table, consumer, []string{""}, scan),
	} {
		_, err := src.Open(t.Context(), delivery.SessionOptions{})
		require.ErrorContains(t, err, text)
	}
	for text, src := range map[string]delivery.Source[[]byte]{
		"no such table: nowhere":           sqlpoll.Source(db, "nowhere", consumer),
		"no such column: event_key":        sqlpoll.Source(db, "sqlite_schema", consumer, sqlpoll.PositionColumn("rootpage"), sqlpoll.ValueColumn("sql"), sqlpoll.HeadersColumn("")),
		"no such table: sqlpoll_positions": source(db, sqlpoll.MustExist()),
	} {
		_, err := src.Open(t.Context(), delivery.SessionOptions{})
		require.ErrorContains(t, err, text)
	}
	run(t, db, sqlpoll.Schema(sqlpoll.SQLite, "sqlpoll_positions"))
	require.NoError(t, operators.Take[delivery.Receipt](0)(delivery.Process(source(db, sqlpoll.MustExist()), 1, newAccount().handle)).Drain(t.Context()))
}
