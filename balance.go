package turbopipes

import "github.com/turbopipes/turbopipes/internal/hot"

// Balance gives n streams that share the items of one run of src: each item comes
// out of one of them, the first one whose queue has room, in turn. Each takes one
// subscriber, a second one gets [ErrAlreadySubscribed]; src starts with the
// first.
//
//	in:   -a--b---c-|     n: 2
//	out:  -a------c-|
//	and:  ----b-----|
//
// What is in the queue of one that leaves goes to the others, before newer items.
// The last one to leave ends src, and returns when that is reaped; who subscribes
// later gets [ErrClosed], or src's end if it had ended before. src runs on a
// goroutine of its own, with the values of the first subscriber's ctx. When all
// that are there are being stopped gracefully, src is.
//
// When every queue is full, src waits, unless [WithOverflow] says otherwise:
// [DropNewest] drops the item, [DropOldest] the oldest in the queue whose turn it
// is, and [Fail] ends all with an [ErrOverflow], behind their queues. Drops count
// for the first subscriber, and are given to [OnDiscard] on src's goroutine; what
// is left when the last one leaves counts as discarded, and for that one.
//
// A zero src is an [ErrInvalidArgument] of all n; an n below 1 or above 65,536
// returns one stream, which fails so. To emit each item to all, see [Broadcast]. It
// corresponds to Pekko's Balance.
func Balance[T any](src Observable[T], n int, opts ...QueueOption) []Observable[T] {
	queue, err := hotQueue("Balance", opts)
	if outs := several(src, "Balance", n, err); outs != nil {
		return outs
	}
	return outputs(n, "Balance", hot.NewBalance(hotConfig[T]("Balance", queue, nil), src.Push).Run)
}
