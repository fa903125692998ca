package operators

import (
	"context"
	"sync/atomic"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// DelayWhen emits each item when the stream that fn makes of that item emits.
//
//	in:    a-b-|
//	inner: --x   of each item
//	out:   --a-(b|)
//
// Emits when the stream of an item emits its first item; that stream is then
// stopped. Items come in the order in which their streams emit. Drops an item whose
// stream completes without an item. Fails when upstream or one of the streams fails;
// the others are cancelled and reaped first. Completes when upstream has completed
// and no item waits. A graceful stop lets the running streams come to their own end.
// With [StopInner] it ends them, and the items that wait are emitted.
//
// Backpressure: upstream waits, with one item, while as many items wait as
// [turbopipes.WithQueue] allows, 256 without it. An item waits until downstream has
// taken it and its stream has unwound. With [turbopipes.WithOverflow] the arriving
// item can be dropped or refused instead. Items that are dropped this way, and items
// that are left when the stream ends early, are counted, and [OnDiscard] is called
// for them. Memory: the items that wait. Goroutines: one for upstream and one for
// each item that waits, joined before the stream ends; fn runs on upstream's
// goroutine.
//
// A nil fn and a bad option are an ErrInvalidArgument. So is the strategy
// DropOldest, which would have to wait for a stream to unwind. For the same delay
// for all items, see [Delay]. It corresponds to RxJS's delayWhen. Reactor's
// delayUntil and Pekko's delayWith keep the order, and delayUntil waits for the end
// of the stream.
func DelayWhen[T, N any](fn func(v T) turbopipes.Observable[N], opts ...DelayWhenOption) turbopipes.Operator[T, T] {
	o, bad := queueOptions(opts)
	switch {
	case fn == nil:
		return turbopipes.Invalid[T, T]("DelayWhen", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("DelayWhen", bad)
	case o.Overflow == handoff.DropOldest:
		return turbopipes.Invalid[T, T]("DelayWhen", "the overflow strategy is DropOldest, want Block, DropNewest or Fail")
	}
	return turbopipes.Lift(own.Mark+"DelayWhen", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		w := waitingItems[T]{overflow: o.Overflow, stops: o.StopInner, free: newSlotPool(o.Size)}
		w.fan = handoff.OpenFan[*waitingItem[T]](ctx, "DelayWhen", o.Size)
		w.lost = run.Keep[T](w.fan.Scope.Stage(), o.Discard)
		w.fan.Discard = w.discard
		stopped := false
		defer func() { w.close(&err, stopped || ctx.Err() != nil) }()
		crew := handoff.Crew[delayWhenJob[T, N], *waitingItem[T]]{
			Limit: -1, // the slots limit it
			Inner: func(ctx context.Context) (context.Context, *run.Record) { return run.Inner(ctx, o.StopInner) },
			Run: func(worker *handoff.Worker[*waitingItem[T]], job delayWhenJob[T, N]) error {
				item := job.item
				return w.wait(worker, item, func() error {
					return job.notifier.Push(worker.Ctx, func(N) bool { return item.fire(worker) })
				})
			},
		}
		crew.Open(w.fan)
		w.fan.Run(func(ctx context.Context) error {
			return in.Push(ctx, func(v T) bool {
				if out := w.admit(ctx, v); out != itemAdmitted {
					return out == itemDropped
				}
				job := delayWhenJob[T, N]{item: &waitingItem[T]{v: v}}
				w.lost.Try(v, func() { job.notifier = fn(v) })
				crew.Give(job)
				return ctx.Err() == nil
			})
		})
		w.fan.Loop(func(item *waitingItem[T]) bool {
			item.half(w.free)
			stopped = !emit(item.v)
			return !stopped
		})
		return nil
	})
}

// delayWhenJob is an item and its notifier.
type delayWhenJob[T, N any] struct {
	item     *waitingItem[T]
	notifier turbopipes.Observable[N]
}

// DelayWhenOption is an option of [DelayWhen]: the options of queues,
// [turbopipes.WithQueue], [turbopipes.WithOverflow] and [OnDiscard], and [StopInner]
// are.
type DelayWhenOption interface{ opt.DelayWhenOption }

// waitingItems holds the items of one DelayWhen that wait.
type waitingItems[T any] struct {
	fan      *handoff.Fan[*waitingItem[T]]
	overflow handoff.Overflow
	stops    bool // a graceful stop reaches the notifiers
	lost     run.Account[T]
	free     slotPool
	refusal  error // why upstream was refused; written on upstream's goroutine

	left run.Refused[T]
}

// discard counts the items of these waiters as discarded.
func (w *waitingItems[T]) discard(items ...*waitingItem[T]) error {
	lost := make([]T, len(items))
	for i, item := range items {
		lost[i] = item.v
	}
	return w.lost.Discard(lost...)
}

// waitingItem is an item that waits.
type waitingItem[T any] struct {
	v      T
	fired  bool // belongs to the goroutine that runs the notifier
	halved atomic.Bool
}

// half is called when the item was taken, and when its stream has ended. The second
// call frees the slot of the item.
func (w *waitingItem[T]) half(free slotPool) {
	if w.halved.Swap(true) {
		free.release()
	}
}

// admission is what happens to an item that arrives.
type admission int

const (
	itemAdmitted admission = iota
	itemDropped            // upstream may go on
	itemRefused
)

// admit waits for room for v. It runs on upstream's goroutine.
func (w *waitingItems[T]) admit(ctx context.Context, v T) admission {
	blocks := w.overflow == handoff.Block
	if blocks && !w.free.take(ctx) || ctx.Err() != nil || w.stops && stopRequested(ctx) {
		w.left.Keep(v)
		return itemRefused
	}
	if blocks {
		return itemAdmitted
	}
	select {
	case w.free <- struct{}{}:
		return itemAdmitted
	default:
	}
	if w.overflow == handoff.Fail {
		w.refusal = errFull("DelayWhen")
	}
	if w.refusal = fault.Join(w.refusal, w.lost.Drop(v)); w.refusal != nil {
		return itemRefused
	}
	return itemDropped
}

// wait makes an item wait for its notifier. push runs the notifier, and fires the item
// at the notifier's first item. A graceful stop that reaches the notifier ends the wait,
// and the item is emitted. wait runs on the goroutine of a worker.
func (w *waitingItems[T]) wait(worker *handoff.Worker[*waitingItem[T]], item *waitingItem[T], push func() error) (err error) {
	empty := false
	defer func() { // also after a panic
		if !item.fired && !empty {
			w.left.Keep(item.v)
		}
	}()
	err = push()
	if err == nil && !item.fired && w.stops && stopRequested(worker.Ctx) {
		item.fire(worker)
	}
	empty = err == nil && !item.fired
	switch {
	case err != nil: // the slot stays taken, so that no notifier begins after a failure
	case item.fired:
		item.half(w.free)
	default:
		w.free.release()
	}
	return err
}

// fire emits the item, and returns false, for the emit of its notifier to return. The
// fan counts an item that it refuses.
func (w *waitingItem[T]) fire(worker *handoff.Worker[*waitingItem[T]]) bool {
	w.fired = true
	worker.Emit(w)
	return false
}

// close joins all goroutines and counts the items that are left. If upstream was
// refused, it sets err to the reason, after the items that waited, unless the stream
// was ended early.
func (w *waitingItems[T]) close(err *error, early bool) {
	w.fan.Close(err)
	*err = fault.Join(*err, w.lost.Discard(w.left.Take()...))
	if *err == nil && !early {
		*err = w.refusal
	}
}
