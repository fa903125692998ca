package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestToSlice(t *testing.T) {
	names := map[string]string{"[a b c]": "x", "[]": "0", "[a]": "1", "[a b]": "2"}
	collected := func(opts ...operators.ToSliceOption) turbopipes.Operator[string, string] {
		return renamed(prints(operators.ToSlice[string](opts...)), names)
	}
	tptest.Doc(t, "to_slice.go", "ToSlice", collected())
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		errs    []tptest.Option
	}{
		"empty":              {collected(), "--|", "--(0|)", nil},
		"one":                {collected(), "-a-|", "---(1|)", nil},
		"an error at first":  {collected(), "#", "#", nil},
		"an error later":     {collected(), "-a-b#", "----#", nil},
		"with a capacity":    {collected(operators.WithCapacity(1)), "ab|", "--(2|)", nil},
		"none to begin with": {collected(operators.WithCapacity(0)), "ab|", "--(2|)", nil},
		"within the limit":   {collected(operators.WithMaxItems(2)), "ab-|", "---(2|)", nil},
		"over the limit":     {collected(operators.WithMaxItems(2)), "ab-c-|", "---#", []tptest.Option{tptest.Error(turbopipes.ErrOverflow)}},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.errs...) })
	}
	requireInvalid(t, operators.ToSlice[int](nil), "ToSlice: option 1 is nil")
	requireInvalid(t, operators.ToSlice[int](operators.WithCapacity(-1)), "ToSlice: WithCapacity: n is -1, want at least 0")
	requireInvalid(t, operators.ToSlice[int](operators.WithMaxItems(0)), "ToSlice: WithMaxItems: n is 0, want at least 1")
}

func TestToSliceIsNeverNil(t *testing.T) {
	all, err := operators.ToSlice[int]()(turbopipes.Empty[int]()).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, [][]int{{}}, all)
	require.NotNil(t, all[0])
	all, err = operators.ToSlice[int](operators.WithCapacity(9))(turbopipes.Just(1)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, 9, cap(all[0]))
}

// A large capacity is allocated as the items come, and never exceeds the option's value.
func TestToSliceGrowsToItsCapacity(t *testing.T) {
	const n = 10_000
	for items, most := range map[int]int{0: 1024, 1024: 1024, 1025: 4096 + 1024, n / 4: 4096 + 1024, n: n + 1024} {
		all, err := operators.ToSlice[int](operators.WithCapacity(n))(turbopipes.Range(0, items)).Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, all[0], items)
		require.LessOrEqual(t, cap(all[0]), most, items) // with the rounding of the allocator
	}
	all, err := operators.ToSlice[int](operators.WithCapacity(n), operators.WithMaxItems(10))(turbopipes.Range(0, 3)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, 10, cap(all[0]))
}

func TestToSliceIsTheReceivers(t *testing.T) {
	o := operators.ToSlice[int](operators.WithCapacity(4))(turbopipes.Range(0, 3))
	for range 2 {
		all, err := o.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, [][]int{{0, 1, 2}}, all)
		_ = append(all[0], -1)
		all[0][0] = -1
	}
}

func TestToSliceOverflows(t *testing.T) {
	limited := operators.ToSlice[int](operators.WithMaxItems(3))
	s := limited(turbopipes.Range(0, 100)).Subscribe(t.Context(), turbopipes.Observer[[]int]{})
	require.EqualError(t, s.Wait(), "turbopipes: overflow: ToSlice: more than 3 items")
	require.EqualValues(t, 4, s.Stats().Discarded, "what it had, and the fourth")

	in := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		for i := 0; emit(i); i++ {
		}
		return errLate
	})
	err := limited(in).Drain(t.Context())
	require.ErrorIs(t, err, turbopipes.ErrOverflow)
	require.ErrorIs(t, err, errLate, "what the clean-up fails with")
}

func ExampleToSlice() {
	ids := turbopipes.Just(7, 8, 9)
	requests := operators.Map(func(ids []int) string { return fmt.Sprint("GET /items?ids=", ids) })(operators.ToSlice[int]()(ids))
	fmt.Println(requests.Collect(context.Background()))
	// Output: [GET /items?ids=[7 8 9]] <nil>
}

func BenchmarkToSlice(b *testing.B) {
	b.Run("growing", func(b *testing.B) { benchmark(b, operators.ToSlice[int]()) })
	b.Run("with a capacity", func(b *testing.B) { benchmark(b, operators.ToSlice[int](operators.WithCapacity(1024))) })
}
