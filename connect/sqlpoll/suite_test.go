package sqlpoll_test

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/turbopipes/turbopipes/connect/sqlpoll"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// crashing is a source whose sessions have a database handle each, which can be made to
// fail as if the process had ended.
type crashing struct {
	open    func() (*sql.DB, *faults)
	dead    *atomic.Pointer[faults] // of the session that runs
	options []sqlpoll.Option
}

func (c crashing) Open(ctx context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	db, f := c.open()
	c.dead.Store(f)
	s, err := source(db, c.options...).Open(ctx, o)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return closing{s, db}, nil
}

type closing struct {
	delivery.Session[[]byte]
	db *sql.DB
}

func (c closing) Close(ctx context.Context, how delivery.End) error {
	return errors.Join(c.Session.Close(ctx, how), c.db.Close())
}

func harness(t *testing.T, opts ...sqlpoll.Option) deliverytest.Harness {
	if file := deliverytest.Address(); file != "" {
		return deliverytest.Harness{Source: source(open(t, file), opts...)}
	}
	db, file := database(t)
	f := &faults{}
	return deliverytest.Harness{
		Publish: func(t testing.TB, events []deliverytest.Event) { add(t, db, events...) },
		Source:  source(faulty(t, file, f), append(opts, sqlpoll.OnError(func(error) {}))...),
		Ordered: true, Exclusive: true,
		Refuse: func(_ testing.TB, on bool) { f.refuse.Store(on) },
		Away:   func(_ testing.TB, away bool) { f.away.Store(away) },
	}
}

// TestStandby: each session has a name of its own, and waits for the lease.
func TestStandby(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness { return harness(t) })
}

// TestOwner: sessions with a fixed name take the lease from each other, and go on at once
// after a crash.
func TestOwner(t *testing.T) {
	opts := []sqlpoll.Option{sqlpoll.Owner("here"), sqlpoll.Lease(5 * time.Second)} // a session notices within a third of that
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		h := harness(t, opts...)
		if deliverytest.Address() != "" {
			return h
		}
		_, file := database(t)
		db := open(t, file)
		dead := &atomic.Pointer[faults]{}
		h.Publish = func(t testing.TB, events []deliverytest.Event) { add(t, db, events...) }
		h.Source = crashing{func() (*sql.DB, *faults) {
			f := &faults{}
			return faulty(t, file, f), f
		}, dead, append(opts, sqlpoll.OnError(func(error) {}))}
		h.Refuse = func(_ testing.TB, on bool) { dead.Load().refuse.Store(on) }
		h.Away = func(_ testing.TB, away bool) { dead.Load().away.Store(away) }
		h.Crash = func(testing.TB) { dead.Load().away.Store(true) }
		h.Address = file
		return h
	})
}
