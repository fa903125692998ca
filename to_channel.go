package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/unhandled"
)

// ToChannel runs o on one goroutine and sends its items on a channel, which is
// closed when o has ended. wait returns when everything is reaped, with the error
// that o ended with. If you stop reading the channel early, you must cancel ctx, or
// the goroutine waits for ever.
//
// The channel has no buffer, unless [WithQueue] sets one. A queue of more than 1,024
// items is in front of the channel instead, and needs memory only for waiting items.
// With [WithOverflow] other than Block, a full queue drops items or fails instead of
// making o wait. When nobody can call wait any more, because wait is garbage, an
// error is logged, as for a [Subscription]. A bad option or a nil ctx is an
// [ErrInvalidArgument], which wait returns. It corresponds to RxGo's Observe.
func (o Observable[T]) ToChannel(ctx context.Context, opts ...QueueOption) (items <-chan T, wait func() error) {
	q, size, bad := channelOptions(ctx, opts)
	if q.Size > size {
		o = queued("ToChannel", o, q)
	}
	ch := make(chan T, size)
	return ch, toChannel(ctx, bad, func() error {
		var hook error
		_, err := consumeEachOr(ctx, "ToChannel", o, q.Discard, func(v T, lost run.Account[T]) bool {
			select {
			case ch <- v:
				return true
			case <-ctx.Done():
				hook = lost.Discard(v)
				return false
			}
		})
		return fault.Join(fault.Settle(ctx, err), hook)
	}, func() { close(ch) })
}

// mostBuffered is the limit for the buffer of a channel, which is allocated at once.
const mostBuffered = 1024

// channelOptions returns the options of ToChannel, the buffer of the channel, and the
// error of a bad argument. If q.Size is greater than the buffer, a queue is in front of
// the channel: it grows, and items can still be dropped.
func channelOptions(ctx context.Context, opts []QueueOption) (q opt.Queue, buffer int, err error) {
	all, bad := opt.Gather(opt.Settings{}, opts)
	if bad == "" && ctx == nil {
		bad = "ctx is nil"
	}
	q = all.Queue
	switch {
	case bad != "":
		return opt.Queue{}, 0, fault.Invalid("ToChannel", bad)
	case q.Overflow == Block && q.Size <= mostBuffered:
		return q, q.Size, nil
	}
	q.Size = max(q.Size, 1)
	return q, 0, nil
}

// toChannel runs send on a goroutine, calls closed after it, and returns the wait of
// ToChannel. If bad is not nil, it does not run send, and wait returns bad. It has
// no type parameter, so it is compiled once, and not for each item type.
func toChannel(ctx context.Context, bad error, send func() error, closed func()) (wait func() error) {
	done := make(chan struct{})
	err := bad
	h := unhandled.NewHandle()
	failure := h.Failure // not h, which becomes garbage together with wait
	end := func(e error) {
		err = e
		failure.Fail(ctx, fault.Strip(ctx, e))
		closed()
		close(done)
	}
	wait = func() error { <-done; h.Failure.Handled(); return err }
	if bad != nil {
		failure.Fail(ctx, bad)
		closed()
		close(done)
		return wait
	}
	// wait joins it. Mark makes it a part of the subscription of ctx.
	go run.From(ctx).Mark(func() { fault.Foot(send, end) })
	return wait
}

// queued returns o with a queue after it, and upstream on a goroutine of its own. It
// does not use the queue of the operators: every item type has ToChannel, so a
// program compiles the code of queued for each item type.
func queued[T any](name string, o Observable[T], q opt.Queue) Observable[T] {
	return observable(func(ctx context.Context, emit func(T) bool) error {
		source := func(ctx context.Context, emit func(T) bool) error {
			return fault.Settle(ctx, queue(handoff.OpenBacklog(ctx, name, q.Size, q.Overflow, ErrOverflow), o, q.Discard, emit))
		}
		if isChecked(ctx) {
			return runStrict(ctx, &inspection{name: name}, source, emit)
		}
		return source(ctx, emit)
	})
}

func queue[T any](q *handoff.Backlog, o Observable[T], discard func(item any), emit func(T) bool) (err error) {
	lost := run.Keep[T](q.Stage(), discard)
	var b backlog[T]
	defer func() { err = fault.Join(err, lost.Discard(b.items[b.head:]...)) }()
	defer q.Close(&err)
	q.Start(func(ctx context.Context) error {
		return o.Push(ctx, func(v T) bool {
			gone := v
			out := q.Offer(func() { push(&b, v) }, func() { gone = shift(&b) })
			switch out {
			case handoff.Stored:
				return true
			case handoff.Refused:
				push(&b, v) // keep v: queue discards it at the end
				return false
			case handoff.Dropped, handoff.Overflowed:
			}
			cause := q.Failure(out)
			return q.Refuse(fault.Join(cause, lost.DropFor(cause, gone)))
		})
	})
	return handoff.Deliver(q.Desk, func() (v T, ok bool) {
		if !q.Taken() {
			return v, false
		}
		return shift(&b), true
	}, emit)
}

// backlog has the items of a queue. Its functions are not methods, because methods
// have wrappers for each item type.
type backlog[T any] struct {
	items []T
	head  int // the items before head were taken
}

//go:noinline
func push[T any](b *backlog[T], v T) {
	if n := len(b.items) - b.head; len(b.items) == cap(b.items) && b.head >= n {
		copy(b.items, b.items[b.head:])
		clear(b.items[n:])
		b.items, b.head = b.items[:n], 0
	}
	b.items = append(b.items, v)
}

//go:noinline
func shift[T any](b *backlog[T]) (v T) {
	v, b.items[b.head] = b.items[b.head], v
	if b.head++; b.head == len(b.items) {
		b.items, b.head = b.items[:0], 0
	}
	return v
}

// Send runs o and sends its items to ch, on the calling goroutine. It returns when o has
// ended and everything that o started has ended too. It returns nil when o has completed,
// o's error, or context.Cause(ctx) when ctx has ended the stream. It does not close ch.
//
// A send that nobody receives waits until ctx is done. The item then counts as discarded. A
// send to a closed channel panics, as in Go: the panic goes through Send after everything
// is reaped. A nil ch or ctx is an [ErrInvalidArgument]. For a channel that ends with the
// stream, see [Observable.ToChannel]. It corresponds to RxGo's Send, which closes the
// channel.
func Send[T any](ctx context.Context, o Observable[T], ch chan<- T) error {
	if ch == nil {
		return fault.Invalid("Send", "ch is nil")
	}
	stopped, err := consumeEachOr(ctx, "Send", o, nil, func(v T, lost run.Account[T]) bool {
		select {
		case ch <- v:
			return true
		case <-ctx.Done():
			return lost.Refuse(v)
		}
	})
	if stopped { // which only the end of ctx does
		return fault.Settle(ctx, err)
	}
	return err
}
