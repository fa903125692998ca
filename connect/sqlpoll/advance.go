package sqlpoll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/turbopipes/turbopipes/delivery"
)

// Tx is a transaction: a *sql.Tx, or what wraps one.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// ErrApplied is for an event whose effect is stored already.
var ErrApplied = errors.New("sqlpoll: the transaction of this event was committed before")

// Advance moves the position of the consumer past an event in tx, in which the effect of
// the event is, too. So the effect is there exactly once: a transaction that is not
// committed leaves the event, and one that is committed leaves no event that could come
// again. The table of positions has to be in the database of tx: see [PositionsIn].
//
// The function of [delivery.Process], with n = 1, gets the info from its delivery, calls
// Advance as the last statement of the transaction, commits, and returns nil. It returns
// nil after an [ErrApplied], too, and rolls tx back: a commit whose answer was lost has
// succeeded. After any other error roll tx back, and return the error.
//
// Advance returns [delivery.ErrFenced] when another session has the consumer. It returns
// an error when an earlier event is not done: the position would pass over the earlier
// event.
// A session sends signs of life in transactions of its own, which wait for tx: keep tx
// shorter than [Lease].
func (c *Consumer[T]) Advance(ctx context.Context, tx Tx, info delivery.Info) error {
	position, err := strconv.ParseInt(info.Position, 10, 64)
	if err != nil || info.Source != c.table {
		return delivery.Permanent(fmt.Errorf("sqlpoll: Advance: the event is %v, want one of %q", info, c.table))
	}
	c.mu.Lock()
	t := c.tenures[info.Epoch]
	c.mu.Unlock()
	if t == nil || t.tenure.Context().Err() != nil {
		return fmt.Errorf("sqlpoll: Advance: %v: %w", info, delivery.ErrFenced)
	}
	if !t.oldest(position) {
		return fmt.Errorf("sqlpoll: Advance: %v is not the oldest open event, want n = 1 and one transaction for each event", info)
	}
	l := &c.lease
	r, err := tx.ExecContext(ctx, l.advance, position, l.consumer, l.stream, t.epoch, t.owner, position)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err != nil || n > 0 {
		return err
	}
	// The position is there already, or the lease is lost.
	r, err = tx.ExecContext(ctx, l.renew, l.consumer, l.stream, t.epoch, t.owner)
	if err != nil {
		return err
	}
	switch n, err := r.RowsAffected(); {
	case err != nil:
		return err
	case n > 0:
		return ErrApplied
	}
	return fmt.Errorf("sqlpoll: Advance: %v: %w", info, delivery.ErrFenced)
}
