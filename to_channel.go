package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/unhandled"
)

// ToChannel runs o on one goroutine and sends what it emits on a channel, which
// is closed when o has ended. wait returns when everything is reaped, and gives
// the error that o ended with. Who stops reading the channel early must cancel
// ctx, or the goroutine waits for ever.
//
// The channel has no buffer, unless [WithQueue] gives it one. A queue of more than
// 1,024 items is in front of the channel instead, and takes room only for what
// waits in it. With [WithOverflow] other than Block, a full queue drops or fails
// instead of holding o. An error that nobody can ask wait for any more, since wait is
// garbage, is logged as one of a [Subscription] is. A bad option or a nil ctx is an
// [ErrInvalidArgument], which wait returns. It corresponds to RxGo's Observe.
func (o Observable[T]) ToChannel(ctx context.Context, opts ...QueueOption) (items <-chan T, wait func() error) {
	done := make(chan struct{})
	var err error
	h := unhandled.NewHandle()
	failure := h.Failure // and not h, which is garbage when wait is
	wait = func() error { <-done; h.Failure.Handled(); return err }
	q, bad := opt.Gather(opt.Settings{}, opts)
	if bad == "" && ctx == nil {
		bad = "ctx is nil"
	}
	if bad != "" {
		err = fault.Invalid("ToChannel", bad)
	}
	if err != nil {
		failure.Fail(ctx, err)
		close(done)
		ch := make(chan T)
		close(ch)
		return ch, wait
	}
	size := q.Size
	if q.Overflow != Block || size > mostBuffered {
		o = queued("ToChannel", o, q.Queue)
		size = 0 // the queue is in front of the channel: it grows, and items can still be dropped
	}
	ch := make(chan T, size)
	send := func() error {
		var hook error
		_, err := eachOr(ctx, "ToChannel", o, q.Discard, func(v T, lost run.Account[T]) bool {
			select {
			case ch <- v:
				return true
			case <-ctx.Done():
				hook = lost.Discard(v)
				return false
			}
		})
		return fault.Join(fault.Settle(ctx, err), hook)
	}
	// Joined by wait, and known as part of the subscription that ctx is of.
	go run.From(ctx).Mark(func() {
		fault.Foot(send, func(e error) {
			err = e
			failure.Fail(ctx, fault.Strip(ctx, e))
			close(ch)
			close(done)
		})
	})
	return ch, wait
}

// queued is o behind a queue, with upstream on a goroutine of its own.
func queued[T any](name string, o Observable[T], q opt.Queue) Observable[T] {
	hooks := run.Hooks[T]{Each: q.Discard}
	return Lift(own.Mark+name, func(ctx context.Context, in Observable[T], emit func(T) bool) error {
		return handoff.Decouple(ctx, name, max(q.Size, 1), q.Overflow, hooks, ErrOverflow, in.Push, emit)
	})(o)
}

// mostBuffered bounds the buffer of a channel, which is allocated at once.
const mostBuffered = 1024

// Send runs o and sends what it emits to ch, on the calling goroutine. It returns
// when o has ended and everything that it started has, too: nil when o has
// completed, o's error, or context.Cause(ctx) when ctx has ended it. It does not
// close ch.
//
// A send that nobody receives waits until ctx is done; that item counts as
// discarded. A send to a closed channel panics, as Go's does: the panic goes
// through Send once all is reaped. A nil ch or ctx is an [ErrInvalidArgument]. For
// a channel that ends with the stream, see [Observable.ToChannel]. It corresponds
// to RxGo's Send, which closes the channel.
func Send[T any](ctx context.Context, o Observable[T], ch chan<- T) error {
	if ch == nil {
		return fault.Invalid("Send", "ch is nil")
	}
	stopped, err := eachOr(ctx, "Send", o, nil, func(v T, lost run.Account[T]) bool {
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
