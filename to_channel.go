package turbopipes

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/run"
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
	h := newHandle()
	fails := h.unheard // and not h, which is garbage when wait is
	wait = func() error { <-done; h.unheard.hear(); return err }
	q := opt.Queue{}
	if err = applyQueue("ToChannel", opts, &q); err == nil && ctx == nil {
		err = fault.Invalid("ToChannel", "ctx is nil")
	}
	if err != nil {
		fails.fail(ctx, err)
		close(done)
		ch := make(chan T)
		close(ch)
		return ch, wait
	}
	size := q.Size
	if Overflow(q.Overflow) != Block || size > mostBuffered {
		o = queued("ToChannel", o, q)
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
			fails.fail(ctx, fault.Strip(ctx, e))
			close(ch)
			close(done)
		})
	})
	return ch, wait
}

// queued is o with a queue after it, and upstream on a goroutine of its own.
//
// Every type of items has ToChannel, so that a program compiles for each of them
// whatever queued needs. That is why the queue is not the one of the operators, which
// takes a hundred functions.
func queued[T any](name string, o Observable[T], q opt.Queue) Observable[T] {
	return observable(func(ctx context.Context, emit func(T) bool) error {
		source := func(ctx context.Context, emit func(T) bool) error {
			return fault.Settle(ctx, queue(ctx, name, o, q, emit))
		}
		if isChecked(ctx) {
			return strict(ctx, &inspection{name: name}, source, emit)
		}
		return source(ctx, emit)
	})
}

func queue[T any](ctx context.Context, name string, o Observable[T], q opt.Queue, emit func(T) bool) (err error) {
	d := handoff.OpenDesk(ctx, name)
	lost := run.Keep[T](d.Stage(), q.Discard)
	var b backlog[T]      // the Desk's store
	var refused, fell []T // of upstream's goroutine; fell has the item that found no room, for a moment
	defer func() { err = fault.Join(err, lost.Discard(append(b.items[b.head:], refused...)...)) }()
	defer d.Close(&err)
	store := func(v T) bool {
		if len(b.items)-b.head >= max(q.Size, 1) {
			switch Overflow(q.Overflow) {
			case Block:
				return false
			case DropOldest:
				fell = append(fell, shift(&b))
			case DropNewest, Fail:
				fell = append(fell, v)
				return true
			}
		}
		push(&b, v)
		return true
	}
	d.Start(func(ctx context.Context) error {
		return o.Push(ctx, func(v T) bool {
			if !d.Put(func() bool { return store(v) }) {
				refused = append(refused, v)
				return false
			}
			if len(fell) == 0 {
				return true
			}
			gone := fell[0]
			clear(fell)
			fell = fell[:0]
			if Overflow(q.Overflow) != Fail {
				return d.Refuse(lost.Drop(gone))
			}
			cause := fmt.Errorf("%w: %s: downstream is busy", ErrOverflow, name)
			return d.Refuse(fault.Join(cause, lost.DropFor(cause, gone)))
		})
	})
	return deliver(d, func() (v T, ok bool) {
		if len(b.items) == b.head {
			return v, false
		}
		d.Room()
		return shift(&b), true
	}, emit)
}

// backlog is a queue. Its functions are no methods, since methods have wrappers for
// each type of items.
type backlog[T any] struct {
	items []T
	head  int // items before it were taken
}

func push[T any](b *backlog[T], v T) {
	if n := len(b.items) - b.head; len(b.items) == cap(b.items) && b.head >= n {
		copy(b.items, b.items[b.head:])
		clear(b.items[n:])
		b.items, b.head = b.items[:n], 0
	}
	b.items = append(b.items, v)
}

func shift[T any](b *backlog[T]) (v T) {
	v, b.items[b.head] = b.items[b.head], v
	if b.head++; b.head == len(b.items) {
		b.items, b.head = b.items[:0], 0
	}
	return v
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
