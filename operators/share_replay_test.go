package operators_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestShareReplay(t *testing.T) {
	tptest.Doc(t, "share_replay.go", "ShareReplay", operators.ShareReplay[string](2))
	for name, diagram := range map[string]string{
		"empty": "--|", "an error at first": "#", "an error later": "-ab-#", "endless": "-a-",
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Marbles(t, diagram, operators.ShareReplay[string](2), diagram)
		})
	}
	requireInvalid(t, operators.ShareReplay[int](0), "ShareReplay: n is 0, want at least 1")
	requireInvalid(t, operators.ShareReplay[int](1, nil), "ShareReplay: option 1 is nil")
	requireInvalid(t, operators.ShareReplay[int](1, turbopipes.WithTTL(-1)), "ShareReplay: WithTTL: age is -1ns, want more than 0")
}

// A row has the options, and the signals of a subscriber that comes in column 12, after the
// end. 12:c is item c in column 12.
func TestShareReplayAmongSeveral(t *testing.T) {
	for name, c := range map[string]struct {
		options []operators.ShareReplayOption
		after   string
	}{
		"two":                {nil, "12:c 12:d 12:|"},
		"of the last 3":      {[]operators.ShareReplayOption{turbopipes.WithTTL(3*tptest.Step + tptest.Step/2)}, "12:d 12:|"},
		"more than queueing": {[]operators.ShareReplayOption{turbopipes.WithQueue(1)}, "12:c 12:d 12:|"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				in := tptest.Cold[string](s, "-a-b-c---d|", nil, tptest.Subscribed("^---------!"))
				shared := operators.ShareReplay[string](2, c.options...)(in)
				tptest.Expect(s, shared, "-a-b-c---d|", nil, tptest.At(0), tptest.Once())
				tptest.Expect(s, shared, "6:b 6:c 9:d 10:|", nil, tptest.At(6), tptest.Once())
				tptest.Expect(s, shared, c.after, nil, tptest.At(12), tptest.Once())
			})
		})
	}
}

// It forgets its items after an error, and after the last subscriber has left.
func TestShareReplayForgets(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		runs := 0
		fails := true
		o := operators.ShareReplay[int](9)(turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
			runs++
			emit(10 * runs)
			time.Sleep(time.Second)
			if fails {
				return errBoom
			}
			emit(10*runs + 1)
			return nil
		}))
		items, err := o.Collect(t.Context())
		require.Equal(t, errBoom, err)
		require.Equal(t, []int{10}, items)
		items, err = operators.Take[int](1)(o).Collect(t.Context())
		require.ErrorIs(t, err, errBoom, "of the clean-up")
		require.Equal(t, []int{20}, items)
		fails = false
		for range 3 {
			items, err = o.Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, []int{30, 31}, items)
		}
		require.Equal(t, 3, runs)
	})
}

func TestShareReplayKeepConnected(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		o := operators.ShareReplay[int](2, operators.KeepConnected(ctx))(turbopipes.Interval(time.Second))
		require.NoError(t, operators.Take[int](1)(o).Drain(t.Context()))
		time.Sleep(3500 * time.Millisecond)
		items, err := operators.Take[int](3)(o).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{2, 3, 4}, items)
		cancel(errBoom)
		synctest.Wait()
		require.Equal(t, errBoom, o.Drain(t.Context()))
	})
}

func ExampleShareReplay() {
	fetches := 0
	rates := operators.ShareReplay[float64](1)(turbopipes.Defer(func(context.Context) (turbopipes.Observable[float64], error) {
		fetches++
		return turbopipes.Just(1.07), nil
	}))
	for range 3 {
		rate, err := rates.Collect(context.Background())
		fmt.Println(rate, err)
	}
	fmt.Println(fetches, "fetch")
	// Output:
	// [1.07] <nil>
	// [1.07] <nil>
	// [1.07] <nil>
	// 1 fetch
}

func BenchmarkShareReplay(b *testing.B) { benchmark(b, operators.ShareReplay[int](16)) }
