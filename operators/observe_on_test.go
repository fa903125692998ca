package operators_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestObserveOn(t *testing.T) {
	tptest.Doc(t, "observe_on.go", "ObserveOn", operators.ObserveOn[string]())
	two, busy := turbopipes.WithQueue(2), tptest.Busy(5*tptest.Step)
	strategy := turbopipes.WithOverflow
	for name, c := range map[string]struct {
		in, out string
		opts    []turbopipes.QueueOption
		also    []tptest.Option
	}{
		"empty":                 {"--|", "--|", nil, nil},
		"an error at first":     {"#", "#", nil, nil},
		"an error later":        {"-a-#", "-a-#", nil, nil},
		"a busy downstream":     {"abc|", "0:a 5:b 10:c 15:|", nil, []tptest.Option{busy}},
		"upstream is held":      {"abcdef|", "0:a 5:b 10:c 15:d 20:e 25:f 30:|", []turbopipes.QueueOption{two}, []tptest.Option{busy}},
		"the queue, then # ":    {"abc#", "0:a 5:b 10:c 15:#", nil, []tptest.Option{busy, tptest.Once()}},
		"the newest is dropped": {"abcde---|", "0:a 5:b 10:c 15:|", []turbopipes.QueueOption{two, strategy(turbopipes.DropNewest)}, []tptest.Option{busy}},
		"the oldest is dropped": {"abcde---|", "0:a 5:d 10:e 15:|", []turbopipes.QueueOption{two, strategy(turbopipes.DropOldest)}, []tptest.Option{busy}},
		"it fails":              {"abcde---|", "0:a 5:b 10:c 15:#", []turbopipes.QueueOption{two, strategy(turbopipes.Fail)}, []tptest.Option{busy, tptest.Error(turbopipes.ErrOverflow), tptest.Once()}},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Marbles(t, c.in, operators.ObserveOn[string](c.opts...), c.out, c.also...)
		})
	}
	for text, op := range map[string]turbopipes.Operator[int, int]{
		"option 1 is nil":                    operators.ObserveOn[int](nil),
		"WithQueue: n is 0, want at least 1": operators.ObserveOn[int](turbopipes.WithQueue(0)),
		"WithOverflow: the overflow strategy is 9, want Block, DropNewest, DropOldest or Fail": operators.ObserveOn[int](turbopipes.WithOverflow(9)),
	} {
		requireInvalid(t, op, "ObserveOn: "+text)
	}
}

// Upstream runs ahead by as many items as the queue has room for, on a goroutine
// of its own, and items that are left at an early end are reported.
func TestObserveOnRunsAhead(t *testing.T) {
	for name, c := range map[string]struct {
		opts []turbopipes.QueueOption
		room int
	}{
		"by default": {nil, 256},
		"WithQueue":  {[]turbopipes.QueueOption{turbopipes.WithQueue(3)}, 3},
	} {
		bubble(t, name, func(t *testing.T) {
			var source counting
			var lost []any
			op := operators.ObserveOn[int](append(c.opts, operators.OnDiscard(func(v any) { lost = append(lost, v) }))...)
			s := endedBy(t, op(source.stream(1000)), time.Second, 2500*time.Millisecond, dispose)
			require.Equal(t, []int{0, 1, 2}, s.items)
			require.EqualValues(t, 3+c.room, source.accepted.Load())
			require.EqualValues(t, 3+c.room+1, source.begun.Load())
			require.EqualValues(t, c.room+1, s.stats.Discarded)
			require.Len(t, lost, c.room+1)
			require.Equal(t, 3, lost[0])
		})
	}
}

// Every item is delivered, dropped or left in the queue, and each loss is reported.
func TestObserveOnAccounts(t *testing.T) {
	for _, overflow := range []turbopipes.Overflow{turbopipes.Block, turbopipes.DropNewest, turbopipes.DropOldest, turbopipes.Fail} {
		bubble(t, overflow.String(), func(t *testing.T) {
			var source counting
			told := 0
			op := operators.ObserveOn[int](turbopipes.WithQueue(4), turbopipes.WithOverflow(overflow), operators.OnDiscard(func(any) { told++ }))
			s := endedBy(t, op(source.stream(100)), time.Second, 2500*time.Millisecond, dispose)
			in := int(source.begun.Load())
			require.EqualValues(t, in, s.stats.Delivered+s.stats.Dropped+s.stats.Discarded)
			require.EqualValues(t, told, s.stats.Dropped+s.stats.Discarded)
		})
	}
	bubble(t, "a hook that panics", func(t *testing.T) {
		op := operators.ObserveOn[int](operators.OnDiscard(func(any) { panic(errLate) }))
		err := op(turbopipes.Range(0, 9)).Each(t.Context(), func(int) error { time.Sleep(time.Second); return errBoom })
		require.ErrorIs(t, err, errBoom)
		require.ErrorIs(t, err, errLate)
	})
}

func TestObserveOnOverflowText(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		op := operators.ObserveOn[int](turbopipes.WithQueue(1), turbopipes.WithOverflow(turbopipes.Fail))
		err := op(turbopipes.Range(0, 9)).Each(t.Context(), func(int) error { time.Sleep(time.Second); return nil })
		require.EqualError(t, err, "turbopipes: overflow: ObserveOn: downstream is busy")
	})
}

// A stop delivers the items in the queue.
func TestObserveOnGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := endedBy(t, operators.ObserveOn[int]()(turbopipes.Interval(time.Second)), 3*time.Second, 5500*time.Millisecond, stop)
		require.Equal(t, []int{0, 1, 2, 3, 4}, s.items)
		require.True(t, s.completed)
		require.Zero(t, s.stats.Discarded)
	})
}

func TestObserveOnCleanUp(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		in := operators.Concat(failingCleanUp[int](errLate))(turbopipes.Just(1))
		err := operators.ObserveOn[int]()(in).Each(t.Context(), func(int) error { time.Sleep(time.Second); return errBoom })
		require.EqualError(t, err, "boom\nlate")
	})
}

func ExampleObserveOn() {
	frames := turbopipes.Range(1, 5) // a camera, which can't wait
	newest := operators.ObserveOn[int](turbopipes.WithQueue(1), turbopipes.WithOverflow(turbopipes.DropOldest))
	last := operators.Reduce(0, func(_, frame int) int { return frame })(newest(frames))
	fmt.Println(last.Collect(context.Background()))
	// Output: [5] <nil>
}

func BenchmarkObserveOn(b *testing.B) { benchmark(b, operators.ObserveOn[int]()) }
