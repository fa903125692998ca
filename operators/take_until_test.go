package operators_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestTakeUntil(t *testing.T) {
	doc := tptest.DocDiagram(t, "take_until.go", "TakeUntil")
	for name, c := range map[string]struct {
		in, notifier, out string
		opts              []tptest.Option
	}{
		"as documented":                  {doc["in"], doc["notifier"], doc["out"], nil},
		"empty":                          {"--|", "---x", "--|", nil},
		"cut before an item":             {"---a|", "-x", "-|", nil},
		"upstream ends first":            {"-a-b-|", "-------x", "-a-b-|", nil},
		"only its first item counts":     {"a---b|", "-x-x-x", "a|", nil},
		"a notifier that completes":      {"a-b-|", "-|", "a-b-|", nil},
		"a notifier that never ends":     {"a-b-|", "-----", "a-b-|", nil},
		"a notifier that fails":          {"a-b-|", "-#", "a#", nil},
		"a notifier that fails too late": {"a-b-|", "-x#", "a|", nil},
		"an error at first":              {"#", "-x", "#", nil},
		"an error before the cut":        {"a#", "--x", "a#", nil},
		"an error behind the cut":        {"a--#", "-x", "a|", nil},
		"a busy downstream":              {"ab-c|", "-x", "a---|", []tptest.Option{tptest.Busy(4 * tptest.Step)}},
		"a busy downstream, a failure":   {"ab-c|", "-#", "a---#", []tptest.Option{tptest.Busy(4 * tptest.Step), tptest.Once()}},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				notifier := tptest.Cold[string](s, c.notifier, nil)
				tptest.Expect(s, operators.TakeUntil[string](notifier)(tptest.Cold[string](s, c.in, nil)), c.out, nil, c.opts...)
			})
		})
	}
	requireInvalid(t, operators.TakeUntil[int](turbopipes.Observable[int]{}), "TakeUntil: notifier is the zero Observable")
}

// Both streams are subscribed at once. Whichever ends TakeUntil, the other is reaped
// first.
func TestTakeUntilReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		in := tptest.Cold[string](s, "a-b-c-d", nil, tptest.Unwinds(3*tptest.Step), tptest.Subscribed("^-----!"))
		notifier := tptest.Cold[string](s, "---x", nil, tptest.Subscribed("^--!"))
		tptest.Expect(s, operators.TakeUntil[string](notifier)(in), "a-b---|", nil, tptest.Once())
	})
	tptest.Run(t, func(s *tptest.Scenario) {
		in := tptest.Cold[string](s, "a-b|", nil, tptest.Subscribed("^--!"))
		notifier := tptest.Cold[string](s, "------x", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!"))
		tptest.Expect(s, operators.TakeUntil[string](notifier)(in), "a-b--|", nil, tptest.Once())
	})
}

// The error that upstream returns because of the cut is its end. The errors of its
// clean-up and of the notifier's clean-up are reported.
func TestTakeUntilCleanUp(t *testing.T) {
	second := turbopipes.Timer(time.Second)
	bubble(t, "an echo", func(t *testing.T) {
		require.NoError(t, operators.TakeUntil[int](second)(failingCleanUp[int](nil)).Drain(t.Context()))
	})
	bubble(t, "upstream's", func(t *testing.T) {
		require.Equal(t, errLate, operators.TakeUntil[int](second)(failingCleanUp[int](errLate)).Drain(t.Context()))
	})
	bubble(t, "the notifier's", func(t *testing.T) {
		require.Equal(t, errLate, operators.TakeUntil[int](failingCleanUp[int](errLate))(second).Drain(t.Context()))
	})
	bubble(t, "a canceled that is none of ours", func(t *testing.T) {
		fails := turbopipes.Throw[int](context.Canceled)
		require.Equal(t, context.Canceled, operators.TakeUntil[int](turbopipes.Never[int]())(fails).Drain(t.Context()))
		require.Equal(t, context.Canceled, operators.TakeUntil[int](fails)(turbopipes.Never[int]()).Drain(t.Context()))
	})
	bubble(t, "behind the notifier's failure", func(t *testing.T) {
		require.EqualError(t, operators.TakeUntil[int](boom[int](time.Second))(failingCleanUp[int](errLate)).Drain(t.Context()), "boom\nlate")
	})
}

// An upstream that checks only the result of emit is cut off as well, whatever the notifier
// does. It does not fetch an item that nobody will take.
func TestTakeUntilCutsDeafSources(t *testing.T) {
	for name, c := range map[string]struct {
		end func()
		err error
	}{
		"an item":  {nil, nil},
		"an error": {func() {}, errBoom},
		"a panic":  {func() { panic(errBoom) }, errBoom},
		"a Goexit": {runtime.Goexit, turbopipes.ErrGoexit},
	} {
		bubble(t, name, func(t *testing.T) {
			notifier := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
				time.Sleep(2500 * time.Millisecond)
				if c.end == nil {
					emit(1)
					return nil
				}
				c.end()
				return errBoom
			})
			var source counting
			s := endedBy(t, operators.TakeUntil[int](notifier)(source.stream(10)), time.Second, 0, itself)
			require.Equal(t, []int{0, 1, 2}, s.items)
			require.Equal(t, 3*time.Second, s.took)
			require.ErrorIs(t, s.err, c.err)
			require.EqualValues(t, 3, source.begun.Load())

			s = endedBy(t, operators.TakeUntil[int](notifier)(deaf(9)), 0, 0, itself)
			require.Equal(t, []int{0, 1}, s.items, "between two items")
			require.Equal(t, 3*time.Second, s.took)
			require.ErrorIs(t, s.err, c.err)
		})
	}
}

// Items are not handed to another goroutine: upstream runs on the subscriber's
// goroutine, and waits for it.
func TestTakeUntilRunsInline(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		inside := false
		in := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			inside = true
			defer func() { inside = false }()
			emit(1)
			return nil
		})
		require.NoError(t, operators.TakeUntil[int](turbopipes.Never[int]())(in).Each(t.Context(), func(int) error {
			require.True(t, inside)
			return nil
		}))
	})
}

func TestTakeUntilGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		sums := operators.Reduce(0, func(sum, v int) int { return sum + v })(turbopipes.Interval(time.Second))
		s := endedBy(t, operators.TakeUntil[int](turbopipes.Timer(time.Hour))(sums), 0, 4500*time.Millisecond, stop)
		require.Equal(t, []int{0 + 1 + 2 + 3}, s.items, "the notifier's end is not its item")
		require.True(t, s.completed)
	})
}

func ExampleTakeUntil() {
	interrupts := make(chan os.Signal, 1) // for signal.Notify
	readings := operators.Concat(turbopipes.Never[int]())(turbopipes.Just(18, 21, 40))
	untilInterrupt := operators.TakeUntil[int](turbopipes.FromChannel(interrupts))
	err := untilInterrupt(readings).Each(context.Background(), func(degrees int) error {
		fmt.Println(degrees)
		if degrees == 40 {
			interrupts <- os.Interrupt
		}
		return nil
	})
	fmt.Println("done,", err)
	// Output:
	// 18
	// 21
	// 40
	// done, <nil>
}

func BenchmarkTakeUntil(b *testing.B) {
	benchmark(b, operators.TakeUntil[int](turbopipes.Never[int]()))
}
