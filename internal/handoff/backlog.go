package handoff

import (
	"context"
	"fmt"
)

// Backlog is a Desk with a bounded queue, whose items the caller keeps. Backlog is
// not generic: the compiler makes a generic queue once for each item type.
type Backlog struct {
	*Desk

	name     string
	size     int
	overflow Overflow
	cause    error // of a failure under Fail
	waiting  int   // under the Desk's lock
}

// OpenBacklog opens a Backlog without an upstream. cause is the error that a failure
// under Fail wraps. The caller must defer Close.
func OpenBacklog(ctx context.Context, name string, size int, overflow Overflow, cause error) *Backlog {
	return &Backlog{Desk: OpenDesk(ctx, name), name: name, size: size, overflow: overflow, cause: cause}
}

// Offer stores an item by a call of push, or does what the strategy says if the queue
// is full. shift takes out the oldest item. Both are called under the lock.
//
// If the outcome is Dropped or Overflowed, the oldest item is lost if shift was
// called, and else the item of the call. If the outcome is Refused, nothing was called,
// and nobody takes an item any more.
func (b *Backlog) Offer(push, shift func()) (out Outcome) {
	if !b.Put(func() bool {
		switch {
		case b.waiting < b.size:
			b.waiting++
			push()
		case b.overflow == DropOldest:
			shift()
			push()
			out = Dropped
		case b.overflow == Fail:
			out = Overflowed
		case b.overflow == DropNewest:
			out = Dropped
		default:
			return false
		}
		return true
	}) {
		return Refused
	}
	return out
}

// Failure is the error that the stream ends with after an outcome, or nil.
func (b *Backlog) Failure(out Outcome) error {
	if out != Overflowed {
		return nil
	}
	return fmt.Errorf("%w: %s: downstream is busy", b.cause, b.name)
}

// Taken reports whether an item waits, and counts it as taken. It is called under the
// lock.
func (b *Backlog) Taken() bool {
	if b.waiting == 0 {
		return false
	}
	b.waiting--
	b.Room()
	return true
}
