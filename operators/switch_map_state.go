package operators

import (
	"context"
	"errors"
	"sync"
)

var errSwitched = errors.New("turbopipes: a newer item came")

// newestItem is the slot between the upstream of a SwitchMap and its inner
// streams. A turn is the number of an item.
type newestItem[T any] struct {
	news chan struct{} // cap 1: something below has changed

	mu      sync.Mutex // guards all below, for a few assignments
	item    T
	waiting bool
	turn    uint64 // of the newest item
	closed  bool
	cancel  context.CancelCauseFunc // of the inner stream that runs
}

func newSwitch[T any]() *newestItem[T] { return &newestItem[T]{news: make(chan struct{}, 1)} }

func (n *newestItem[T]) tell() {
	select {
	case n.news <- struct{}{}:
	default:
	}
}

// accept is upstream's emit: it never waits.
func (n *newestItem[T]) accept(v T) bool {
	n.mu.Lock()
	n.item, n.waiting = v, true
	n.turn++
	cancel := n.cancel
	n.mu.Unlock()
	if cancel != nil {
		cancel(errSwitched)
	}
	n.tell()
	return true
}

// close tells that no item will come.
func (n *newestItem[T]) close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.tell()
}

// next waits for an item; ok is false at the end, and when ctx is done.
func (n *newestItem[T]) next(ctx context.Context) (v T, turn uint64, ok bool) {
	for ctx.Err() == nil {
		n.mu.Lock()
		if n.waiting {
			v, n.item, n.waiting = n.item, v, false
			turn = n.turn
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

// running notes how to end the inner stream of turn, and ends it at once if a
// newer item is there already.
func (n *newestItem[T]) running(turn uint64, cancel context.CancelCauseFunc) {
	n.mu.Lock()
	n.cancel = cancel
	late := n.turn != turn
	n.mu.Unlock()
	if late {
		cancel(errSwitched)
	}
}

// is tells whether turn is that of the newest item.
func (n *newestItem[T]) is(turn uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.turn == turn
}

// left is the number of items that wait.
func (n *newestItem[T]) left() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting {
		return 1
	}
	return 0
}
