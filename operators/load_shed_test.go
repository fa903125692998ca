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

func TestLoadShed(t *testing.T) {
	shed := operators.LoadShed[string](2, 4*tptest.Step)
	busy := tptest.Busy(5 * tptest.Step)
	tptest.Doc(t, "load_shed.go", "LoadShed", shed, busy)
	patient := operators.LoadShed[string](2, time.Hour)
	// The digits come first, of them the greatest.
	ranked := operators.LoadShed(2, time.Hour, operators.WithShedPriority(func(v string) int { return -int(v[0]) }))
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"a downstream that waits":      {shed, "a-----b|", "a-----b----|"},
		"the oldest falls":             {patient, "abcde---|", "a----d----e----|"},
		"as old as it may be":          {shed, "ab---|", "a----b----|"},
		"too old":                      {shed, "ab--c--|", "a----b----|"},
		"all too old":                  {shed, "a-bc-----|", "a----b----|"},
		"too old at the end":           {shed, "abc|", "a----b----|"},
		"the lowest falls":             {ranked, "x9b1---|", "x----9----1----|"},
		"also where it arrives":        {ranked, "x19b---|", "x----1----9----|"},
		"of equal ones the oldest":     {ranked, "xabb---|", "x----a----b----|"},
		"it comes in the order it did": {ranked, "xba1---|", "x----a----1----|"},
		"empty":                        {shed, "--|", "--|"},
		"never":                        {shed, "---", "---"},
		"an error at first":            {shed, "#", "#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, busy) })
	}
	// Once: it stays the first failure, though ctx ends while downstream works.
	tptest.Marbles(t, "abc-#", patient, "a----b----c----#", busy, tptest.Once())
	requireInvalid(t, operators.LoadShed[int](0, time.Second), "LoadShed: n is 0, want at least 1")
	requireInvalid(t, operators.LoadShed[int](1, 0), "LoadShed: maxAge is 0s, want more than 0")
	requireInvalid(t, operators.LoadShed(1, 1, operators.WithShedPriority[int](nil)), "LoadShed: WithShedPriority: priority is nil")
	requireInvalid(t, operators.LoadShed[int](1, 1, nil), "LoadShed: option 1 is nil")
}

func TestLoadShedTellsWhatFalls(t *testing.T) {
	for name, c := range map[string]struct {
		n       int
		maxAge  time.Duration
		hook    time.Duration // the time that the hook takes
		busy    time.Duration
		dropped []string
	}{
		"full, and too old":      {2, 2500 * time.Millisecond, time.Millisecond, 10 * time.Second, []string{"1@3s", "2@4.001s", "3@10s", "4@10.001s"}},
		"both at the same time":  {1, 400 * time.Millisecond, time.Second, 2500 * time.Millisecond, []string{"1@2s", "2@3s", "4@6.5s"}},
		"nothing, with patience": {9, time.Hour, time.Second, 2500 * time.Millisecond, nil},
	} {
		bubble(t, name, func(t *testing.T) {
			var dropped []string
			begin := time.Now()
			calls := 0
			o := operators.LoadShed(c.n, c.maxAge, operators.OnDrop(func(v int) {
				calls++
				require.Equal(t, 1, calls, "one call at a time")
				dropped = append(dropped, fmt.Sprint(v, "@", time.Since(begin)))
				time.Sleep(c.hook)
				calls--
			}))(paced(5, time.Second))
			s := o.Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(int) { time.Sleep(c.busy) }})
			require.NoError(t, s.Wait())
			require.Equal(t, c.dropped, dropped)
			require.Equal(t, turbopipes.Stats{Delivered: int64(5 - len(dropped)), Dropped: int64(len(dropped))}, s.Stats())
		})
	}
}

// A panic of the hook, or of the priority, ends the stream, and all is counted.
func TestLoadShedPanics(t *testing.T) {
	hook := func(on int) operators.DropHook[int] {
		return operators.OnDrop(func(v int) {
			if v == on {
				panic(errBoom)
			}
		})
	}
	for name, c := range map[string]struct {
		op    turbopipes.Operator[int, int]
		got   []int
		stats turbopipes.Stats
	}{
		"the hook, full":    {operators.LoadShed(2, time.Hour, hook(1)), []int{0, 2, 3}, turbopipes.Stats{Delivered: 3, Dropped: 1}},
		"the hook, too old": {operators.LoadShed(3, 8*time.Second, hook(1)), []int{0}, turbopipes.Stats{Delivered: 1, Dropped: 1, Discarded: 2}},
		"the priority": {operators.LoadShed(2, time.Hour, operators.WithShedPriority(func(v int) int {
			if v == 2 {
				panic(errBoom)
			}
			return v
		})), []int{0, 1}, turbopipes.Stats{Delivered: 2, Dropped: 1}},
	} {
		bubble(t, name, func(t *testing.T) {
			var got []int
			s := c.op(paced(4, time.Second)).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) { got = append(got, v); time.Sleep(9500 * time.Millisecond) }})
			require.ErrorIs(t, s.Wait(), errBoom)
			require.Equal(t, c.got, got)
			require.Equal(t, c.stats, s.Stats())
		})
	}
}

func ExampleLoadShed() {
	requests := turbopipes.Range(1, 4)
	answered := 0
	shed := operators.LoadShed(100, time.Second, operators.OnDrop(func(int) { /* answer 503 */ }))(requests)
	err := shed.Each(context.Background(), func(int) error { answered++; return nil })
	fmt.Println(answered, err)
	// Output: 4 <nil>
}

func BenchmarkLoadShed(b *testing.B) {
	b.Run("plain", func(b *testing.B) { benchmark(b, operators.LoadShed[int](64, time.Hour)) })
	b.Run("by priority", func(b *testing.B) {
		benchmark(b, operators.LoadShed(64, time.Hour, operators.WithShedPriority(func(v int) int { return v % 7 })))
	})
}
