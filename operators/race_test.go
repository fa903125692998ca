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

func TestRace(t *testing.T) {
	doc := tptest.DocDiagram(t, "race.go", "Race")
	expectAll(t, map[string]drawn{
		"as documented":            {two(doc["a"], doc["b"]), doc["out"], nil},
		"none":                     {[]string{"-a-|"}, "-a-|", nil},
		"upstream is first":        {two("-a---a|", "--b--|"), "-a---a|", nil},
		"the last is first":        {[]string{"---a|", "--b|", "-c---c|"}, "-c---c|", nil},
		"an end is first":          {two("--a|", "-|"), "-|", nil},
		"upstream's end is first":  {two("-|", "--a|"), "-|", nil},
		"an error is first":        {two("--a|", "-#"), "-#", nil},
		"upstream's error is":      {two("#", "--a|"), "#", nil},
		"the first fails later":    {two("-a--#", "--b----|"), "-a--#", nil},
		"another's error is none":  {two("-a---a|", "--#"), "-a---a|", nil},
		"the first never ends":     {two("-a---", "--b|"), "-a---!", nil},
		"nobody comes":             {two("----", "----"), "----!", nil},
		"a busy downstream":        {two("-ab|", "--b|"), "1:a 6:b 11:|", busyFor(5)},
		"beside one without items": {two("----", "--b-|"), "--b-|", nil},
	}, func(in []turbopipes.Observable[string]) turbopipes.Observable[string] {
		return operators.Race(in[1:]...)(in[0])
	})
	requireInvalid(t, operators.Race(turbopipes.Just(1), turbopipes.Observable[int]{}), "Race: others[1] is the zero Observable")
}

// All streams begin at once. The first item of the winner cancels the others. This
// item does not wait for them, but the end of the stream does.
func TestRaceReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "---a", nil, tptest.Unwinds(4*tptest.Step), tptest.Subscribed("^----!"))
		b := tptest.Cold[string](s, "-bc|", nil, tptest.Subscribed("^--!"))
		tptest.Expect(s, operators.Race(b)(a), "-bc--|", nil, tptest.Once())
	})
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "-#", nil, tptest.Subscribed("^!"))
		b := tptest.Cold[string](s, "---b", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^--!"))
		tptest.Expect(s, operators.Race(b)(a), "---#", nil, tptest.Once())
	})
}

// onCancel waits for the end of its ctx, and ends as end does.
func onCancel(end func(ctx context.Context) error) turbopipes.Observable[int] {
	return turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
		<-ctx.Done()
		return end(ctx)
	})
}

// The ends of the losers are ignored, except for a clean-up that fails and a panic.
// These do not end the winner.
func TestRaceOthersEnd(t *testing.T) {
	failed := func(context.Context) error { return errLate }
	echo := func(ctx context.Context) error { return fmt.Errorf("fetch: %w", ctx.Err()) }
	for name, c := range map[string]struct {
		other turbopipes.Observable[int]
		err   error
	}{
		"an echo":                 {onCancel(echo), nil},
		"the cause":               {onCancel(context.Cause), nil},
		"an error of its own":     {onCancel(failed), nil},
		"a clean-up that fails":   {failingCleanUp[int](errLate), errLate},
		"one that takes its time": {onCancel(func(context.Context) error { time.Sleep(5 * time.Second); return errLate }), nil},
		"a panic":                 {onCancel(func(context.Context) error { panic(errLate) }), errLate},
	} {
		bubble(t, name, func(t *testing.T) {
			items, err := operators.Race(c.other)(timed(1, 2, 3)).Collect(t.Context())
			require.Equal(t, []int{0, 1, 2}, items)
			require.ErrorIs(t, err, c.err)
			first := operators.Concat(boom[int](time.Second))(timed(1))
			_, err = operators.Race(c.other)(first).Collect(t.Context())
			require.ErrorIs(t, err, errBoom)
			if c.err == nil {
				require.Equal(t, errBoom, err)
			}
			require.ErrorIs(t, operators.Race(first)(c.other).Drain(t.Context()), errBoom)
		})
	}
	bubble(t, "all are cancelled before one is first", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errBoom) })
		err := operators.Race(onCancel(failed), onCancel(echo))(onCancel(context.Cause)).Drain(ctx)
		require.ErrorIs(t, err, errLate, "then it is a clean-up's failure")
	})
}

// The first stream waits for a busy downstream, with one item in hand, and
// nothing is lost.
func TestRaceHolds(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a counting
		s := endedBy(t, operators.Race(turbopipes.Never[int]())(a.stream(100)), time.Second, 2500*time.Millisecond, dispose)
		require.Equal(t, []int{0, 1, 2}, s.items)
		require.EqualValues(t, 3, a.accepted.Load())
		require.EqualValues(t, 4, a.begun.Load())
		require.EqualValues(t, 1, s.stats.Discarded, "in upstream's hand")
	})
}

// However close together the first items come, all items are from one stream.
func TestRaceHasOneWinner(t *testing.T) {
	for range 200 {
		streams := make([]turbopipes.Observable[int], 8)
		for i := range streams {
			streams[i] = operators.Map(func(v int) int { return 100*i + v })(turbopipes.Range(0, 20))
		}
		items, err := operators.Race(streams[1:]...)(streams[0]).Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, items, 20)
		for i, v := range items {
			require.Equal(t, items[0]+i, v)
		}
	}
}

func TestRaceGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		count := operators.Reduce(100, func(n, _ int) int { return n + 1 })
		early := operators.Concat(count(turbopipes.Interval(time.Second)))(turbopipes.Just(1))
		s := endedBy(t, operators.Race(early)(turbopipes.Never[int]()), 0, 5*time.Second+1, stop)
		require.Equal(t, []int{1, 105}, s.items, "the Reduce flushes")
		require.True(t, s.completed)
	})
}

func ExampleRace() {
	mirror := func(name string, answers time.Duration) turbopipes.Observable[string] {
		return operators.Map(func(int) string { return "from " + name })(turbopipes.Timer(answers))
	}
	fastest := operators.Race(mirror("near", time.Millisecond), mirror("far", time.Minute))(turbopipes.Never[string]())
	fmt.Println(fastest.Collect(context.Background()))
	// Output: [from near] <nil>
}

func BenchmarkRace(b *testing.B) { benchmark(b, operators.Race(turbopipes.Never[int]())) }
