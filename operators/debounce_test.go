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

// debounced returns a Debounce with a quiet time of so many columns.
func debounced(quiet int, opts ...operators.DebounceOption) turbopipes.Operator[string, string] {
	return operators.Debounce[string](time.Duration(quiet)*tptest.Step, opts...)
}

func TestDebounce(t *testing.T) {
	tptest.Doc(t, "debounce.go", "Debounce", debounced(3))
	leading, most := operators.WithEdge(operators.BothEdges), operators.WithMaxWait(5*tptest.Step)
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"a burst":                           {debounced(3), "abcd----e---f-g----|", "------d----e-----g-|"},
		"completion flushes":                {debounced(3), "ab-c----d-|", "------c---(d|)"}, // 1
		"an error drops what waits":         {debounced(3), "ab-#", "---#"},                  // 2
		"an error at first":                 {debounced(3), "#", "#"},
		"empty":                             {debounced(3), "----|", "----|"},
		"at its deadline an item is out":    {debounced(3), "a--b---|", "---a--b|"},
		"a quiet of 0":                      {debounced(0), "(ab)-c|", "(ab)-c|"},
		"leading":                           {debounced(3, leading), "abc-----d------|", "a----c--d------|"},
		"leading, in one instant":           {debounced(3, leading), "(abc)----(de)|", "0:a 3:c 9:d 12:e 13:|"},
		"leading, all at once":              {debounced(3, leading), "(abc|)", "0:a 0:c 0:|"},
		"leading, a burst of one":           {debounced(3, leading), "a-----b-|", "a-----b-|"},
		"leading, completion flushes":       {debounced(3, leading), "ab|", "a-(b|)"},
		"leading, an error drops":           {debounced(3, leading), "ab#", "a-#"},
		"leading, a new burst at the end":   {debounced(3, leading), "ab---c-|", "a---bc-|"},
		"at most so long":                   {debounced(3, most), "a-b-c-d-e-f-g----|", "-----c-----f---g-|"},
		"at most so long, quiet is shorter": {debounced(3, most), "a-b--------c-|", "-----b-------(c|)"},
		"both":                              {debounced(3, leading, most), "a-b-c-d-e-f-g----|", "a------d-----g---|"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out) })
	}
	for text, op := range map[string]turbopipes.Operator[int, int]{
		"quiet is -1ns, want at least 0":             operators.Debounce[int](-1),
		"option 1 is nil":                            operators.Debounce[int](1, nil),
		"WithMaxWait: limit is 0s, want more than 0": operators.Debounce[int](1, operators.WithMaxWait(0)),
	} {
		requireInvalid(t, op, "Debounce: "+text)
	}
}

// A busy downstream does not make upstream wait: the newest item replaces the waiting
// item, and time goes on.
func TestDebounceBusyDownstream(t *testing.T) {
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"the newest":                 {debounced(2), "abc--d-e------|", "----c------e------|"},
		"quiet passes meanwhile":     {debounced(2), "a---b--------|", "--a------b------|"},
		"quiet has not passed yet":   {debounced(3), "a------bc------|", "---a-------c------|"},
		"a burst of its own":         {debounced(2, operators.WithEdge(operators.BothEdges)), "a--b----|", "a------b------|"},
		"completion comes meanwhile": {debounced(2), "a---b|", "--a------b------|"},
		"a burst, and its first":     {debounced(4, operators.WithEdge(operators.BothEdges)), "a----bc-----|", "a------b------c------|"},
		"a quiet of 0 holds":         {debounced(0), "ab|", "a------b------|"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, tptest.Busy(7*tptest.Step)) })
	}
	t.Run("the limit is that of the first one which was overtaken", func(t *testing.T) {
		op := debounced(4, operators.WithMaxWait(5*tptest.Step))
		tptest.Marbles(t, "a-b-c-d-e-f-g-h-i-j-k-l-|", op, "-----c-----f-----i-----l-----|", tptest.Busy(6*tptest.Step))
	})
}

// Items that came before an error are received before it: a leading item is out.
func TestDebounceErrorBehindAnItem(t *testing.T) {
	for name, c := range map[string]struct{ in, out string }{
		"a leading one":       {"0:a 0:#", "0:a 0:#"},
		"with one that waits": {"0:a 1:b 5:c 5:#", "0:a 4:b 5:c 5:#"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Marbles(t, c.in, debounced(3, operators.WithEdge(operators.BothEdges)), c.out, tptest.Once())
		})
	}
	t.Run("a leading one that a busy downstream has kept waiting", func(t *testing.T) {
		op := debounced(2, operators.WithEdge(operators.BothEdges))
		tptest.Marbles(t, "a----c#", op, "a------c------#", tptest.Busy(7*tptest.Step), tptest.Once())
	})
	t.Run("not one whose time a busy downstream has kept waiting", func(t *testing.T) {
		tptest.Marbles(t, "a---b#", debounced(2), "--a------#", tptest.Busy(7*tptest.Step), tptest.Once())
	})
}

// At an early end, two kinds of items count as discarded: an item that is withheld, and
// items that have arrived meanwhile.
func TestDebounceDiscards(t *testing.T) {
	items := func(at ...time.Duration) turbopipes.Observable[int] { return silent(timed(at...)) }
	for name, c := range map[string]struct {
		in    turbopipes.Observable[int]
		quiet time.Duration
		opts  []operators.DebounceOption
		items []int
		lost  int64
	}{
		"withheld":                    {items(0), 20, nil, nil, 1},
		"in the slot":                 {items(0, 6), 2, nil, []int{0}, 1},
		"behind a leading one":        {items(0, 1), 20, []operators.DebounceOption{operators.WithEdge(operators.BothEdges)}, []int{0}, 1},
		"nothing":                     {items(0), 2, nil, []int{0}, 0},
		"what was overtaken does not": {items(0, 1, 2), 9, nil, nil, 1},
	} {
		bubble(t, name, func(t *testing.T) {
			debounce := operators.Debounce[int](c.quiet*time.Second, c.opts...)
			s := endedBy(t, debounce(c.in), 7*time.Second, 8500*time.Millisecond, dispose)
			require.Equal(t, c.items, s.items)
			require.Equal(t, c.lost, s.stats.Discarded)
		})
	}
	bubble(t, "an error", func(t *testing.T) {
		debounce := operators.Debounce[int](5 * time.Second)
		s := endedBy(t, debounce(operators.Concat(turbopipes.Throw[int](errBoom))(timed(0, 1))), 0, 0, itself)
		require.Equal(t, errBoom, s.err)
		require.EqualValues(t, 1, s.stats.Discarded)
	})
}

// A stop flushes an item that is withheld.
func TestDebounceGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		debounce := operators.Debounce[int](10 * time.Second)
		s := endedBy(t, debounce(turbopipes.Interval(time.Second)), 0, 3500*time.Millisecond, stop)
		require.Equal(t, []int{2}, s.items)
		require.True(t, s.completed)
		require.Equal(t, 3500*time.Millisecond, s.took)
		require.Zero(t, s.stats.Discarded)
	})
}

// Upstream never waits.
func TestDebounceNeverHolds(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var c counting
		s := endedBy(t, operators.Debounce[int](time.Second, operators.WithEdge(operators.BothEdges))(c.stream(1000)), time.Hour, time.Minute, itself)
		require.EqualValues(t, 1000, c.accepted.Load())
		require.NoError(t, s.err)
		require.Equal(t, 999, s.items[len(s.items)-1], "the last one comes")
		require.LessOrEqual(t, len(s.items), 3)
	})
}

// Upstream is reaped, also if its clean-up fails, and the failure is reported.
func TestDebounceCleanUp(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		in := operators.Merge(failingCleanUp[int](errLate))(turbopipes.Timer(time.Second))
		stopped := errors.New("stopped")
		err := operators.Debounce[int](time.Second)(in).Each(t.Context(), func(int) error { return stopped })
		require.EqualError(t, err, "stopped\nlate")
	})
}

func ExampleDebounce() {
	typed := turbopipes.Just("g", "go", "gop", "goph")
	settled := operators.Debounce[string](50 * time.Millisecond)(typed)
	_ = settled.Each(context.Background(), func(s string) error {
		_, err := fmt.Println(s)
		return err
	})
	// Output: goph
}

func ExampleWithMaxWait() {
	edits := turbopipes.Just("draft 1", "draft 2", "draft 3")
	// Saves when the typing stops, but every five seconds at least.
	saves := operators.Debounce[string](time.Second, operators.WithMaxWait(5*time.Second))(edits)
	fmt.Println(saves.Collect(context.Background()))
	// Output: [draft 3] <nil>
}

func BenchmarkDebounce(b *testing.B) { benchmark(b, operators.Debounce[int](time.Hour)) }
