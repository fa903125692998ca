package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Count gives the number of items.
//
//	in:  a-b--c-|
//	out: -------(3|)
//
// Emits when upstream completes; an empty stream gives 0. Fails with upstream, without
// a number. Where it fails, the items so far count as discarded: [OnDiscard] is called
// with the number once for each. Memory: one number. Goroutines: none; it runs inside
// its subscriber's.
//
// To count some of the items only, put [Filter] before it; for the position of
// each item, see [Index]. It corresponds to count in RxJS, Reactor and RxGo.
func Count[T any](opts ...turbopipes.LossOption) turbopipes.Operator[T, int] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, int]("Count", bad)
	}
	out := leavingOut[T]()
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
		if err == nil { // nothing was emitted, so nothing was refused
			f.complete = true
			emit(n)
		}
		return err
	})
}
