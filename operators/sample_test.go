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

func TestSample(t *testing.T) {
	doc := tptest.DocDiagram(t, "sample.go", "Sample")
	last, busy := []operators.SampleOption{operators.EmitLast()}, tptest.Busy(7*tptest.Step)
	for name, c := range map[string]struct {
		in, notifier, out string
		opts              []operators.SampleOption
		also              []tptest.Option
	}{
		"as documented":                  {doc["in"], doc["notifier"], doc["out"], nil, nil}, // 7
		"the last":                       {"a-bc---d-e|", "-x--x-x--|", "-a--c-----(e|)", last, nil},
		"the last, which is out already": {"a-b-|", "---x", "---b|", last, nil},
		"the last, without a notifier":   {"a-b|", "|", "---(b|)", last, nil},
		"empty":                          {"---|", "-x-x", "---|", nil, nil},
		"empty, with the last":           {"---|", "-x-x", "---|", last, nil},
		"a notifier that completes":      {"a-b-c-|", "-x|", "-a----|", nil, nil},
		"a notifier that completes, and then the last": {"a-b-c-|", "-x|", "-a----(c|)", last, nil},
		"a notifier that completes, and nothing more":  {"a----|", "-x|", "-a---|", last, nil},
		"a notifier that fails at first":               {"a-b|", "#", "#", last, nil},
		"a notifier that fails before any item":        {"---a|", "-#", "-#", nil, nil},
		"a notifier that fails behind the end":         {"a-|", "-x-#", "-a|", nil, nil},
		"the last, of none":                            {"-----|", "-x-x-|", "-----|", last, nil},
		"both empty":                                   {"|", "|", "|", nil, nil},
		"both empty, with the last":                    {"|", "|", "|", last, nil},
		"both silent":                                  {"----", "----", "----", last, nil},
		"busy: a notifier that completes meanwhile":    {"a-b-c----|", "-x-x|", "-a------b------c------|", last, []tptest.Option{busy}},
		"a notifier without an item":                   {"a-b-c-|", "----", "------|", nil, nil},
		"a notifier that fails":                        {"a-b-c-|", "-x-#", "-a-#", nil, nil},
		"a notifier that fails, and the last":          {"a-b-c-|", "-x-#", "-a-#", last, nil},
		"an error at first":                            {"#", "-x", "#", nil, nil},
		"an error later":                               {"a-b#", "-x", "-a-#", last, nil},
		"busy: the notifier is heard":                  {"a-b-c------|", "-x-x--------|", "-a------b------|", nil, []tptest.Option{busy}},
		"busy: the newest of what it lets":             {"a-b-c-d----|", "-x-x-x------|", "-a------c------|", nil, []tptest.Option{busy}},
		"busy: the last":                               {"a-b|", "-x------|", "-a------b------|", last, []tptest.Option{busy}},
		"busy: not the last":                           {"a-b|", "-x------|", "-a------|", nil, []tptest.Option{busy}},
		"busy: what was let through, then #":           {"a-b-#", "-x-x----|", "-a------b------#", nil, []tptest.Option{busy, tptest.Once()}},
		"busy: not what was not":                       {"a-b-#", "-x------|", "-a------#", last, []tptest.Option{busy, tptest.Once()}},
		"busy: a notifier's #":                         {"a-b-----", "-x-x#", "-a------b------#", nil, []tptest.Option{busy, tptest.Once()}},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				notifier := tptest.Cold[string](s, c.notifier, nil)
				sample := operators.Sample[string](notifier, c.opts...)
				tptest.Expect(s, sample(tptest.Cold[string](s, c.in, nil)), c.out, nil, c.also...)
			})
		})
	}
	requireInvalid(t, operators.Sample[int](turbopipes.Observable[int]{}), "Sample: notifier is the zero Observable")
	requireInvalid(t, operators.Sample[int](turbopipes.Never[int](), nil), "Sample: option 1 is nil")
}

// Both streams are subscribed at once. Whichever ends Sample, the other is reaped
// first.
func TestSampleReaps(t *testing.T) {
	for name, c := range map[string]struct {
		in, inLives, notifier, notifierLives, out string
	}{
		"upstream ends":      {"a-b|", "^--!", "-x-----", "^----!", "-a---|"},
		"the notifier fails": {"a-b----", "^----!", "-x-#", "^--!", "-a---#"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				in := tptest.Cold[string](s, c.in, nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed(c.inLives))
				notifier := tptest.Cold[string](s, c.notifier, nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed(c.notifierLives))
				tptest.Expect(s, operators.Sample[string](notifier)(in), c.out, nil, tptest.Once())
			})
		})
	}
	bubble(t, "a panic of the notifier", func(t *testing.T) {
		panics := operators.Map(func(int) int { panic(errBoom) })(turbopipes.Timer(time.Second))
		p := (*turbopipes.PanicError)(nil)
		require.ErrorAs(t, operators.Sample[int](panics)(turbopipes.Never[int]()).Drain(t.Context()), &p)
		require.Equal(t, errBoom, p.Value)
	})
	bubble(t, "a clean-up that fails", func(t *testing.T) {
		in := operators.Concat(failingCleanUp[int](errLate))(turbopipes.Just(1))
		err := operators.Sample[int](turbopipes.Interval(time.Second))(in).Each(t.Context(), func(int) error { return errBoom })
		require.EqualError(t, err, "boom\nlate")
	})
}

// Items that wait at an early end count as discarded. Items that a completion drops do
// not.
func TestSampleDiscards(t *testing.T) {
	ticks := turbopipes.Interval(2 * time.Second)
	for name, c := range map[string]struct {
		in   turbopipes.Observable[int]
		busy time.Duration
		end  func(*testing.T, *turbopipes.Subscription)
		lost int64
		err  error
	}{
		"withheld":         {silent(timed(3)), 0, dispose, 1, nil},
		"let through":      {silent(timed(1, 3)), 9 * time.Second, dispose, 1, nil},
		"at a completion":  {timed(1, 3), 0, itself, 0, nil},
		"at a stop":        {silent(timed(1, 3)), 0, stop, 0, nil},
		"behind a failure": {operators.Concat(turbopipes.Throw[int](errBoom))(timed(1, 3)), 0, itself, 1, errBoom},
	} {
		bubble(t, name, func(t *testing.T) {
			after := 3500 * time.Millisecond
			if c.busy > 0 {
				after = 5 * time.Second
			}
			s := endedBy(t, operators.Sample[int](ticks)(c.in), c.busy, after, c.end)
			require.Equal(t, c.err, s.err)
			require.Equal(t, c.lost, s.stats.Discarded)
		})
	}
}

// Neither upstream nor the notifier waits for downstream, and a stop ends both.
func TestSampleNeverHolds(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var in, notifier counting
		sample := operators.Sample[int](operators.Concat(notifier.stream(1000))(turbopipes.Empty[int]()), operators.EmitLast())
		slow := operators.Map(func(v int) int { time.Sleep(time.Millisecond); return v })
		s := endedBy(t, sample(slow(in.stream(1000))), time.Hour, time.Minute, itself)
		require.EqualValues(t, 1000, in.accepted.Load())
		require.EqualValues(t, 1000, notifier.accepted.Load())
		require.Equal(t, 999, s.items[len(s.items)-1])
		require.NoError(t, s.err)
	})
	bubble(t, "a graceful stop", func(t *testing.T) {
		sample := operators.Sample[int](turbopipes.Interval(time.Hour), operators.EmitLast())
		s := endedBy(t, sample(turbopipes.Interval(time.Second)), 0, 3500*time.Millisecond, stop)
		require.Equal(t, []int{2}, s.items)
		require.True(t, s.completed)
		require.Equal(t, 3500*time.Millisecond, s.took)
	})
}

func ExampleSample() {
	prices := turbopipes.Just(101, 99, 104)
	minutes := turbopipes.Interval(time.Minute)
	shown := operators.Sample[int](minutes, operators.EmitLast())(prices)
	fmt.Println(shown.Collect(context.Background()))
	// Output: [104] <nil>
}

func BenchmarkSample(b *testing.B) { benchmark(b, operators.Sample[int](turbopipes.Never[int]())) }
