package run

import "context"

// Busy is true while a function of the user's works on an item. An operator sets it
// before the call and clears it after: two stores, which cost nothing that can be
// measured.
type Busy bool

// Failed is deferred around the run of the operator: it counts the item as failed
// where the function has panicked or called Goexit.
func (b *Busy) Failed(ctx context.Context) {
	if *b {
		From(ctx).fail(1)
	}
}

// FailedOn is Failed where the item may be a slice that a buffer has made, or where the
// function has several items.
func (b *Busy) FailedOn(ctx context.Context, n int64) {
	if *b {
		From(ctx).fail(n)
	}
}
