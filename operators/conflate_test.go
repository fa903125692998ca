package operators_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func concat(a, b string) string { return a + b }

func TestConflate(t *testing.T) {
	conflate := operators.Conflate(func(v string) string { return v }, concat)
	busy := tptest.Busy(5 * tptest.Step)
	tptest.Doc(t, "conflate.go", "Conflate", conflate, busy)
	for name, c := range map[string]struct{ in, out string }{
		"a downstream that waits":     {"a-----b-----c|", "a-----b-----c----|"},
		"many":                        {"abcd|", "a----{bcd}----|"},
		"empty":                       {"--|", "--|"},
		"never":                       {"---", "---"},
		"an error at first":           {"#", "#"},
		"a completion while it works": {"a-|", "a----|"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, conflate, c.out, busy) })
	}
	// Once: it stays the first failure, though ctx ends while downstream works.
	tptest.Marbles(t, "ab-c#", conflate, "a----{bc}----#", busy, tptest.Once())
	one := func(v int) int { return v }
	add := func(a, b int) int { return a + b }
	requireInvalid(t, operators.Conflate[int, int](nil, add), "Conflate: first is nil")
	requireInvalid(t, operators.Conflate[int](one, nil), "Conflate: merge is nil")
	requireInvalid(t, operators.OnBackpressureReduce[int](nil), "OnBackpressureReduce: merge is nil")
}

// first turns an item into the result's type at once, before merge is called.
func TestConflateMakesAnotherType(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		sums := operators.Conflate(func(v int) []int { return []int{v} }, func(all []int, v int) []int { return append(all, v) })
		got, err := slowly(t, sums(paced(6, 10*time.Millisecond)), 35*time.Millisecond)
		require.NoError(t, err)
		require.Equal(t, []string{"[0]@0s", "[1 2 3]@35ms", "[4 5]@70ms"}, got)
	})
}

// A row has an operator whose function panics, and the items that are delivered before.
func TestConflatePanics(t *testing.T) {
	for name, c := range map[string]struct {
		op    turbopipes.Operator[int, int]
		items []int
	}{
		"in first": {operators.Conflate(func(v int) int {
			if v == 0 {
				return v
			}
			panic(errBoom)
		}, func(a, b int) int { return a + b }), []int{0}},
		"in merge": {operators.Conflate(func(v int) int { return v }, func(int, int) int { panic(errBoom) }), []int{0, 1}},
	} {
		bubble(t, name, func(t *testing.T) {
			var got []int
			s := c.op(paced(4, time.Second)).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) { got = append(got, v); time.Sleep(time.Minute) }})
			err := s.Wait()
			p := (*turbopipes.PanicError)(nil)
			require.ErrorAs(t, err, &p)
			require.Equal(t, errBoom, p.Value)
			require.Contains(t, string(p.Stack), "TestConflatePanics")
			require.Equal(t, c.items, got, "what waited is delivered")
			require.Equal(t, turbopipes.Stats{Delivered: int64(len(got)), Dropped: 1}, s.Stats())
		})
	}
}

// TestConflateLosesNothing takes the merged items apart. They contain every item, once and
// in order, at every pace and after every end.
func TestConflateLosesNothing(t *testing.T) {
	for seed := range uint64(500) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			items, gap, work := random.IntN(60), time.Duration(random.IntN(3))*time.Millisecond, time.Duration(random.IntN(6))*time.Millisecond
			how := []string{"completes", "is left", "is disposed of", "is stopped", "panics"}[random.IntN(5)]
			at := random.IntN(30) + 1
			in := 0
			src := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
				for i := range items {
					time.Sleep(gap)
					if ctx.Err() != nil || !emit(i) {
						return nil
					}
					in++
				}
				return nil
			})
			var made, all []int
			o := operators.Conflate(func(v int) []int { made = []int{v}; return made }, func(a []int, v int) []int {
				if how == "panics" && v == at {
					panic(errBoom)
				}
				made = append(slices.Clip(a), v)
				return made
			})(src)
			if how == "is left" {
				o = operators.Take[[]int](at)(o)
			}
			s := o.Subscribe(t.Context(), turbopipes.Observer[[]int]{Next: func(v []int) { all = append(all, v...); time.Sleep(work) }})
			time.Sleep(time.Duration(at)*time.Millisecond + time.Microsecond)
			switch how {
			case "is disposed of":
				s.Dispose()
			case "is stopped":
				_ = s.Stop(t.Context())
			}
			_ = s.Wait()
			stats := s.Stats()
			require.LessOrEqual(t, stats.Discarded, int64(1))
			if stats.Discarded == 1 {
				all = append(all, made...)
				all = all[:max(in, len(all)-1)] // the last one may have been merged, and refused
				require.Contains(t, []string{"is left", "is disposed of"}, how)
			}
			require.Len(t, all, in, how)
			for i, v := range all {
				require.Equal(t, i, v, how)
			}
		})
		if t.Failed() {
			t.Fatal("seed", seed)
		}
	}
}

func ExampleConflate() {
	type summary struct{ count, sum int }
	prices := turbopipes.Just(3, 4, 5) // faster than they can be drawn
	drawn := operators.Conflate(
		func(v int) summary { return summary{1, v} },
		func(s summary, v int) summary { return summary{s.count + 1, s.sum + v} },
	)(prices)
	total := summary{}
	err := drawn.Each(context.Background(), func(s summary) error {
		total.count, total.sum = total.count+s.count, total.sum+s.sum
		return nil
	})
	fmt.Println(total.count, total.sum, err)
	// Output: 3 12 <nil>
}

func BenchmarkConflate(b *testing.B) {
	benchmark(b, operators.Conflate(func(v int) int { return v }, func(a, b int) int { return a + b }))
}
