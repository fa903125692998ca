package turbopipes

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Broadcast gives n streams each of which has all items of one run of src. Each
// takes one subscriber, a second one gets [ErrAlreadySubscribed]; src starts when
// all n are subscribed, so one that never is keeps the others waiting until their
// ctx ends.
//
//	in:   -a--b---c-|     n: 2
//	out:  -a--b---c-|
//	and:  -a--b---c-|
//
// Each subscriber has a queue of its own; [WithQueue], [WithOverflow] and
// [OnDiscard] are as with [Subject]. One that leaves goes without a trace for the
// others; the last one to leave ends src, and returns when that is reaped. src
// runs on a goroutine of its own, with the values of the ctx of who subscribed
// last. When all that are there are being stopped gracefully, src is.
//
// A zero src is an [ErrInvalidArgument] of all n; an n below 1 or above 65,536
// returns one stream, which fails so. To emit each item to one of several, see
// [Balance]; for subscribers that come and go, [Publish]. It corresponds to Pekko's
// Broadcast.
func Broadcast[T any](src Observable[T], n int, opts ...QueueOption) []Observable[T] {
	queue, err := hotQueue("Broadcast", opts)
	if outs := failedOutputs(src, "Broadcast", n, err); outs != nil {
		return outs
	}
	s := newShared("Broadcast", src, queue)
	policy := hot.Policy{Min: n, Arrivals: true}
	return outputStreams(n, "Broadcast", func(ctx context.Context, emit func(T) bool) error { return s.Run(ctx, emit, policy) })
}

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
	if outs := failedOutputs(src, "Balance", n, err); outs != nil {
		return outs
	}
	return outputStreams(n, "Balance", hot.NewBalance(hotConfig[T]("Balance", queue, nil), src.Push).Run)
}

// mostOutputs bounds n, since all n streams are made at once.
const mostOutputs = 65_536

// failedOutputs gives streams that fail where an argument is bad, else nil.
func failedOutputs[T any](src Observable[T], name string, n int, err error) []Observable[T] {
	switch {
	case n < 1:
		return []Observable[T]{failing[T](fault.Invalid(name, opt.TooSmall("n", n, 1)))}
	case n > mostOutputs:
		return []Observable[T]{failing[T](fault.Invalid(name, fmt.Sprintf("n is %d, want at most %d", n, mostOutputs)))}
	case src.IsZero():
		err = fault.Invalid(name, "src is the zero Observable")
	}
	if err == nil {
		return nil
	}
	outs := make([]Observable[T], n)
	for i := range outs {
		outs[i] = failing[T](err)
	}
	return outs
}

// outputStreams are n streams with one subscriber each, which runs run.
func outputStreams[T any](n int, name string, run Source[T]) []Observable[T] {
	outs := make([]Observable[T], n)
	for i := range outs {
		taken := new(atomic.Bool)
		outs[i] = compound(func(ctx context.Context, emit func(T) bool) error {
			switch {
			case stopping(ctx):
				return nil
			case taken.Swap(true):
				return fmt.Errorf("%w: %s", ErrAlreadySubscribed, name)
			}
			return run(ctx, emit)
		})
	}
	return outs
}
