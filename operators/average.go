package operators

import (
	"context"
	"math"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Average emits the mean of the items.
//
//	in:  1-2--6-|
//	out: -------(3|)
//
// Emits when upstream completes. For an empty stream it emits nothing, since no
// number would be right. Fails with upstream, without a mean. If the stream fails or
// is cancelled, the items so far count as discarded: [OnDiscard] is called once for
// each of them, with the mean so far. The mean is kept as a running mean, so no sum
// can overflow. Memory: two numbers. Goroutines: none; it runs on the subscriber's
// goroutine.
//
// To emit a number for an empty stream too, use [Reduce]. It corresponds to
// Reactor's MathFlux averageDouble, and to RxGo's AverageFloat64 and its kin, which
// return 0 for an empty stream.
func Average[T Number](opts ...turbopipes.LossOption) turbopipes.Operator[T, float64] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, float64]("Average", bad)
	}
	return turbopipes.Lift(own.Mark+"Average", func(ctx context.Context, in turbopipes.Observable[T], emit func(float64) bool) (err error) {
		f := foldingOf[T](ctx, "Average", o)
		n, mean := 0.0, 0.0
		defer func() { f.n = int64(n); unfold(&f, mean, &err) }()
		err = in.Push(ctx, func(v T) bool {
			n++
			mean = meanWith(mean, float64(v), n)
			return true
		})
		if err == nil && n > 0 { // nothing was emitted before, so nothing was refused
			f.complete = true
			emit(mean)
		}
		return err
	})
}

// meanWith returns the mean of n numbers: v, and n-1 others whose mean is mean.
func meanWith(mean, v, n float64) float64 {
	step := (v - mean) / n
	if !math.IsInf(step, 0) && !math.IsNaN(step) {
		return mean + step // between mean and v
	}
	// The difference is too large for a float, or a number is not finite. An infinite
	// step, added to an infinity, would make NaN.
	return mean*((n-1)/n) + v/n
}
