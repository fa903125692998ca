package turbopipes

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Broadcast returns n streams. Each of them emits all items of one run of src. Each
// takes one subscriber; a second one gets [ErrAlreadySubscribed]. src starts when
// all n streams are subscribed to. A stream without a subscriber therefore makes the
// others wait, until their ctx ends.
//
//	in:   -a--b---c-|     n: 2
//	out:  -a--b---c-|
//	and:  -a--b---c-|
//
// Each subscriber has its own queue. [WithQueue], [WithOverflow] and [OnDiscard]
// work as with [Subject]. A subscriber that leaves does not affect the others. The
// last one to leave ends src, and returns when src is reaped. src runs on a
// goroutine of its own, with the values of the ctx of the last subscriber to come.
// When all present subscribers are being stopped gracefully, src is stopped
// gracefully too.
//
// A zero src is an [ErrInvalidArgument] of all n streams. With an n below 1 or above
// 65,536, Broadcast returns one stream, which fails with that error. To emit each
// item to one of several streams, see [Balance]; for subscribers that come and go,
// see [Publish]. It corresponds to Pekko's Broadcast.
func Broadcast[T any](src Observable[T], n int, opts ...QueueOption) []Observable[T] {
	queue, err := hotQueue("Broadcast", opts)
	if outs := failedOutputs(src, "Broadcast", n, err); outs != nil {
		return outs
	}
	s := newShared("Broadcast", src, queue)
	policy := hot.Policy{Min: n, Arrivals: true}
	return outputStreams(n, "Broadcast", func(ctx context.Context, emit func(T) bool) error { return s.Run(ctx, emit, policy) })
}

// Balance returns n streams that share the items of one run of src. One of the
// streams emits each item: in turn, the first one whose queue has room. Each takes
// one subscriber; a second one gets [ErrAlreadySubscribed]. src starts with the
// first subscriber.
//
//	in:   -a--b---c-|     n: 2
//	out:  -a------c-|
//	and:  ----b-----|
//
// When a subscriber leaves, the items in its queue go to the others, before newer
// items. The last one to leave ends src, and returns when src is reaped. A later
// subscriber gets [ErrClosed], or src's end if src had ended before. src runs on a
// goroutine of its own, with the values of the first subscriber's ctx. When all
// present subscribers are being stopped gracefully, src is stopped gracefully too.
//
// When every queue is full, src waits, unless [WithOverflow] sets another strategy:
// [DropNewest] drops the item, [DropOldest] drops the oldest item of the queue whose
// turn it is, and [Fail] ends all streams with an [ErrOverflow], after their queues.
// Drops count for the first subscriber, and [OnDiscard] reports them on src's
// goroutine. Items left when the last subscriber leaves count as that subscriber's
// discards.
//
// A zero src is an [ErrInvalidArgument] of all n streams. With an n below 1 or above
// 65,536, Balance returns one stream, which fails with that error. To emit each item
// to all streams, see [Broadcast]. It corresponds to Pekko's Balance.
func Balance[T any](src Observable[T], n int, opts ...QueueOption) []Observable[T] {
	queue, err := hotQueue("Balance", opts)
	if outs := failedOutputs(src, "Balance", n, err); outs != nil {
		return outs
	}
	return outputStreams(n, "Balance", hot.NewBalance(hotConfig[T]("Balance", queue, nil), src.Push).Run)
}

// mostOutputs bounds n, because all n streams are made at once.
const mostOutputs = 65_536

// failedOutputs returns streams that fail if an argument is bad, else nil.
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

// outputStreams returns n streams with one subscriber each. The subscriber runs run.
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
