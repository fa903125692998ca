package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Count emits the number of items.
//
//	in:  a-b--c-|
//	out: -------(3|)
//
// Emits when upstream completes; for an empty stream it emits 0. Fails with
// upstream, without a number. If the stream fails or is cancelled, the items so far
// count as discarded: [OnDiscard] is called once for each of them, with their
// number. Memory: one number. Goroutines: none; it runs on the subscriber's
// goroutine.
//
// To count only some of the items, put [Filter] before it; for the position of each
// item, see [Index]. It corresponds to count in RxJS, Reactor and RxGo.
func Count[T any](opts ...turbopipes.LossOption) turbopipes.Operator[T, int] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, int]("Count", bad)
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"Count", func(ctx context.Context, in turbopipes.Observable[T], emit func(int) bool) (err error) {
		f := foldingOf[T](ctx, "Count", o)
		n := 0
		item := func(T) bool {
			n++
			return true
		}
		defer func() {
			if f.plain {
				f.n = int64(n)
			}
			unfold(&f, n, &err)
		}()
		if !f.plain {
			item = func(v T) bool {
				n++
				f.add(v)
				return out.item(v)
			}
		}
		err = in.Push(ctx, item)
		if err == nil { // nothing was emitted before, so nothing was refused
			f.complete = true
			emit(n)
		}
		return err
	})
}
