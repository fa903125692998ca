package operators_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestSkipUntil(t *testing.T) {
	doc := tptest.DocDiagram(t, "skip_until.go", "SkipUntil")
	for name, c := range map[string]struct {
		in, notifier, out string
		opts              []tptest.Option
	}{
		"as documented":                {doc["in"], doc["notifier"], doc["out"], nil},
		"empty":                        {"--|", "-x", "--|", nil},
		"upstream ends first":          {"a-b|", "------x", "---|", nil},
		"only its first item counts":   {"a-b-c-d|", "-x-x-#", "--b-c-d|", nil},
		"a notifier that completes":    {"a-b-c|", "-|", "-----|", nil},
		"a notifier that never ends":   {"a-b-c|", "-----", "-----|", nil},
		"a notifier that fails":        {"a-b-c|", "-#", "-#", nil},
		"an error at first":            {"#", "-x", "#", nil},
		"an error of what it skips":    {"a#", "--x", "-#", nil},
		"an error behind the notifier": {"a-b#", "-x", "--b#", nil},
		"a busy downstream":            {"a-bc-d|", "-x", "2:b 6:c 10:d 14:|", []tptest.Option{tptest.Busy(4 * tptest.Step)}},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				notifier := tptest.Cold[string](s, c.notifier, nil)
				tptest.Expect(s, operators.SkipUntil[string](notifier)(tptest.Cold[string](s, c.in, nil)), c.out, nil, c.opts...)
			})
		})
	}
	requireInvalid(t, operators.SkipUntil[int](turbopipes.Observable[int]{}), "SkipUntil: notifier is the zero Observable")
}

// Both are subscribed at once. The notifier is stopped at its first item, and
// whichever ends it, the other is reaped first.
func TestSkipUntilReaps(t *testing.T) {
	for name, c := range map[string]struct {
		in, inLives, notifier, notifierLives, out string
	}{
		"the notifier's item": {"a-b-c-|", "^-----!", "-x----x", "^--!", "--b-c-|"},
		"upstream ends":       {"a-b|", "^--!", "-------x", "^----!", "-----|"},
		"the notifier fails":  {"a-b----", "^---!", "--#", "^-!", "----#"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				in := tptest.Cold[string](s, c.in, nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed(c.inLives))
				notifier := tptest.Cold[string](s, c.notifier, nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed(c.notifierLives))
				tptest.Expect(s, operators.SkipUntil[string](notifier)(in), c.out, nil, tptest.Once())
			})
		})
	}
}

func TestSkipUntilCleanUp(t *testing.T) {
	second := turbopipes.Timer(time.Second)
	bubble(t, "an echo", func(t *testing.T) {
		require.NoError(t, operators.SkipUntil[int](failingCleanUp[int](nil))(second).Drain(t.Context()))
	})
	bubble(t, "the notifier's", func(t *testing.T) {
		require.Equal(t, errLate, operators.SkipUntil[int](failingCleanUp[int](errLate))(second).Drain(t.Context()))
	})
	bubble(t, "behind the notifier's failure", func(t *testing.T) {
		require.EqualError(t, operators.SkipUntil[int](boom[int](time.Second))(failingCleanUp[int](errLate)).Drain(t.Context()), "boom\nlate")
	})
	bubble(t, "the notifier's, behind its item", func(t *testing.T) {
		notifier := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			emit(1)
			return errLate
		})
		require.Equal(t, errLate, operators.SkipUntil[int](notifier)(turbopipes.Never[int]()).Drain(t.Context()))
	})
}

// An upstream that checks only the result of emit is cut off when the notifier fails,
// and does not fetch an item that nobody will take.
func TestSkipUntilCutsDeafSources(t *testing.T) {
	for name, c := range map[string]struct {
		end func()
		err error
	}{
		"an error": {func() {}, errBoom},
		"a panic":  {func() { panic(errBoom) }, errBoom},
		"a Goexit": {runtime.Goexit, turbopipes.ErrGoexit},
	} {
		bubble(t, name, func(t *testing.T) {
			notifier := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
				require.False(t, emit(1))
				time.Sleep(2500 * time.Millisecond)
				c.end()
				return errBoom
			})
			s := endedBy(t, operators.SkipUntil[int](notifier)(deaf(9)), 0, 0, itself)
			require.Equal(t, []int{0, 1}, s.items)
			require.Equal(t, 3*time.Second, s.took)
			require.ErrorIs(t, s.err, c.err)
			var source counting
			busy := operators.SkipUntil[int](notifier)(operators.Concat(source.stream(10))(turbopipes.Timer(time.Second)))
			s = endedBy(t, busy, time.Second, 0, itself)
			require.Equal(t, 3*time.Second, s.took)
			require.EqualValues(t, 1, source.begun.Load())
		})
	}
}

func TestSkipUntilGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		sums := operators.Scan(0, func(sum, v int) int { return sum + v })(turbopipes.Interval(time.Second))
		s := endedBy(t, operators.SkipUntil[int](turbopipes.Timer(time.Hour))(sums), 0, 4500*time.Millisecond, stop)
		require.Empty(t, s.items, "the notifier's end is not its item")
		require.True(t, s.completed)
		require.Zero(t, s.stats.Discarded)
	})
}

func ExampleSkipUntil() {
	warm, heard := make(chan bool, 1), make(chan int)
	warmUp := operators.Finally[int](func() { warm <- true })(turbopipes.Just(3, 9))
	signal := operators.Finally[bool](func() { close(heard) })(turbopipes.FromChannel(warm))
	readings := operators.Concat(turbopipes.FromChannel(heard), turbopipes.Just(20, 21))(warmUp)
	usable := operators.SkipUntil[int](signal)(readings)
	fmt.Println(usable.Collect(context.Background()))
	// Output: [20 21] <nil>
}

func BenchmarkSkipUntil(b *testing.B) {
	benchmark(b, operators.SkipUntil[int](turbopipes.Just(1)))
}
