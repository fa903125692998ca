package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Number is any integer or float.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr |
		~float32 | ~float64
}

// Sum emits the sum of the items.
//
//	in:  1-2--3-|
//	out: -------(6|)
//
// Emits when upstream completes. For an empty stream it emits 0. Fails with
// upstream, without a sum. The items so far then count as discarded, and [OnDiscard]
// is called with the sum once for each of them. Integers wrap around as Go's do; if
// that may happen, map them to a wider type first. Memory: one number. Goroutines:
// none; it runs on the subscriber's goroutine.
//
// For the sum after each item, see [Scan]; for items that are not numbers, see
// [Reduce]. It corresponds to Reactor's MathFlux sum and RxGo's SumInt64, SumFloat32
// and SumFloat64.
func Sum[T Number](opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Sum", bad)
	}
	return turbopipes.Lift(own.Mark+"Sum", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		f := foldingOf[T](ctx, "Sum", o)
		var sum T
		defer func() { unfold(&f, sum, &err) }()
		err = in.Push(ctx, func(v T) bool {
			sum += v
			f.n++
			return true
		})
		if err == nil { // nothing was emitted, so nothing was refused
			f.complete = true
			emit(sum)
		}
		return err
	})
}
