package operators_test

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func number(v string) int { n, _ := strconv.Atoi(v); return n }

func TestSerialize(t *testing.T) {
	plain := operators.Serialize(1, number)
	two, skips := operators.Serialize(1, number, operators.WithMaxPending(2)), operators.Serialize(1, number, operators.SkipGaps())
	gap, full := tptest.Error(turbopipes.ErrSequenceGap), tptest.Error(turbopipes.ErrOverflow)
	tptest.Doc(t, "serialize.go", "Serialize", plain)
	for name, c := range map[string]struct {
		in   string
		op   turbopipes.Operator[string, string]
		out  string
		opts []tptest.Option
	}{
		"empty":                  {"--|", plain, "--|", nil},
		"in order":               {"1-2-3|", plain, "1-2-3|", nil},
		"late ones":              {"1-0-1-2-1|", plain, "1-----2--|", nil},
		"a waiting one twice":    {"3-3-1---2---|", plain, "----1---(23)|", nil},
		"an error at first":      {"#", plain, "#", nil},
		"an error while waiting": {"1-3-#", plain, "1---#", nil},
		"a gap":                  {"1-3-5-|", plain, "1-----#", []tptest.Option{gap}},
		"no first":               {"2-|", plain, "--#", []tptest.Option{gap}},
		"a gap is skipped":       {"1-5-3-|", skips, "1-----(35|)", nil},
		"and closed before":      {"3-2-1----|", skips, "----(123)|", nil},
		"an error skips none":    {"1-3-#", skips, "1---#", nil},
		"as many as may wait":    {"3-2-1----|", two, "----(123)|", nil},
		"one too many":           {"4-3-2-1-|", two, "----#", []tptest.Option{full}},
		"late ones don't wait":   {"1-4-3-1-4-2----|", two, "1---------(234)|", nil},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.opts...) })
	}
	for text, op := range map[string]turbopipes.Operator[int, int]{
		"id is nil":       operators.Serialize[int](0, nil),
		"option 1 is nil": operators.Serialize(0, operators.Self[int], nil),
		"WithMaxPending: n is 0, want at least 1": operators.Serialize(0, operators.Self[int], operators.WithMaxPending(0)),
	} {
		requireInvalid(t, op, "Serialize: "+text)
	}
	requirePanics(t, operators.Serialize(0, func(string) int { panic(errBoom) }))
}

func TestSerializeErrors(t *testing.T) {
	op := operators.Serialize(10, operators.Self[int], operators.WithMaxPending(2))
	require.EqualError(t, op(turbopipes.Just(12, 13)).Drain(t.Context()),
		"turbopipes: gap in the sequence: Serialize: id 10 has not come, and 2 items wait for it")
	require.EqualError(t, op(turbopipes.Just(10, 12, 13, 14)).Drain(t.Context()),
		"turbopipes: overflow: Serialize: more than 2 items wait for id 11")
	full := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		require.True(t, emit(12))
		require.True(t, emit(13))
		require.False(t, emit(14), "it is stopped")
		return errLate
	})
	err := op(full).Drain(t.Context())
	require.ErrorIs(t, err, turbopipes.ErrOverflow)
	require.ErrorIs(t, err, errLate)
}

// The ids do not go on from the greatest int to the least.
func TestSerializeAtTheGreatestInt(t *testing.T) {
	ids := []int{math.MaxInt, math.MaxInt - 1, math.MinInt, math.MinInt + 1, math.MaxInt}
	for name, opts := range map[string][]operators.SerializeOption{"": nil, "SkipGaps": {operators.SkipGaps()}} {
		t.Run(name, func(t *testing.T) {
			op := operators.Serialize(math.MaxInt-1, operators.Self[int], opts...)
			items, err := op(turbopipes.Just(ids...)).Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, []int{math.MaxInt - 1, math.MaxInt}, items)
			items, err = op(turbopipes.Just(math.MaxInt)).Collect(t.Context())
			if opts == nil {
				require.ErrorIs(t, err, turbopipes.ErrSequenceGap)
			} else {
				require.NoError(t, err)
				require.Equal(t, []int{math.MaxInt}, items)
			}
		})
	}
}

func TestSerializeDefaultBound(t *testing.T) {
	op := operators.Serialize(0, operators.Self[int])
	require.ErrorIs(t, op(turbopipes.Range(1, 1024)).Drain(t.Context()), turbopipes.ErrSequenceGap)
	require.ErrorIs(t, op(turbopipes.Range(1, 1025)).Drain(t.Context()), turbopipes.ErrOverflow)
}

// Items that wait at an early end are counted.
func TestSerializeAccounts(t *testing.T) {
	skipping := []operators.SerializeOption{operators.SkipGaps()}
	for name, c := range map[string]struct {
		in        turbopipes.Observable[int]
		opts      []operators.SerializeOption
		end       func(*testing.T, *turbopipes.Subscription)
		items     int
		discarded int64
	}{
		"disposed":    {silent(turbopipes.Just(0, 2, 3)), nil, dispose, 1, 2},
		"an error":    {operators.Concat(turbopipes.Throw[int](errBoom))(turbopipes.Just(0, 2, 3)), nil, itself, 1, 2},
		"a gap":       {turbopipes.Just(0, 2, 3, 3), nil, itself, 1, 2},
		"an overflow": {turbopipes.Just(0, 2, 3, 4), []operators.SerializeOption{operators.WithMaxPending(2)}, itself, 1, 3},
		"late ones":   {turbopipes.Just(0, 0, 1, 0), nil, itself, 2, 0},
		"skipped":     {turbopipes.Just(0, 2, 5), skipping, itself, 3, 0},
		"a stop":      {silent(turbopipes.Just(0, 2, 3)), skipping, stop, 3, 0},
	} {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, operators.Serialize(0, operators.Self[int], c.opts...)(c.in), 0, time.Second, c.end)
			require.Len(t, s.items, c.items)
			require.Equal(t, c.discarded, s.stats.Discarded)
		})
	}
	bubble(t, "a stop between those that have waited", func(t *testing.T) {
		s := endedBy(t, operators.Serialize(0, operators.Self[int])(turbopipes.Just(3, 2, 1, 0)), time.Second, 1500*time.Millisecond, dispose)
		require.Equal(t, []int{0, 1}, s.items)
		require.EqualValues(t, 2, s.stats.Discarded)
	})
	bubble(t, "a stop between those that were skipped to", func(t *testing.T) {
		s := endedBy(t, operators.Serialize(0, operators.Self[int], skipping...)(turbopipes.Just(8, 2, 5)), time.Second, 1500*time.Millisecond, dispose)
		require.Equal(t, []int{2, 5}, s.items)
		require.EqualValues(t, 1, s.stats.Discarded)
	})
}

func ExampleSerialize() {
	type packet struct {
		Seq  int
		Data string
	}
	arrived := turbopipes.Just(packet{2, "pipes"}, packet{1, "turbo"}, packet{1, "turbo"}, packet{3, "!"})
	ordered := operators.Serialize(1, func(p packet) int { return p.Seq })(arrived)
	_ = ordered.Each(context.Background(), func(p packet) error {
		_, err := fmt.Print(p.Data)
		return err
	})
	// Output: turbopipes!
}

func BenchmarkSerialize(b *testing.B) { benchmark(b, operators.Serialize(0, operators.Self[int])) }

func BenchmarkSerializeSwapped(b *testing.B) {
	benchmark(b, operators.Serialize(0, func(v int) int { return v ^ 1 }))
}
