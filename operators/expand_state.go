package operators

import "github.com/turbopipes/turbopipes/internal/ring"

// expandState knows how many inner streams of an Expand run, and which items wait for
// theirs.
type expandState[T any] struct {
	most, mostWaiting int // most < 0: no limit
	running           int
	waiting           ring.Ring[T]
	lo, hi            uint64
}

// full reports whether no further item can wait.
func (e *expandState[T]) full() bool { return e.hi-e.lo >= uint64(e.mostWaiting) } //nolint:gosec // not negative

// item is called for an item that was emitted. begins reports whether its stream
// begins now. ok is false when the item would have to wait and can't.
func (e *expandState[T]) item(v T) (begins, ok bool) {
	switch {
	case e.most < 0 || e.running < e.most:
		e.running++
		return true, true
	case e.full():
		return false, false
	}
	e.waiting.Grow(e.lo, e.hi)
	*e.waiting.At(e.hi) = v
	e.hi++
	return false, true
}

// next is called when a stream has ended. It returns the item whose stream begins
// now.
func (e *expandState[T]) next() (next T, ok bool) {
	if e.lo == e.hi {
		e.running--
		return next, false
	}
	next = e.waiting.Take(e.lo)
	e.lo++
	return next, true
}

// forget removes the items that wait: their streams will not begin. The items have
// been emitted, so they are not lost.
func (e *expandState[T]) forget() { e.waiting, e.lo, e.hi = ring.Ring[T]{}, 0, 0 }
