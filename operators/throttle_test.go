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

// throttled returns a Throttle with windows of so many columns.
func throttled(d int, opts ...operators.ThrottleOption) turbopipes.Operator[string, string] {
	return operators.Throttle[string](time.Duration(d)*tptest.Step, opts...)
}

func TestThrottle(t *testing.T) {
	tptest.Doc(t, "throttle.go", "Throttle", throttled(4)) // 3
	trailing, only := operators.WithEdge(operators.BothEdges), operators.WithEdge(operators.TrailingEdge)
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"empty":                              {throttled(4), "--|", "--|"},
		"an error at first":                  {throttled(4), "#", "#"},
		"an error in a window":               {throttled(4), "-ab#", "-a-#"},
		"an error behind one":                {throttled(4), "-ab----#", "-a-----#"},
		"an item at the end of a window":     {throttled(3), "ab-cd-|", "a--c--|"},
		"windows don't follow one another":   {throttled(3), "a----b-c|", "a----b--|"},
		"completion does not wait":           {throttled(9), "ab|", "a-|"},
		"never ends":                         {throttled(3), "ab--c---", "a---c---"},
		"trailing":                           {throttled(4, trailing), "abc--d-e--|", "a---c---e-|"}, // 4
		"trailing, completion waits":         {throttled(5, trailing), "ab|", "a----(b|)"},           // 5
		"trailing, completion need not wait": {throttled(5, trailing), "a-|", "a-|"},
		"trailing, an error does not wait":   {throttled(5, trailing), "ab-#", "a--#"},
		"trailing, empty":                    {throttled(5, trailing), "---|", "---|"},
		"trailing, an idle window just ends": {throttled(3, trailing), "a-----bc----d-|", "a-----b--c--d-|"},
		"trailing, an emission opens one":    {throttled(3, trailing), "ab--c--d------e|", "a--b--c--d----e|"},
		"trailing, an item at the deadline":  {throttled(3, trailing), "ab-c----|", "a--b--c-|"},
		"trailing, an idle one's deadline":   {throttled(3, trailing), "a--bc---|", "a--b--c-|"},
		"trailing only":                      {throttled(4, only), "abc-----d---------|", "----c-------d-----|"},
		"trailing only, completion waits":    {throttled(4, only), "a-|", "----(a|)"},
		"trailing only, an error drops":      {throttled(4, only), "a--#", "---#"},
		"trailing only, an emission opens":   {throttled(4, only), "a----b-----|", "----a---b--|"},
		"trailing only, an item at the end":  {throttled(4, only), "a---b-----|", "----a---b-|"},
		"trailing only, empty":               {throttled(4, only), "-|", "-|"},
		"trailing only, an error at first":   {throttled(4, only), "#", "#"},
		"trailing only, an error much later": {throttled(4, only), "a-----#", "----a-#"},
		"trailing only, a window of its own": {throttled(2, only), "a----b---|", "--a----b-|"},
		"trailing only, windows one by one":  {throttled(2, only), "abcdefg---|", "--b-d-f-g-|"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out) })
	}
	for text, op := range map[string]turbopipes.Operator[int, int]{
		"window is 0s, want more than 0": operators.Throttle[int](0),
		"option 1 is nil":                operators.Throttle[int](1, nil),
		"WithEdge: edge is 4, want LeadingEdge, TrailingEdge or BothEdges": operators.Throttle[int](1, operators.WithEdge(4)),
	} {
		requireInvalid(t, op, "Throttle: "+text)
	}
	requireInvalid(t, operators.Throttle[int](-1), "Throttle: window is -1ns, want more than 0")
}

// Windows go on while downstream is busy, and the newest of their items waits.
func TestThrottleBusyDownstream(t *testing.T) {
	trailing, only := operators.WithEdge(operators.BothEdges), operators.WithEdge(operators.TrailingEdge)
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"the first of a window waits":         {throttled(3), "a---bc-----|", "a------b------|"},
		"that of a newer window overtakes it": {throttled(2), "a-bc-d------|", "0:a 7:d 14:|"},
		"completion comes meanwhile":          {throttled(3), "a---b|", "a------b------|"},
		"trailing, its time has passed":       {throttled(2, trailing), "ab-----------|", "a------b------|"},
		"trailing, windows have passed":       {throttled(2, trailing), "ab-cd---------|", "0:a 7:d 14:|"},
		"trailing, its time has not passed":   {throttled(9, trailing), "ab---------------|", "0:a 9:b 17:|"},
		"trailing, and one whose has":         {throttled(4, trailing), "ab---c----------------|", "0:a 7:b 14:c 22:|"},
		"trailing only":                       {throttled(2, only), "ab-cd---------|", "--b------d------|"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, tptest.Busy(7*tptest.Step)) })
	}
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"what came before an error is out":    {throttled(3), "a---b#", "a------b------#"},
		"and what was due":                    {throttled(2, trailing), "ab-#", "a------b------#"},
		"but not what was not":                {throttled(5, trailing), "ab-#", "a------#"},
		"not even if its time passes by then": {throttled(5, trailing), "a-b-#", "a------#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, tptest.Busy(7*tptest.Step), tptest.Once()) })
	}
}

// Of several items in one instant, the first is emitted, however the goroutines are
// scheduled. It is emitted before a failure in that instant.
func TestThrottleSameInstant(t *testing.T) {
	for range 100 {
		bubble(t, "", func(t *testing.T) {
			in := operators.Concat(turbopipes.Throw[int](errBoom))(turbopipes.Just(1, 2, 3))
			for _, c := range []struct {
				opts  []operators.ThrottleOption
				items []int
			}{
				{nil, []int{1}},
				{[]operators.ThrottleOption{operators.WithEdge(operators.BothEdges)}, []int{1}},
				{[]operators.ThrottleOption{operators.WithEdge(operators.TrailingEdge)}, nil},
			} {
				s := endedBy(t, operators.Throttle[int](time.Second, c.opts...)(in), 0, 0, itself)
				require.Equal(t, c.items, s.items)
				require.Equal(t, errBoom, s.err)
			}
		})
	}
}

// At an early end, two kinds of items count as discarded: an item that is withheld, and
// an item that waits for downstream.
func TestThrottleDiscards(t *testing.T) {
	items := func(at ...time.Duration) turbopipes.Observable[int] { return silent(timed(at...)) }
	trailing, only := operators.WithEdge(operators.BothEdges), operators.WithEdge(operators.TrailingEdge)
	for name, c := range map[string]struct {
		in    turbopipes.Observable[int]
		d     time.Duration
		opts  []operators.ThrottleOption
		items []int
		lost  int64
	}{
		"nothing":                 {items(0), 2, nil, []int{0}, 0},
		"not what a window drops": {items(0, 1, 2), 20, nil, []int{0}, 0},
		"one that waits":          {items(0, 3), 2, nil, []int{0}, 1},
		"a trailing one":          {items(0, 1), 20, []operators.ThrottleOption{trailing}, []int{0}, 1},
		"both":                    {items(0, 1, 5), 4, []operators.ThrottleOption{trailing}, []int{0}, 2},
		"a trailing one only":     {items(0, 1), 20, []operators.ThrottleOption{only}, nil, 1},
	} {
		bubble(t, name, func(t *testing.T) {
			throttle := operators.Throttle[int](c.d*time.Second, c.opts...)
			s := endedBy(t, throttle(c.in), 9*time.Second, 6500*time.Millisecond, dispose)
			require.Equal(t, c.items, s.items)
			require.Equal(t, c.lost, s.stats.Discarded)
		})
	}
	bubble(t, "an error", func(t *testing.T) {
		throttle := operators.Throttle[int](5*time.Second, trailing)
		s := endedBy(t, throttle(operators.Concat(turbopipes.Throw[int](errBoom))(timed(0, 1))), 0, 0, itself)
		require.Equal(t, errBoom, s.err)
		require.Equal(t, []int{0}, s.items)
		require.EqualValues(t, 1, s.stats.Discarded)
	})
}

// A stop is a completion, and the item that waits is due at once.
func TestThrottleGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		throttle := operators.Throttle[int](5*time.Second, operators.WithEdge(operators.BothEdges))
		s := endedBy(t, throttle(turbopipes.Interval(time.Second)), 0, 3500*time.Millisecond, stop)
		require.Equal(t, []int{0, 2}, s.items)
		require.True(t, s.completed)
		require.Equal(t, 3500*time.Millisecond, s.took)
		require.Zero(t, s.stats.Discarded)
	})
}

// Upstream never waits.
func TestThrottleNeverHolds(t *testing.T) {
	for _, opts := range [][]operators.ThrottleOption{nil, {operators.WithEdge(operators.BothEdges)}, {operators.WithEdge(operators.TrailingEdge)}} {
		bubble(t, "", func(t *testing.T) {
			var c counting
			s := endedBy(t, operators.Throttle[int](time.Second, opts...)(c.stream(1000)), time.Hour, time.Minute, itself)
			require.EqualValues(t, 1000, c.accepted.Load())
			require.NoError(t, s.err)
			require.LessOrEqual(t, len(s.items), 2)
		})
	}
}

// Upstream is reaped, also if its clean-up fails, and the failure is reported.
func TestThrottleCleanUp(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		in := operators.Merge(failingCleanUp[int](errLate))(turbopipes.Timer(time.Second))
		err := operators.Throttle[int](time.Second)(in).Each(t.Context(), func(int) error { return errBoom })
		require.EqualError(t, err, "boom\nlate")
	})
}

func ExampleThrottle() {
	clicks := turbopipes.Just("buy", "buy", "buy") // a nervous finger
	oncePerMinute := operators.Throttle[string](time.Minute)
	fmt.Println(oncePerMinute(clicks).Collect(context.Background()))
	// Output: [buy] <nil>
}

func ExampleWithEdge() {
	progress := turbopipes.Range(1, 100) // per cent
	// Draws the first state at once, then the newest one every 20 ms.
	drawn := operators.Throttle[int](20*time.Millisecond, operators.WithEdge(operators.BothEdges))(progress)
	states, err := drawn.Collect(context.Background())
	fmt.Println(states[0], states[len(states)-1], err)
	// Output: 1 100 <nil>
}

func BenchmarkThrottle(b *testing.B) { benchmark(b, operators.Throttle[int](time.Hour)) }

func BenchmarkThrottleTrailing(b *testing.B) {
	benchmark(b, operators.Throttle[int](time.Microsecond, operators.WithEdge(operators.BothEdges)))
}
