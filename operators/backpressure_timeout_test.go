package operators_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestBackpressureTimeout(t *testing.T) {
	patient := operators.BackpressureTimeout[string](3 * tptest.Step)
	tptest.Doc(t, "backpressure_timeout.go", "BackpressureTimeout", patient,
		tptest.Busy(5*tptest.Step), tptest.Error(turbopipes.ErrBackpressureTimeout))
	quick := tptest.Busy(2 * tptest.Step)
	for name, c := range map[string]struct{ in, out string }{
		"in time":             {"a--bc---------------d|", "a--b-c--------------d-|"},
		"empty":               {"-----|", "-----|"},
		"never":               {"-----", "-----"},
		"an error at first":   {"#", "#"},
		"an error":            {"a-----b---#", "a-----b---#"},
		"a silent upstream":   {"-----------a|", "-----------a-|"},
		"an error while busy": {"a#", "a-#"},
	} {
		t.Run(name, func(t *testing.T) {
			opts := []tptest.Option{quick}
			if name == "an error while busy" {
				opts = append(opts, tptest.Once()) // it stays the first failure, though ctx ends meanwhile
			}
			tptest.Marbles(t, c.in, patient, c.out, opts...)
		})
	}
	requireInvalid(t, operators.BackpressureTimeout[int](0), "BackpressureTimeout: limit is 0s, want more than 0")
	requireInvalid(t, operators.BackpressureTimeout[int](-1), "BackpressureTimeout: limit is -1ns, want more than 0")
}

func TestBackpressureTimeoutEnds(t *testing.T) {
	const text = "turbopipes: backpressure timeout: BackpressureTimeout: downstream was not done with an item within 1s"
	timeUp := func(t *testing.T, err error) {
		t.Helper()
		require.ErrorIs(t, err, turbopipes.ErrBackpressureTimeout)
		require.ErrorIs(t, err, turbopipes.ErrTimeout)
	}
	// upstream stores the time of its cancellation in cut, and then fails with cleanUp.
	upstream := func(cut *time.Duration, cleanUp error) turbopipes.Observable[int] {
		return turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
			begin := time.Now()
			for i := 0; emit(i); i++ {
			}
			*cut = time.Since(begin)
			timeUp(t, context.Cause(ctx))
			return cleanUp
		})
	}
	bubble(t, "upstream is reaped at once", func(t *testing.T) {
		var cut time.Duration
		begin := time.Now()
		got := 0
		err := operators.BackpressureTimeout[int](time.Second)(upstream(&cut, nil)).Each(t.Context(), func(v int) error {
			if got++; v == 3 {
				time.Sleep(time.Hour)
			}
			return nil
		})
		timeUp(t, err)
		require.EqualError(t, err, text)
		require.Equal(t, time.Second, cut)
		require.Equal(t, time.Hour, time.Since(begin), "downstream can't be interrupted")
		require.Equal(t, 4, got)
	})
	bubble(t, "its clean-up fails", func(t *testing.T) {
		var cut time.Duration
		err := operators.BackpressureTimeout[int](time.Second)(upstream(&cut, errLate)).Each(t.Context(), func(int) error { time.Sleep(time.Hour); return nil })
		require.EqualError(t, err, text+"\nlate")
	})
	bubble(t, "exactly in that moment it is late", func(t *testing.T) {
		for range 50 {
			timeUp(t, operators.BackpressureTimeout[int](time.Second)(turbopipes.Just(1)).Each(t.Context(), func(int) error { time.Sleep(time.Second); return nil }))
		}
	})
	bubble(t, "a moment before it is not", func(t *testing.T) {
		require.NoError(t, operators.BackpressureTimeout[int](time.Second)(turbopipes.Range(0, 100)).Each(t.Context(), func(int) error { time.Sleep(time.Second - 1); return nil }))
	})
	bubble(t, "upstream has failed before", func(t *testing.T) {
		err := operators.BackpressureTimeout[int](time.Second)(operators.Concat(turbopipes.Throw[int](errBoom))(turbopipes.Just(1))).
			Each(t.Context(), func(int) error { time.Sleep(time.Hour); return nil })
		require.Equal(t, errBoom, err)
	})
	bubble(t, "downstream is content", func(t *testing.T) {
		var cut time.Duration
		err := operators.Take[int](1)(operators.BackpressureTimeout[int](time.Second)(upstream(&cut, nil))).
			Each(t.Context(), func(int) error { time.Sleep(time.Hour); return nil })
		require.NoError(t, err)
	})
	bubble(t, "downstream fails late", func(t *testing.T) {
		var cut time.Duration
		err := operators.BackpressureTimeout[int](time.Second)(upstream(&cut, nil)).
			Each(t.Context(), func(int) error { time.Sleep(time.Hour); return errLate })
		require.Equal(t, errLate, err)
	})
	bubble(t, "downstream panics late", func(t *testing.T) {
		var cut time.Duration
		require.PanicsWithValue(t, "mine", func() {
			_ = operators.BackpressureTimeout[int](time.Second)(upstream(&cut, nil)).
				Each(t.Context(), func(int) error { time.Sleep(time.Hour); panic("mine") })
		})
		require.Equal(t, time.Second, cut)
	})
	bubble(t, "upstream panics", func(t *testing.T) {
		src := turbopipes.Create(func(context.Context, func(int) bool) error { panic(errBoom) })
		require.ErrorIs(t, operators.BackpressureTimeout[int](time.Second)(src).Drain(t.Context()), errBoom)
	})
	bubble(t, "it is handled", func(t *testing.T) {
		slow := 0
		o := operators.BackpressureTimeout[int](time.Second)(turbopipes.Range(0, 3))
		handled := operators.Catch(func(err error) turbopipes.Observable[int] {
			timeUp(t, err)
			return turbopipes.Just(9)
		})(o)
		var got []int
		require.NoError(t, handled.Each(t.Context(), func(v int) error {
			got = append(got, v)
			if slow++; slow == 2 {
				time.Sleep(time.Hour)
			}
			return nil
		}))
		require.Equal(t, []int{0, 1, 9}, got)
	})
}

func ExampleBackpressureTimeout() {
	rows := turbopipes.Range(1, 1000) // from a cursor that must not stay open for long
	err := operators.BackpressureTimeout[int](10*time.Millisecond)(rows).Each(context.Background(), func(int) error {
		time.Sleep(50 * time.Millisecond) // a client that has gone to lunch
		return nil
	})
	fmt.Println(errors.Is(err, turbopipes.ErrBackpressureTimeout))
	// Output: true
}

func BenchmarkBackpressureTimeout(b *testing.B) {
	benchmark(b, operators.BackpressureTimeout[int](time.Hour))
}
