package operators

import (
	"context"
	"math"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Average gives the mean of the items.
//
//	in:  1-2--6-|
//	out: -------(3|)
//
// Emits when upstream completes; an empty stream gives nothing, since no number would
// be true of it. Fails with upstream, without a mean. It is a running mean, so no sum
// can overflow. Where it fails, the items so far count as discarded: [OnDiscard] is
// called with the mean once for each. Memory: two numbers. Goroutines: none; it runs
// inside its subscriber's.
//
// For a number in the empty case put [Reduce] in its place. It corresponds to
// Reactor's MathFlux averageDouble and RxGo's AverageFloat64 and its kin, which
// give 0 for an empty stream.
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
		if err == nil && n > 0 { // nothing was emitted, so nothing was refused
			f.complete = true
			emit(mean)
		}
		return err
	})
}

// meanWith is the mean of n numbers, of which v is one and mean the mean of the
// others.
func meanWith(mean, v, n float64) float64 {
	step := (v - mean) / n
	if !math.IsInf(step, 0) && !math.IsNaN(step) {
		return mean + step // between mean and v
	}
	// The two are further apart than a float can tell, or one of them is no finite
	// number: then the step, added to an infinity, would make NaN of it.
	return mean*((n-1)/n) + v/n
}
