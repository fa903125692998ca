package operators

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

var errSwitched = errors.New("turbopipes: a newer item came")

// newestItem is the slot between the upstream of a SwitchMap and its inner streams.
// A turn is the number of an item.
type newestItem[T any] struct {
	news chan struct{} // cap 1: a field below has changed

	mu      sync.Mutex // guards the fields below; held for a few assignments only
	item    T
	waiting bool
	turn    atomic.Uint64 // of the newest item; changed under the lock
	closed  bool
	cancel  context.CancelCauseFunc // of the running inner stream
}

func newSwitch[T any]() *newestItem[T] { return &newestItem[T]{news: make(chan struct{}, 1)} }

func (n *newestItem[T]) tell() {
	select {
	case n.news <- struct{}{}:
	default:
	}
}

// put stores v. If an item waits, v replaces it, and put returns it as old.
func (n *newestItem[T]) put(v T) (old T, replaced bool) {
	n.mu.Lock()
	old, replaced = n.item, n.waiting
	n.item, n.waiting = v, true
	n.turn.Add(1)
	cancel := n.cancel
	n.mu.Unlock()
	if cancel != nil {
		cancel(errSwitched)
	}
	n.tell()
	return old, replaced
}

// close notes that no more items will come.
func (n *newestItem[T]) close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.tell()
}

// next waits for an item. ok is false at the end, and when ctx is done.
func (n *newestItem[T]) next(ctx context.Context) (v T, turn uint64, ok bool) {
	for ctx.Err() == nil {
		n.mu.Lock()
		if n.waiting {
			v, n.item, n.waiting = n.item, v, false
			turn = n.turn.Load()
			n.mu.Unlock()
			return v, turn, true
		}
		closed := n.closed
		n.mu.Unlock()
		if closed {
			break
		}
		select {
		case <-n.news:
		case <-ctx.Done():
		}
	}
	return v, 0, false
}

// running stores cancel, which ends the inner stream of turn. If a newer item is
// there already, running calls it at once.
func (n *newestItem[T]) running(turn uint64, cancel context.CancelCauseFunc) {
	n.mu.Lock()
	n.cancel = cancel
	late := n.turn.Load() != turn
	n.mu.Unlock()
	if late {
		cancel(errSwitched)
	}
}

// is reports whether turn is the turn of the newest item.
func (n *newestItem[T]) is(turn uint64) bool { return n.turn.Load() == turn }

// left takes the waiting item, if there is one.
func (n *newestItem[T]) left() []T {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.waiting {
		return nil
	}
	n.waiting = false
	return []T{n.item}
}
