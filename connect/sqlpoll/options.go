package sqlpoll

import (
	"database/sql"
	"fmt"
	"log/slog"
	"math/bits"
	"time"
)

// The defaults of the options.
const (
	defaultBatch       = 256
	defaultPoll        = 250 * time.Millisecond
	defaultGapWait     = time.Minute
	defaultLease       = 15 * time.Second
	defaultCommitEvery = 50 * time.Millisecond
	defaultUncommitted = 1024
	defaultPositions   = "sqlpoll_positions"
)

// columns are the names of a table's columns. An empty key or headers: there is none.
type columns struct{ position, key, value, headers string }

type options struct {
	dialect Dialect
	columns columns

	positions        string // the table
	positionsDB      *sql.DB
	positionsDialect Dialect
	mustExist        bool
	start            int64
	startAtEnd       bool

	batch       int
	poll        time.Duration
	notify      <-chan struct{}
	gapWait     time.Duration // 0: positions are in the order of commits
	onGap       func(first, last int64)
	commitEvery time.Duration

	lease     time.Duration
	owner     string
	noStandby bool

	onError func(err error)
	skip    func(position int64, err error)
}

// Option is an option of [Source] and of [Rows].
type Option interface{ set(o *options) (bad string) }

// TableOption is an option of [Source], of [Rows], and of [NewOutbox].
type TableOption interface {
	Option
	table()
}

type (
	option      func(*options) (bad string)
	tableOption func(*options) (bad string)
)

func (f option) set(o *options) string      { return f(o) }
func (f tableOption) set(o *options) string { return f(o) }
func (tableOption) table()                  {}

func optionsOf[O Option](c columns, opts []O) (o options, bad string) {
	o = options{
		columns: c, positions: defaultPositions, batch: defaultBatch, poll: defaultPoll, gapWait: defaultGapWait,
		commitEvery: defaultCommitEvery, lease: defaultLease, onGap: func(int64, int64) {},
	}
	for i, opt := range opts {
		if Option(opt) == nil {
			return o, fmt.Sprintf("option %d is nil", i+1)
		}
		if bad := opt.set(&o); bad != "" {
			return o, bad
		}
	}
	if o.positionsDB == nil {
		o.positionsDialect = o.dialect
	}
	return o, ""
}

// logErrors writes the first error of a row of failures, the second, the fourth and so on.
func logErrors(table, consumer string) func(error, int) {
	return func(err error, n int) {
		if bits.OnesCount(uint(n)) == 1 { //nolint:gosec // it is positive
			slog.Warn("sqlpoll: the database is away, or refuses a statement", "table", table, "consumer", consumer, "failures", n, "error", err)
		}
	}
}

// For sets the dialect of the table's database. The default is SQLite. A value that is
// none of the constants is an ErrInvalidArgument.
func For(d Dialect) TableOption {
	return tableOption(func(o *options) string {
		if o.dialect = d; !d.known() {
			return fmt.Sprintf("For: the dialect is %v, want SQLite, PostgreSQL or MySQL", d)
		}
		return ""
	})
}

// PositionColumn sets the column with the positions: integers above 0, unique, indexed,
// and increasing from row to row. The default is "id".
func PositionColumn(name string) TableOption {
	return column("PositionColumn", name, false, func(c *columns) *string { return &c.position })
}

// KeyColumn sets the column with the keys. The default is "event_key" for [Source] and
// [NewOutbox], and none for [Rows]. NULL and an empty name are no key.
func KeyColumn(name string) TableOption {
	return column("KeyColumn", name, true, func(c *columns) *string { return &c.key })
}

// ValueColumn sets the column with the values of [Source] and of [NewOutbox]. The default
// is "value". [Rows] does not use it.
func ValueColumn(name string) TableOption {
	return column("ValueColumn", name, false, func(c *columns) *string { return &c.value })
}

// HeadersColumn sets the column with the headers, which are a JSON object of texts. The
// default is "headers" for [Source] and [NewOutbox], and none for [Rows]. NULL and an
// empty name are no headers.
func HeadersColumn(name string) TableOption {
	return column("HeadersColumn", name, true, func(c *columns) *string { return &c.headers })
}

func column(option, name string, none bool, field func(*columns) *string) TableOption {
	return tableOption(func(o *options) string {
		*field(&o.columns) = name
		if bad := badName(name); bad != "" && (name != "" || !none) {
			return option + ": " + bad
		}
		return ""
	})
}

// Positions sets the table of positions. The default is "sqlpoll_positions". Several
// consumers and several tables share it. Names are case-sensitive, as are those of
// columns; a dot separates a schema from a table.
func Positions(table string) Option {
	return option(func(o *options) string {
		o.positions = table
		if bad := badName(table); bad != "" {
			return "Positions: " + bad
		}
		return ""
	})
}

// PositionsIn puts the table of positions into another database than that of the rows:
// the one in which the effects are. See [Consumer.Advance]. A nil db is an
// ErrInvalidArgument.
func PositionsIn(db *sql.DB, d Dialect) Option {
	return option(func(o *options) string {
		o.positionsDB, o.positionsDialect = db, d
		switch {
		case db == nil:
			return "PositionsIn: db is nil"
		case !d.known():
			return fmt.Sprintf("PositionsIn: the dialect is %v, want SQLite, PostgreSQL or MySQL", d)
		}
		return ""
	})
}

// MustExist makes Open fail if the table of positions does not exist. By default Open
// creates it, as [Schema] says.
func MustExist() Option {
	return option(func(o *options) string { o.mustExist = true; return "" })
}

// StartAt makes a new consumer begin after that position. The default is 0. It has no
// effect on a consumer that exists. A position below 0 is an ErrInvalidArgument.
func StartAt(position int64) Option {
	return option(func(o *options) string {
		if o.start = position; position < 0 {
			return fmt.Sprintf("StartAt: position is %d, want at least 0", position)
		}
		return ""
	})
}

// StartAtEnd makes a new consumer begin after the highest position that Open sees. A
// transaction that is open then and has a lower position is not seen. It has no effect
// on a consumer that exists.
func StartAtEnd() Option {
	return option(func(o *options) string { o.startAtEnd = true; return "" })
}

// BatchSize bounds the rows of one read. They are held in memory. The default is 256. n
// < 1 is an ErrInvalidArgument.
func BatchSize(n int) Option {
	return option(func(o *options) string {
		if o.batch = n; n < 1 {
			return fmt.Sprintf("BatchSize: n is %d, want at least 1", n)
		}
		return ""
	})
}

// PollEvery sets the wait between reads when there were fewer rows than [BatchSize]. The
// default is 250 milliseconds. d < 1 ms is an ErrInvalidArgument.
func PollEvery(d time.Duration) Option {
	return atLeast("PollEvery", d, time.Millisecond, func(o *options) *time.Duration { return &o.poll })
}

// Notify ends the wait of [PollEvery] when ch has an element: after a commit in this
// process, for example, or after a NOTIFY of PostgreSQL. A channel that is closed has no
// effect. A nil channel is an ErrInvalidArgument.
func Notify(ch <-chan struct{}) Option {
	return option(func(o *options) string {
		if o.notify = ch; ch == nil {
			return "Notify: ch is nil"
		}
		return ""
	})
}

// GapWait sets how long a gap in the positions has to be there before the source goes
// past it. The rows after the gap wait meanwhile. Within that time, each transaction must
// have ended that has taken one of the missing positions: a row that appears in a gap
// that was passed is never read. Set it above the longest transaction that inserts, and
// let the database end longer ones (transaction_timeout of PostgreSQL 17).
//
// The time begins when the session sees a row after the gap. All gaps below that row
// share it: a backlog with many gaps waits once. The default is 1 minute. d < 1 ms is an
// ErrInvalidArgument. See [CommitOrdered], too.
func GapWait(d time.Duration) Option {
	return atLeast("GapWait", d, time.Millisecond, func(o *options) *time.Duration { return &o.gapWait })
}

// CommitOrdered says that rows become visible in the order of their positions, so that
// no gap has to be waited for. That is so where one transaction at a time inserts: in
// SQLite with positions that SQLite allocates, or when each transaction takes one lock
// before it inserts, until its end. If it is not so, rows are lost.
func CommitOrdered() Option {
	return option(func(o *options) string { o.gapWait = 0; return "" })
}

// OnGap calls fn for each gap that the source goes past after [GapWait]: no row from
// first to last was there. fn runs on the goroutine of the session. The default does
// nothing, since deleted rows and failed transactions leave gaps. A nil fn is an
// ErrInvalidArgument.
func OnGap(fn func(first, last int64)) Option {
	return option(func(o *options) string {
		if o.onGap = fn; fn == nil {
			return "OnGap: fn is nil"
		}
		return ""
	})
}

// CommitEvery sets how long a position that is done may wait for its commit. The default
// is 50 milliseconds. d < 1 ms is an ErrInvalidArgument.
func CommitEvery(d time.Duration) Option {
	return atLeast("CommitEvery", d, time.Millisecond, func(o *options) *time.Duration { return &o.commitEvery })
}

// Lease sets how long a consumer stays a session's without a sign of life. The session
// sends one each third of that time. Another session takes the consumer when it has seen
// no sign for the time that the holder has set; no clocks are compared. A session that
// can't reach the database for that time ends its tenure: the contexts of its events end
// with [delivery.ErrRevoked], and it begins again after the committed position. The
// default is 15 seconds. d < 30 ms is an ErrInvalidArgument.
func Lease(d time.Duration) Option {
	return atLeast("Lease", d, 30*time.Millisecond, func(o *options) *time.Duration { return &o.lease })
}

// Owner sets a fixed name for the session, for example that of the machine. A session takes
// the consumer from one of the same name at once, so that a process that has crashed
// goes on without a wait for [Lease]. The session from which it was taken ends with
// [delivery.ErrFenced], with its next commit or sign of life: until then, both have
// events. So the name must be that of one session at a time. By default each session has a name of its own. An empty name is
// an ErrInvalidArgument, as is one of more than 200 bytes.
func Owner(name string) Option {
	return option(func(o *options) string {
		if o.owner = name; name == "" || len(name) > 200 {
			return fmt.Sprintf("Owner: the name has %d bytes, want 1 to 200", len(name))
		}
		return ""
	})
}

// NoStandby ends a session with [delivery.ErrFenced] when another session has the
// consumer, as soon as the other session has shown a sign of life. By default the session waits
// until the consumer is free.
func NoStandby() Option {
	return option(func(o *options) string { o.noStandby = true; return "" })
}

// OnError calls fn for each error of the database after Open: the session goes on, and
// tries again. fn may run on several goroutines at once. The default writes warnings to
// slog, fewer and fewer while the errors go on. A nil fn is an ErrInvalidArgument.
func OnError(fn func(err error)) Option {
	return option(func(o *options) string {
		if o.onError = fn; fn == nil {
			return "OnError: fn is nil"
		}
		return ""
	})
}

// SkipUnscannable lets a source go past a row for which scan has returned an error, and
// calls tell: a loss that you choose. tell runs on the goroutine of the session. By
// default the stream fails at such a row, after all rows before it were emitted, and the
// row is the first that comes again. A nil tell is an ErrInvalidArgument.
func SkipUnscannable(tell func(position int64, err error)) Option {
	return option(func(o *options) string {
		if o.skip = tell; tell == nil {
			return "SkipUnscannable: tell is nil"
		}
		return ""
	})
}

func atLeast(name string, d, least time.Duration, field func(*options) *time.Duration) Option {
	return option(func(o *options) string {
		if *field(o) = d; d < least {
			return fmt.Sprintf("%s: d is %v, want at least %v", name, d, least)
		}
		return ""
	})
}
