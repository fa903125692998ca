package operators_test

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestMergeSorted(t *testing.T) {
	doc := tptest.DocDiagram(t, "merge_sorted.go", "MergeSorted")
	expectAll(t, map[string]drawn{
		"as documented":            {two(doc["a"], doc["b"]), doc["out"], nil},
		"case 29":                  {two("a---d-|", "-b-c---e|"), "1:a 4:b 4:c 7:d 7:e 8:|", nil},
		"none":                     {[]string{"-b-a|"}, "-b-a|", nil},
		"three":                    {[]string{"a---d---|", "-b---e--|", "--c---f-|"}, "2:a 4:b 5:c 6:d 8:e 8:f 8:|", nil},
		"empty ones":               {[]string{"--|", "a-|", "|"}, "--(a|)", nil},
		"all empty":                {two("-|", "--|"), "--|", nil},
		"nothing before its time":  {two("ab|", "----c|"), "4:a 4:b 4:c 5:|", nil},
		"one that never ends":      {two("a-|", "b---"), "a-b-!", nil},
		"one that says nothing":    {two("a-|", "----"), "----!", nil},
		"not ascending":            {two("c-a-|", "b--d|"), "0:b 3:c 3:a 4:d 4:|", nil},
		"an error at first":        {two("#", "a-|"), "#", nil},
		"an error later":           {two("a--#", "-b---"), "-a-#", nil},
		"an error in another":      {two("b-----", "a--#"), "a--#", nil},
		"an error behind an item":  {two("b-----", "-#"), "-#", nil},
		"a busy downstream":        {two("ac-|", "-b-|"), "1:a 6:b 11:c 16:|", busyFor(5)},
		"the other ends by itself": {two("a---|", "b|"), "0:a 4:b 4:|", nil},
	}, func(in []turbopipes.Observable[string]) turbopipes.Observable[string] {
		return operators.MergeSorted(cmp.Compare[string], in[1:]...)(in[0])
	})
	requireInvalid(t, operators.MergeSorted[int](nil), "MergeSorted: compare is nil")
	requireInvalid(t, operators.MergeSorted(cmp.Compare[int], turbopipes.Observable[int]{}), "MergeSorted: others[0] is the zero Observable")
	requirePanics(t, operators.MergeSorted(func(string, string) int { panic(errBoom) }, turbopipes.Just("b")))
}

// Of equal items upstream's comes first, then by the order of the arguments.
func TestMergeSortedIsStable(t *testing.T) {
	digit := func(a, b string) int { return strings.Compare(a[1:], b[1:]) }
	items, err := operators.MergeSorted(digit, turbopipes.Just("b1", "b2"), turbopipes.Just("c1", "c1", "c2"))(turbopipes.Just("a1", "a2", "a2")).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"a1", "b1", "c1", "c1", "a2", "a2", "b2", "c2"}, items)
}

func TestMergeSortedReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "-a----a-", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!"))
		b := tptest.Cold[string](s, "--b#", nil, tptest.Subscribed("^--!"))
		tptest.Expect(s, operators.MergeSorted(cmp.Compare[string], b)(a), "--a--#", nil, tptest.Once())
	})
	bubble(t, "clean-up fails", func(t *testing.T) {
		failing := failingCleanUp[int](errLate)
		require.EqualError(t, operators.MergeSorted(cmp.Compare[int], failing)(boom[int](time.Second)).Drain(t.Context()), "boom\nlate")
	})
}

// Each stream is one item ahead, and has another item in hand. Items that wait at an
// early end are counted.
func TestMergeSortedHoldsItsStreams(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a, b counting
		s := endedBy(t, operators.MergeSorted(cmp.Compare[int], b.stream(10))(a.stream(10)), time.Second, 2500*time.Millisecond, dispose)
		require.Equal(t, []int{0, 0, 1}, s.items)
		require.EqualValues(t, 4, a.accepted.Load()+b.accepted.Load(), "the third is with downstream, and the other stream's waits")
		require.EqualValues(t, 6, a.begun.Load()+b.begun.Load())
		require.EqualValues(t, 3, s.stats.Discarded)
	})
	for name, c := range map[string]struct {
		other turbopipes.Observable[int]
		end   func(*testing.T, *turbopipes.Subscription)
		err   error
		items []int
		lost  int64
	}{
		"a dispose":       {turbopipes.Never[int](), dispose, nil, nil, 1},
		"an error":        {boom[int](time.Second), itself, errBoom, nil, 1},
		"a completion":    {nothing(), itself, nil, []int{1}, 0},
		"a graceful stop": {turbopipes.Never[int](), stop, nil, []int{1}, 0},
	} {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, operators.MergeSorted(cmp.Compare[int], c.other)(turbopipes.Just(1)), 0, 5*time.Second, c.end)
			require.Equal(t, c.err, s.err)
			require.Equal(t, c.items, s.items)
			require.Equal(t, c.lost, s.stats.Discarded)
		})
	}
}

func ExampleMergeSorted() {
	monday, tuesday := turbopipes.Just("08:15 open", "12:00 lunch"), turbopipes.Just("09:30 call", "17:45 close")
	fmt.Println(operators.MergeSorted(strings.Compare, tuesday)(monday).Collect(context.Background()))
	// Output: [08:15 open 09:30 call 12:00 lunch 17:45 close] <nil>
}

func BenchmarkMergeSorted(b *testing.B) {
	for _, n := range []int{2, 16} {
		others := make([]turbopipes.Observable[int], n-1)
		for i := range others {
			others[i] = turbopipes.Range(0, 1024)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmark(b, operators.MergeSorted(cmp.Compare[int], others...)) })
	}
}
