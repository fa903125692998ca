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

// delayedBy returns a Delay of so many columns.
func delayedBy(d int, opts ...turbopipes.QueueOption) turbopipes.Operator[string, string] {
	return operators.Delay[string](time.Duration(d)*tptest.Step, opts...)
}

func TestDelay(t *testing.T) {
	tptest.Doc(t, "delay.go", "Delay", delayedBy(3))
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"an error does not wait":   {delayedBy(3), "a---b-#", "---a--#"}, // 22
		"an error at first":        {delayedBy(3), "#", "#"},
		"empty":                    {delayedBy(3), "--|", "--|"},
		"completion does not wait": {delayedBy(3), "a-----|", "---a--|"},
		"several in one instant":   {delayedBy(3), "0:a 0:b 1:c 1:|", "3:a 3:b 4:c 4:|"},
		"never ends":               {delayedBy(3), "a-b---", "---a-b"},
		"no time":                  {delayedBy(0), "a-b|", "a-b|"},
		"less than no time":        {delayedBy(-1), "a-b#", "a-b#"},
		"upstream is held":         {delayedBy(4, turbopipes.WithQueue(2)), "abcde|", "4:a 5:b 6:c 8:d 9:e 9:|"},
		"by a queue of one":        {delayedBy(3, turbopipes.WithQueue(1)), "abc|", "3:a 4:b 6:c 6:|"},
		"long enough, it is not":   {delayedBy(3, turbopipes.WithQueue(3)), "abcde|", "---abcd(e|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out) })
	}
	t.Run("an error at an item's time", func(t *testing.T) { tptest.Marbles(t, "a--#", delayedBy(3), "---(a#)", tptest.Once()) })
	for text, op := range map[string]turbopipes.Operator[int, int]{
		"option 1 is nil":                    operators.Delay[int](1, nil),
		"WithQueue: n is 0, want at least 1": operators.Delay[int](0, turbopipes.WithQueue(0)),
		"WithOverflow: the overflow strategy is 9, want Block, DropNewest, DropOldest or Fail": operators.Delay[int](1, turbopipes.WithOverflow(9)),
	} {
		requireInvalid(t, op, "Delay: "+text)
	}
}

// Items that became due while downstream was busy follow at once, also before an error.
// Items that were not due at the error are not emitted.
func TestDelayBusyDownstream(t *testing.T) {
	two, strategy := turbopipes.WithQueue(2), turbopipes.WithOverflow
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		also    []tptest.Option
	}{
		"late":                  {delayedBy(2), "abc|", "2:a 7:b 12:c 17:|", nil},
		"not yet due":           {delayedBy(8), "a-----b|", "8:a 14:b 19:|", nil},
		"an error":              {delayedBy(2), "ab-c#", "2:a 7:b 12:#", []tptest.Option{tptest.Once()}},
		"upstream is held":      {delayedBy(2, two), "abcdef|", "2:a 7:b 12:c 17:d 22:e 27:f 32:|", nil},
		"the newest is dropped": {delayedBy(2, two, strategy(turbopipes.DropNewest)), "abcdefg----|", "2:a 7:b 12:c 17:|", nil},
		"the oldest is dropped": {delayedBy(2, two, strategy(turbopipes.DropOldest)), "abcde------|", "2:a 7:d 12:e 17:|", nil},
		"it fails, behind them": {delayedBy(3, two, strategy(turbopipes.Fail)), "abcde---|", "3:a 8:b 13:#", []tptest.Option{tptest.Error(turbopipes.ErrOverflow), tptest.Once()}},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Marbles(t, c.in, c.op, c.out, append(c.also, tptest.Busy(5*tptest.Step))...)
		})
	}
}

// As many items wait as the queue holds, and each item that is not delivered is reported.
func TestDelayAccounts(t *testing.T) {
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
			op := operators.Delay[int](time.Hour, append(c.opts, operators.OnDiscard(func(v any) { lost = append(lost, v) }))...)
			s := endedBy(t, op(source.stream(1000)), 0, time.Minute, dispose)
			require.Empty(t, s.items)
			require.EqualValues(t, c.room, source.accepted.Load())
			require.EqualValues(t, c.room+1, source.begun.Load())
			require.EqualValues(t, c.room+1, s.stats.Discarded)
			require.Len(t, lost, c.room+1)
			require.Equal(t, []any{0, 1, 2}, lost[:3])
		})
	}
	for _, overflow := range []turbopipes.Overflow{turbopipes.Block, turbopipes.DropNewest, turbopipes.DropOldest, turbopipes.Fail} {
		bubble(t, overflow.String(), func(t *testing.T) {
			var source counting
			told := 0
			op := operators.Delay[int](time.Second, turbopipes.WithQueue(4), turbopipes.WithOverflow(overflow), operators.OnDiscard(func(any) { told++ }))
			s := endedBy(t, op(source.stream(100)), time.Second, 2500*time.Millisecond, dispose)
			in := int(source.begun.Load())
			require.Len(t, s.items, 2)
			require.EqualValues(t, in, s.stats.Delivered+s.stats.Dropped+s.stats.Discarded)
			require.EqualValues(t, told, s.stats.Dropped+s.stats.Discarded)
		})
	}
	bubble(t, "an error", func(t *testing.T) {
		s := endedBy(t, operators.Delay[int](3*time.Second)(operators.Concat(turbopipes.Throw[int](errBoom))(timed(0, 2, 4))), 0, 0, itself)
		require.Equal(t, []int{0}, s.items)
		require.Equal(t, errBoom, s.err)
		require.EqualValues(t, 2, s.stats.Discarded)
	})
}

func TestDelayErrors(t *testing.T) {
	bubble(t, "the text of an overflow", func(t *testing.T) {
		op := operators.Delay[int](time.Second, turbopipes.WithQueue(1), turbopipes.WithOverflow(turbopipes.Fail))
		require.EqualError(t, op(turbopipes.Range(0, 9)).Drain(t.Context()), "turbopipes: overflow: Delay: the queue is full")
	})
	bubble(t, "a hook that panics on what is left", func(t *testing.T) {
		op := operators.Delay[int](time.Second, operators.OnDiscard(func(any) { panic(errLate) }))
		err := op(turbopipes.Range(0, 9)).Each(t.Context(), func(int) error { return errBoom })
		require.ErrorIs(t, err, errBoom)
		require.ErrorIs(t, err, errLate)
	})
	bubble(t, "a hook that panics on what is dropped", func(t *testing.T) {
		op := operators.Delay[int](time.Second, turbopipes.WithQueue(1), turbopipes.WithOverflow(turbopipes.DropNewest), operators.OnDiscard(func(any) { panic(errLate) }))
		require.ErrorIs(t, op(turbopipes.Range(0, 9)).Drain(t.Context()), errLate)
	})
	bubble(t, "a clean-up that fails", func(t *testing.T) {
		in := operators.Concat(failingCleanUp[int](errLate))(turbopipes.Just(1))
		err := operators.Delay[int](time.Second)(in).Each(t.Context(), func(int) error { return errBoom })
		require.EqualError(t, err, "boom\nlate")
	})
}

// A stop is a completion: the waiting items keep their times.
func TestDelayGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := endedBy(t, operators.Delay[int](5*time.Second)(turbopipes.Interval(time.Second)), 0, 3500*time.Millisecond, stop)
		require.Equal(t, []int{0, 1, 2}, s.items)
		require.True(t, s.completed)
		require.Equal(t, 3500*time.Millisecond, s.took, "what is due next is due at the stop")
		require.Zero(t, s.stats.Discarded)
	})
}

func ExampleDelay() {
	began := time.Now()
	replies := operators.Delay[string](20 * time.Millisecond)(turbopipes.Just("pong")) // a slow network
	items, err := replies.Collect(context.Background())
	fmt.Println(items, err, time.Since(began) >= 20*time.Millisecond)
	// Output: [pong] <nil> true
}

func BenchmarkDelay(b *testing.B) { benchmark(b, operators.Delay[int](time.Microsecond)) }
