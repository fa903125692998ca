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

func TestTakeFor(t *testing.T) {
	three := operators.TakeFor[string](3 * tptest.Step)
	tptest.Doc(t, "take_for.go", "TakeFor", three)
	for name, c := range map[string]struct {
		in, out string
		opts    []tptest.Option
	}{
		"empty":                 {"--|", "--|", nil},
		"upstream ends first":   {"a-|", "a-|", nil},
		"a silent upstream":     {"-----", "---|", nil},
		"an error at first":     {"#", "#", nil},
		"an error before":       {"a-#", "a-#", nil},
		"an error behind":       {"a---#", "a--|", nil},
		"a busy downstream":     {"ab-c|", "a----|", []tptest.Option{tptest.Busy(5 * tptest.Step)}},
		"from the subscription": {"--a---", "--a|", nil},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, three, c.out, c.opts...) })
	}
	t.Run("upstream takes its time", func(t *testing.T) {
		tptest.Run(t, func(s *tptest.Scenario) {
			in := tptest.Cold[string](s, "a-b-c-", nil, tptest.Unwinds(4*tptest.Step), tptest.Subscribed("^------!"))
			tptest.Expect(s, three(in), "a-b----|", nil, tptest.Once())
		})
	})
	t.Run("no time at all", func(t *testing.T) {
		for _, d := range []time.Duration{0, -1} {
			tptest.Run(t, func(s *tptest.Scenario) {
				tptest.Expect(s, operators.TakeFor[string](d)(tptest.Cold[string](s, "a|", nil, tptest.Subscribed())), "|", nil)
			})
		}
	})
}

// The error that upstream returns because of the cut is its end. The error of its clean-up
// is reported.
func TestTakeForCleanUp(t *testing.T) {
	second := operators.TakeFor[int](time.Second)
	bubble(t, "an echo", func(t *testing.T) {
		require.NoError(t, second(failingCleanUp[int](nil)).Drain(t.Context()))
	})
	bubble(t, "a failure", func(t *testing.T) {
		require.Equal(t, errLate, second(failingCleanUp[int](errLate)).Drain(t.Context()))
	})
	bubble(t, "a canceled that is none of ours", func(t *testing.T) {
		require.Equal(t, context.Canceled, second(turbopipes.Throw[int](context.Canceled)).Drain(t.Context()))
	})
	bubble(t, "a panic", func(t *testing.T) {
		err := second(turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
			<-ctx.Done()
			panic(errBoom)
		})).Drain(t.Context())
		p := (*turbopipes.PanicError)(nil)
		require.ErrorAs(t, err, &p)
		require.Equal(t, errBoom, p.Value)
	})
	bubble(t, "the end of ctx while upstream unwinds", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(2*time.Second, func() { cancel(errBoom) })
		require.Equal(t, errBoom, second(turbopipes.Create(func(context.Context, func(int) bool) error {
			time.Sleep(9 * time.Second)
			return nil
		})).Drain(ctx))
	})
}

// An upstream that checks only the result of emit is cut off as well, and does not
// fetch an item that nobody will take.
func TestTakeForCutsDeafSources(t *testing.T) {
	bubble(t, "with downstream", func(t *testing.T) {
		var source counting
		s := endedBy(t, operators.TakeFor[int](2500*time.Millisecond)(source.stream(10)), time.Second, 0, itself)
		require.Equal(t, []int{0, 1, 2}, s.items)
		require.Equal(t, 3*time.Second, s.took)
		require.True(t, s.completed)
		require.EqualValues(t, 3, source.begun.Load())
	})
	bubble(t, "between two items", func(t *testing.T) {
		s := endedBy(t, operators.TakeFor[int](2500*time.Millisecond)(deaf(9)), 0, 0, itself)
		require.Equal(t, []int{0, 1}, s.items)
		require.Equal(t, 3*time.Second, s.took)
		require.True(t, s.completed)
	})
}

func TestTakeForGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		sums := operators.Reduce(0, func(sum, v int) int { return sum + v })(turbopipes.Interval(time.Second))
		s := endedBy(t, operators.TakeFor[int](time.Hour)(sums), 0, 4500*time.Millisecond, stop)
		require.Equal(t, []int{0 + 1 + 2 + 3}, s.items)
		require.Equal(t, 4500*time.Millisecond, s.took)
	})
}

// The end of the stream waits for a timer that fires meanwhile.
func TestTakeForManyTimes(t *testing.T) {
	for i := range 300 {
		n := 0
		err := operators.TakeFor[int](time.Duration(i)*time.Microsecond)(turbopipes.Range(0, 3000)).Each(t.Context(), func(v int) error {
			require.Equal(t, n, v)
			n++
			return nil
		})
		require.NoError(t, err)
	}
}

func ExampleTakeFor() {
	answers := operators.Concat(turbopipes.Never[string]())(turbopipes.Just("ann: yes", "bob: no"))
	inTime := operators.TakeFor[string](20 * time.Millisecond)(answers)
	fmt.Println(inTime.Collect(context.Background()))
	// Output: [ann: yes bob: no] <nil>
}

func BenchmarkTakeFor(b *testing.B) { benchmark(b, operators.TakeFor[int](time.Hour)) }
