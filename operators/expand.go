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

// Expand emits each item of upstream, and those of the stream that fn makes of it,
// and those of the streams that fn makes of these, and so on.
//
//	in:    a--|        n: 2
//	inner: -x-y|       of an item of one letter; of others, an empty one
//	out:   a{ax}-{ay}|
//
// Emits when upstream or an inner stream does, always before fn is called for that
// item. At most n inner streams run; the other items wait, first come, first
// served. Fails when upstream or an inner stream fails: the others are cancelled
// and reaped first. Completes when upstream has, no inner stream runs and no item
// waits. A graceful stop ends upstream, and no inner stream begins after it; those that
// run come to their own end, or end with the stop under [StopInner].
//
// Backpressure: upstream and the inner streams wait while downstream is busy, and
// upstream while as many items wait as may. An inner stream can't wait for that,
// since its end is what they wait for: one item more, from one of those, is an
// [turbopipes.ErrOverflow]. [WithMaxPending] sets how many may, 65536 without it.
// Memory: those. Goroutines: one for upstream and one for each inner stream that
// runs, joined before it ends; fn runs on the inner stream's.
//
// n may be [turbopipes.Infinite]; then no item waits. Another n below 1, a nil fn,
// or a bad option is an ErrInvalidArgument, and so is a zero Observable that fn
// returns. For one generation see [FlatMap]. It corresponds to expand in RxJS and
// Reactor.
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
		x := expanding[T]{Feed: up, fn: fn, made: make(chan T), ended: make(chan struct{})}
		lost := run.Keep[T](up.Stage(), o.Discard)
		up.After(func() error { return lost.Discard(x.refused.Take()...) })
		x.most, x.mostWaiting = n, o.MaxPending
		x.inner = innerOf(up.Labelled(), o.StopInner)
		defer up.Close(&err)
		stopped := turbopipes.Stopping(ctx)
		for source := up.Items(); source != nil || x.running > 0; {
			var v T
			select {
			case item, more := <-unless(x.full(), source):
				if !more {
					source = nil
					continue
				}
				v = item
			case v = <-x.made:
			case <-x.ended:
				if stopping(ctx) { // which came at the same time
					x.forget()
				}
				if next, ok := x.next(); ok {
					x.begin(next)
				}
				continue
			case <-stopped: // nothing new begins
				stopped = nil
				x.forget()
				continue
			case <-up.Done():
				return nil
			}
			if !emit(v) {
				return nil
			}
			if stopping(ctx) {
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

// expanding is one run of an Expand.
type expanding[T any] struct {
	*feed.Feed[T]
	expansion[T]
	fn      func(v T) turbopipes.Observable[T]
	inner   context.Context //nolint:containedctx // of the streams that are made
	made    chan T
	ended   chan struct{}
	refused run.Refused[T]
}

// begin runs the stream of v.
func (x *expanding[T]) begin(v T) {
	x.Go(func(context.Context) error {
		err := x.fn(v).Push(x.inner, func(v T) bool { return send(x.Done(), x.made, v) || x.refused.Keep(v) })
		if err == nil {
			send(x.Done(), x.ended, struct{}{})
		}
		return err
	})
}

// send hands v over. false: done came first.
func send[T any](done <-chan struct{}, to chan<- T, v T) bool {
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
