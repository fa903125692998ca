package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Expand emits each item and the items of the stream that fn makes of that item, and
// does the same with each of these items.
//
//	in:    a--|        n: 2
//	inner: -x-y|       of an item of one letter; of others, an empty one
//	out:   a{ax}-{ay}|
//
// Emits when upstream or an inner stream does, always before fn is called for that
// item. At most n inner streams run. The other items wait, and the item that came
// first is the next. Fails when upstream or an inner stream fails; the others are
// cancelled and reaped first. Completes when upstream has completed, no inner stream
// runs and no item waits. A graceful stop ends upstream, and no inner stream begins
// after it. The inner streams that run come to their own end, or end with the stop
// under [StopInner].
//
// Backpressure: upstream and the inner streams wait while downstream is busy.
// Upstream also waits while as many items wait as [WithMaxPending] allows, 65536
// without it. An inner stream can't wait for that, since the items wait for its end:
// if an inner stream emits one item more than that, the stream ends with an
// [turbopipes.ErrOverflow]. Items that were emitted are not lost, even if no inner
// stream begins for them. When the stream ends early, an item that upstream or an
// inner stream waits with counts as discarded, and [OnDiscard] is called for it.
// Memory: the items that wait. Goroutines: one for upstream and one for each inner
// stream that runs, joined before the stream ends; fn runs on the goroutine of the
// inner stream.
//
// n may be [turbopipes.Infinite]; then no item waits. Any other n below 1, a nil fn
// and a bad option are an ErrInvalidArgument, and so is a zero Observable that fn
// returns. For one generation only, see [FlatMap]. It corresponds to expand in RxJS
// and Reactor.
func Expand[T any](n int, fn func(v T) turbopipes.Observable[T], opts ...ExpandOption) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(opt.Settings{MaxPending: 65536}, opts)
	switch {
	case n < 1 && n != turbopipes.Infinite:
		return turbopipes.Invalid[T, T]("Expand", opt.TooSmall("n", n, 1))
	case fn == nil:
		return turbopipes.Invalid[T, T]("Expand", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("Expand", bad)
	}
	return turbopipes.Lift(own.Mark+"Expand", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		up := feed.Open(ctx, "Expand", run.Hooks[T]{Each: o.Discard}, in.Push)
		x := expandRun[T]{Feed: up, fn: fn, made: make(chan T), ended: make(chan struct{})}
		lost := run.Keep[T](up.Scope.Stage(), o.Discard)
		up.Scope.After(func() error { return lost.Discard(x.refused.Take()...) })
		x.most, x.mostWaiting = n, o.MaxPending
		x.inner = innerOf(up.Scope.Labelled(), o.StopInner)
		defer up.Scope.Close(&err)
		stopped := turbopipes.Stopping(ctx)
		for source := up.Items(); source != nil || x.running > 0; {
			var v T
			select {
			case item, more := <-nilIf(x.full(), source):
				if !more {
					source = nil
					continue
				}
				v = item
			case v = <-x.made:
			case <-x.ended:
				if stopRequested(ctx) { // the stop came at the same time
					x.forget()
				}
				if next, ok := x.next(); ok {
					x.begin(next)
				}
				continue
			case <-stopped: // no new inner stream begins
				stopped = nil
				x.forget()
				continue
			case <-up.Done():
				return nil
			}
			if !emit(v) {
				return nil
			}
			if stopRequested(ctx) {
				continue
			}
			switch begins, ok := x.item(v); {
			case !ok:
				return fmt.Errorf("%w: Expand: more than %d items wait", turbopipes.ErrOverflow, o.MaxPending)
			case begins:
				x.begin(v)
			}
		}
		return nil
	})
}

// expandRun is one run of an Expand.
type expandRun[T any] struct {
	*feed.Feed[T]
	expandState[T]
	fn      func(v T) turbopipes.Observable[T]
	inner   context.Context //nolint:containedctx // of the inner streams
	made    chan T
	ended   chan struct{}
	refused run.Refused[T]
}

// begin runs the stream of v.
func (x *expandRun[T]) begin(v T) {
	x.Scope.Go(func(context.Context) error {
		err := x.fn(v).Push(x.inner, func(v T) bool { return sendOrDone(x.Done(), x.made, v) || x.refused.Keep(v) })
		if err == nil {
			sendOrDone(x.Done(), x.ended, struct{}{})
		}
		return err
	})
}

// nilIf returns in, or nil when held: nothing can be received from a nil channel.
func nilIf[T any](held bool, in <-chan T) <-chan T {
	if held {
		return nil
	}
	return in
}

// sendOrDone hands v over. It returns false when done was closed first.
func sendOrDone[T any](done <-chan struct{}, to chan<- T, v T) bool {
	select {
	case to <- v:
		return true
	case <-done:
		return false
	}
}

// ExpandOption is an option of [Expand]: [WithMaxPending], [StopInner] and [OnDiscard]
// are.
type ExpandOption interface{ opt.ExpandOption }
