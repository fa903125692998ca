package guide_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func Example_compose() {
	// Most operators of your own are made of others.
	tags := tp.Compose3(
		operators.Map(func(line string) string { return line[:1] }),
		operators.Filter(func(tag string) bool { return tag != "#" }),
		operators.Take[string](3))
	fmt.Println(tags(tp.Just("a=1", "# note", "b=2", "c=3", "d=4")).Collect(ctx))
	// Output: [a b c] <nil>
}

// Every emits each n-th item.
func Every[T any](n int) tp.Operator[T, T] {
	if n < 1 {
		return tp.Invalid[T, T]("Every", fmt.Sprintf("n is %d, want at least 1", n))
	}
	return tp.Lift("Every", func(ctx context.Context, in tp.Observable[T], emit func(T) bool) error {
		seen := 0 // born inside, so each subscription counts for itself
		return in.Push(ctx, func(v T) bool {
			seen++
			return seen%n != 0 || emit(v)
		})
	})
}

// Lag emits each item when the next one comes, and the last one at the end.
func Lag[T any]() tp.Operator[T, T] {
	return tp.Lift("Lag", func(ctx context.Context, in tp.Observable[T], emit func(T) bool) error {
		var held T
		holds, refused := false, false
		defer func() {
			if holds { // the stream has ended early
				tp.Lost(ctx, tp.Loss{Item: held, Stage: "Lag", Reason: tp.Discarded})
			}
		}()
		err := in.Push(ctx, func(v T) bool {
			out, had := held, holds
			held, holds = v, true // kept, so a false below does not lose v
			if had && !emit(out) {
				refused = true
			}
			return !refused
		})
		if err == nil && !refused && holds {
			holds = false // emitted: if it is refused, downstream counts it
			emit(held)
		}
		return err
	})
}

// Countdown emits n, n-1, … 1, a period apart.
func Countdown(n int, period time.Duration) tp.Observable[int] {
	return tp.Create(func(ctx context.Context, emit func(int) bool) error {
		tick := time.NewTicker(period)
		defer tick.Stop()
		for v := n; v > 0; v-- {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			if !emit(v) {
				return nil
			}
		}
		return nil
	})
}

func Example_every() {
	fmt.Println(Every[int](2)(tp.Range(1, 7)).Collect(ctx))
	_, err := Every[int](0)(tp.Range(1, 7)).Collect(ctx)
	fmt.Println(errors.Is(err, tp.ErrInvalidArgument)) // no panic: the stream fails
	fmt.Println(Lag[int]()(Countdown(3, time.Millisecond)).Collect(ctx))
	// Output:
	// [2 4 6] <nil>
	// true
	// [3 2 1] <nil>
}

func TestEvery(t *testing.T) { tptest.Marbles(t, "a-b-c-d-e-|", Every[string](2), "--b---d---|") }

func TestLag(t *testing.T) { tptest.Marbles(t, "a-b-c-|", Lag[string](), "--a-b-(c|)") }

func Example_checked() {
	careless := tp.Create(func(_ context.Context, emit func(int) bool) error {
		emit(1)
		emit(2) // the result of emit must be looked at
		return nil
	})
	fmt.Println(operators.Take[int](1)(tp.Checked(careless)).Drain(ctx))
	// Output: turbopipes: broken contract: Create: emit was called after it had refused
}
