package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
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
// waits. A graceful stop ends upstream; its items are expanded to their end.
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
	o, bad := expandOptionsOf(opts)
	switch {
	case n < 1 && n != turbopipes.Infinite:
		return turbopipes.Invalid[T, T]("Expand", "n is less than 1")
	case fn == nil:
		return turbopipes.Invalid[T, T]("Expand", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("Expand", bad)
	}
	return turbopipes.Lift("Expand", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		up := feed.Open(ctx, "Expand", in.Push)
		defer up.Close(&err)
		inner := turbopipes.Shield(up.Labelled())
		made, ended := make(chan T), make(chan struct{})
		begin := func(v T) {
			up.Go(func(context.Context) error {
				err := fn(v).Push(inner, func(v T) bool { return send(up.Done(), made, v) })
				if err == nil {
					send(up.Done(), ended, struct{}{})
				}
				return err
			})
		}
		e, source := expansion[T]{most: n, mostWaiting: o.maxPending}, up.Items()
		for source != nil || e.running > 0 {
			var v T
			select {
			case item, more := <-unless(e.full(), source):
				if !more {
					source = nil
					continue
				}
				v = item
			case v = <-made:
			case <-ended:
				if next, ok := e.ended(); ok {
					begin(next)
				}
				continue
			case <-up.Done():
				return nil
			}
			if !emit(v) {
				return nil
			}
			switch begins, ok := e.item(v); {
			case !ok:
				return fmt.Errorf("%w: Expand: more than %d items wait", turbopipes.ErrOverflow, o.maxPending)
			case begins:
				begin(v)
			}
		}
		return nil
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

// ExpandOption is an option of [Expand].
type ExpandOption interface{ expand(*expandOptions) }

type expandOptions struct {
	maxPending int
	bad        string
}

func (m MaxPending) expand(o *expandOptions) {
	if o.maxPending = m.k; m.k < 1 {
		o.bad = badMaxPending
	}
}

func expandOptionsOf(opts []ExpandOption) (o expandOptions, bad string) {
	o.maxPending = 65536
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.expand(&o)
	}
	return o, o.bad
}
