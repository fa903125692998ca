package operators

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/run"
)

// DelayWhen emits each item when the stream that fn makes of it emits.
//
//	in:    a-b-|
//	inner: --x   of each item
//	out:   --a-(b|)
//
// Emits when the stream of an item emits its first item, at which it is stopped:
// in the order in which that happens. Drops an item whose stream completes without
// one. Fails when upstream or one of the streams fails: the others are cancelled
// and reaped first. Completes when upstream has and no item waits. A graceful stop
// lets the streams that run come to their own end.
//
// Backpressure: upstream waits, with one item, while as many items wait as
// [turbopipes.WithQueue] says, 256 without it; an item waits until downstream has
// taken it and its stream has unwound. [turbopipes.WithOverflow] may drop or refuse
// the arriving item instead. What is dropped so, and what is left at an early end,
// is counted and given to [OnDiscard]. Memory: the items that wait. Goroutines: one
// for upstream and one for each item that waits, joined before it ends; fn runs on
// upstream's.
//
// A nil fn, a bad option, and the strategy DropOldest, which would have to wait for
// a stream to unwind, are an ErrInvalidArgument. For the same time for all see
// [Delay]. It corresponds to RxJS's delayWhen; Reactor's delayUntil and Pekko's
// delayWith keep the order, and the former waits for the stream's end.
func DelayWhen[T, N any](fn func(v T) turbopipes.Observable[N], opts ...turbopipes.QueueOption) turbopipes.Operator[T, T] {
	o, bad := queueOptions(opts)
	switch {
	case fn == nil:
		return turbopipes.Invalid[T, T]("DelayWhen", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("DelayWhen", bad)
	case handoff.Full(o.Overflow) == handoff.DropOldest:
		return turbopipes.Invalid[T, T]("DelayWhen", "DropOldest is no strategy of it")
	}
	return turbopipes.Lift("DelayWhen", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		w := waiters[T]{full: handoff.Full(o.Overflow), discard: opt.Of[T](o.Discard), free: newSlots(o.Size)}
		w.fan = handoff.OpenFan[*waiter[T]](ctx, "DelayWhen", o.Size)
		stopped := false
		defer func() { w.close(&err, stopped || ctx.Err() != nil) }()
		w.fan.Run(func(ctx context.Context) error {
			shielded := turbopipes.Shield(ctx)
			return in.Push(ctx, func(v T) bool {
				if !w.admit(ctx, v) {
					return w.refusal == nil && ctx.Err() == nil
				}
				inner := fn(v)
				w.wait(v, func(first func() bool) error {
					return inner.Push(shielded, func(N) bool { return first() })
				})
				return ctx.Err() == nil
			})
		})
		w.fan.Loop(func(item *waiter[T]) bool {
			item.half(w.free)
			stopped = !emit(item.v)
			return !stopped
		})
		return nil
	})
}

// waiters are the items of one DelayWhen that wait.
type waiters[T any] struct {
	fan     *handoff.Fan[*waiter[T]]
	full    handoff.Full
	discard func(T)
	free    slots
	refusal error // why upstream was refused; of its goroutine

	mu   sync.Mutex // guards left, for an assignment
	left []T
}

// waiter is one of them.
type waiter[T any] struct {
	v      T
	halved atomic.Bool
}

// half is called when the item was taken, and when its stream has ended: then its
// slot is free.
func (w *waiter[T]) half(free slots) {
	if w.halved.Swap(true) {
		free.release()
	}
}

// admit tells whether there is room for v, or is once it has waited. It runs on
// upstream's goroutine.
func (w *waiters[T]) admit(ctx context.Context, v T) bool {
	if w.full == handoff.Block {
		return w.free.take(ctx) && ctx.Err() == nil
	}
	select {
	case w.free <- struct{}{}:
		return ctx.Err() == nil
	default:
	}
	if w.full == handoff.Fail {
		w.refusal = errFull("DelayWhen")
	}
	w.refusal = fault.Join(w.refusal, run.Fell(w.fan.Record(), w.discard, v))
	return false
}

// wait lets v wait for its stream, which push runs until first is called, that
// being its first item.
func (w *waiters[T]) wait(v T, push func(first func() bool) error) {
	item := &waiter[T]{v: v}
	stored := false
	w.fan.Add(func(_ context.Context, put func(*waiter[T]) bool) (err error) {
		empty := false
		defer func() { // also of a panic
			if !stored && !empty {
				w.lose(v)
			}
		}()
		fired := false
		err = push(func() bool {
			fired, stored = true, put(item)
			return false
		})
		empty = err == nil && !fired
		return err
	}, func() {
		if stored {
			item.half(w.free)
		} else {
			w.free.release()
		}
	})
}

func (w *waiters[T]) lose(v T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = append(w.left, v)
}

// close joins, accounts, and tells of a refusal of upstream, behind the items that
// waited, unless the stream was ended early.
func (w *waiters[T]) close(err *error, early bool) {
	var discard func(*waiter[T])
	if w.discard != nil {
		discard = func(item *waiter[T]) { w.discard(item.v) }
	}
	w.fan.Close(err, discard)
	*err = fault.Join(*err, run.Lost(w.fan.Record(), w.discard, w.left...))
	if *err == nil && !early {
		*err = w.refusal
	}
}
