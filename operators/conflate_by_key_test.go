package operators_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestConflateByKey(t *testing.T) {
	byKey := operators.ConflateByKey[string](strings.ToLower)
	busy := tptest.Busy(5 * tptest.Step)
	tptest.Doc(t, "conflate_by_key.go", "ConflateByKey", byKey, busy)
	two := operators.ConflateByKey(strings.ToLower, operators.WithMaxPendingKeys[string](2))
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"a downstream that waits":      {byKey, "a-----A-----a|", "a-----A-----a----|"},
		"a key keeps its turn":         {byKey, "xabA|", "x----A----b----|"},
		"a key waits again":            {byKey, "xab---A|", "x----a----b----A----|"},
		"empty":                        {byKey, "--|", "--|"},
		"never":                        {byKey, "---", "---"},
		"an error at first":            {byKey, "#", "#"},
		"as many keys as there may be": {two, "xabAB|", "x----A----B----|"},
		"upstream is held":             {two, "xabcAB----|", "x----a----b----c----A----B----|"},
		"upstream is held to the end":  {two, "xabc|", "x----a----b----c----|"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, busy) })
	}
	// Once: it stays the first failure, though ctx ends while downstream works.
	tptest.Marbles(t, "abAB#", byKey, "a----B----A----#", busy, tptest.Once())
	tptest.Marbles(t, "xabc#", two, "x----a----b----c----#", busy, tptest.Once())
	requireInvalid(t, operators.ConflateByKey[int, int](nil), "ConflateByKey: key is nil")
	requireInvalid(t, operators.ConflateByKey(func(v int) int { return v }, operators.WithMaxPendingKeys[int](0)), "ConflateByKey: WithMaxPendingKeys: n is 0, want at least 1")
}

// A key function that panics, and a key that can't be compared, end the stream after the
// waiting items. The item is dropped.
func TestConflateByKeyPanics(t *testing.T) {
	type odd struct {
		f float64
		v any
	}
	for name, c := range map[string]struct {
		key     func(v int) any
		text    string
		delayed []int
	}{
		"in key":         {func(int) any { panic("oh") }, "oh", nil},
		"uncomparable":   {func(v int) any { return []int{v} }, "comparing uncomparable type", nil},
		"behind others":  {func(v int) any { return map[bool]any{true: v, false: func() {}}[v < 3] }, "comparing uncomparable type", []int{1, 2}},
		"behind a NaN":   {func(v int) any { return odd{math.NaN(), []int{v}} }, "", []int{1, 2, 3}},
		"NaN is its own": {func(int) any { return math.NaN() }, "", []int{1, 2, 3}},
	} {
		bubble(t, name, func(t *testing.T) {
			var got, dropped []int
			key := func(v int) any {
				if v == 0 {
					return v
				}
				return c.key(v)
			}
			s := operators.ConflateByKey(key, operators.OnDrop(func(v int) { dropped = append(dropped, v) }))(paced(4, time.Second)).
				Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) { got = append(got, v); time.Sleep(time.Minute) }})
			err := s.Wait()
			if c.text == "" {
				require.NoError(t, err)
				require.Empty(t, dropped)
			} else {
				require.ErrorContains(t, err, c.text)
				require.Equal(t, []int{len(c.delayed) + 1}, dropped)
			}
			require.Equal(t, append([]int{0}, c.delayed...), got)
			require.EqualValues(t, len(dropped), s.Stats().Dropped)
		})
	}
}

// At every pace, the order within a key is kept, and its last item is delivered.
func TestConflateByKeyDeliversTheLast(t *testing.T) {
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			items, gap, work := random.IntN(90), time.Duration(random.IntN(3))*time.Millisecond, time.Duration(random.IntN(6))*time.Millisecond
			keys := random.IntN(9) + 1
			var opts []operators.ConflateByKeyOption[int]
			most := keys
			if random.IntN(2) == 0 {
				most = random.IntN(keys) + 1
				opts = append(opts, operators.WithMaxPendingKeys[int](most))
			}
			src := operators.Map(func(int) int { return random.IntN(1000) })(paced(items, gap))
			last := map[int]int{}
			turn := 0
			src = operators.Map(func(v int) int { turn++; last[v%keys] = 1000*turn + v; return last[v%keys] })(src)
			out := map[int]int{}
			var waiting atomic.Int64
			counted := operators.Do(operators.Hooks[int]{Next: func(int) { waiting.Add(1) }})(src)
			opts = append(opts, operators.OnDrop(func(int) { waiting.Add(-1) }))
			err := operators.ConflateByKey(func(v int) int { return v % 1000 % keys }, opts...)(counted).Each(t.Context(), func(v int) error {
				waiting.Add(-1)
				require.Greater(t, v, out[v%1000%keys], "the order of a key")
				out[v%1000%keys] = v
				time.Sleep(work)
				synctest.Wait()
				require.LessOrEqual(t, waiting.Load(), int64(most+1), "and one in upstream's hand")
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, last, out)
		})
		if t.Failed() {
			t.Fatal("seed", seed)
		}
	}
}

func ExampleConflateByKey() {
	type quote struct {
		symbol string
		price  int
	}
	quotes := turbopipes.Just(quote{"A", 1}, quote{"B", 7}, quote{"A", 2}, quote{"A", 3})
	newest := operators.ConflateByKey(func(q quote) string { return q.symbol })(quotes)
	shown := map[string]int{}
	err := newest.Each(context.Background(), func(q quote) error {
		shown[q.symbol] = q.price // slow, in earnest
		return nil
	})
	fmt.Println(shown, err)
	// Output: map[A:3 B:7] <nil>
}

func BenchmarkConflateByKey(b *testing.B) {
	benchmark(b, operators.ConflateByKey(func(v int) int { return v % 64 }))
}
