package operators_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// emptied returns op without its items.
func emptied[R any](op turbopipes.Operator[int, R]) turbopipes.Operator[int, int] {
	return turbopipes.Compose2(op, operators.Map(func(R) int { return 0 }))
}

// userKeys returns all operators that use a user's key in a map or a comparison. The
// keys of items 0 to 3 are "a", bad, "b" and nil.
func userKeys(bad any) map[string]turbopipes.Operator[int, int] {
	keys := []any{"a", bad, "b", nil}
	key := func(v int) any { return keys[v] }
	run := func(_ context.Context, v int) (int, error) { return v, nil }
	groups := func(opts ...operators.GroupByOption) turbopipes.Operator[int, int] {
		return emptied(grouped(turbopipes.Infinite, operators.GroupBy(key, opts...)))
	}
	return map[string]turbopipes.Operator[int, int]{
		"BufferUntilChanged":   emptied(operators.BufferUntilChanged(key)),
		"ConflateByKey":        emptied(operators.ConflateByKey(key)),
		"Contains":             turbopipes.Compose3(operators.Map(key), operators.Contains[any]([]int{}), operators.Map(func(bool) int { return 0 })),
		"Dedup":                emptied(operators.Dedup(key, 8, time.Minute)),
		"Distinct":             emptied(operators.Distinct(key)),
		"DistinctUntilChanged": emptied(operators.DistinctUntilChanged(key)),
		"GroupBy":              groups(),
		"GroupBy/idle":         groups(operators.WithIdle(time.Minute)),
		"MapReduce": emptied(operators.MapReduce(3, func(_ context.Context, v int) (any, int, error) { return key(v), v, nil },
			func(a, b int) int { return a + b })),
		"ParallelBy":             operators.ParallelBy(3, key, run),
		"ParallelBy/ordered":     operators.ParallelBy(3, key, run, operators.Ordered()),
		"ToMap":                  emptied(operators.ToMap(key)),
		"ToMapWithValueSelector": emptied(operators.ToMapWithValueSelector(key, operators.Self[int])),
	}
}

// A key that can't be hashed ends its stream with the panic, and the panic happens
// under no lock: everything is joined, and the operator works the next time.
func TestUserKeysUnhashable(t *testing.T) {
	type holds struct {
		n int
		v any
	}
	for kind, bad := range map[string]any{"a slice": []int{1}, "in a struct": holds{1, []int{1}}, "in an array": [1]any{func() {}}} {
		for name, op := range userKeys(bad) {
			if name == "Contains" && kind != "a slice" {
				continue // a key of another type differs, and is not compared
			}
			bubble(t, name+", "+kind, func(t *testing.T) {
				var a alive
				in := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
					defer a.enter()()
					for i := 0; emit(0) && emit(1); i++ {
						if i == 5 {
							<-ctx.Done()
							return nil
						}
					}
					return nil
				})
				for range 2 {
					err := op(doubled(in)).Drain(t.Context())
					p := (*turbopipes.PanicError)(nil)
					require.ErrorAs(t, err, &p)
					require.Regexp(t, "hash of unhashable type|comparing uncomparable type", err.Error())
					a.requireReaped(t)
				}
				if name != "Contains" {
					require.NoError(t, op(turbopipes.Just(0, 2, 3)).Drain(t.Context()))
				}
			})
		}
	}
}

// doubled emits each item two times, for operators that compare neighbours.
func doubled(in turbopipes.Observable[int]) turbopipes.Observable[int] {
	return operators.ConcatMap(func(v int) turbopipes.Observable[int] { return turbopipes.Just(v, v) })(in)
}

// A key that is not equal to itself counts as a new key each time. If the number of keys
// is bounded, such keys do not exceed the bound.
func TestUserKeysNaN(t *testing.T) {
	const n = 1000
	nan := func(int) any { return math.NaN() }
	in := turbopipes.Range(0, n)
	for name, op := range map[string]turbopipes.Operator[int, int]{
		"Dedup":                operators.Dedup(nan, 2, 0),
		"Distinct":             operators.Distinct(nan, operators.WithMaxKeys(2)),
		"DistinctUntilChanged": operators.DistinctUntilChanged(nan),
		"ParallelBy":           operators.ParallelBy(2, nan, func(_ context.Context, v int) (int, error) { return v, nil }),
		"ConflateByKey":        operators.ConflateByKey(nan, operators.WithMaxPendingKeys[int](2)),
		"BufferUntilChanged": turbopipes.Compose2(operators.BufferUntilChanged(nan), operators.Map(func(run []int) int {
			require.Len(t, run, 1)
			return run[0]
		})),
		"GroupBy/idle": turbopipes.Compose2(operators.GroupBy(nan, operators.WithIdle(time.Minute), operators.WithMaxGroups(2)),
			operators.ConcatMap(func(g turbopipes.Group[any, int]) turbopipes.Observable[int] { return g.Items })),
		"GroupBy": turbopipes.Compose2(operators.GroupBy(nan),
			operators.ConcatMap(func(g turbopipes.Group[any, int]) turbopipes.Observable[int] { return g.Items })),
	} {
		bubble(t, name, func(t *testing.T) {
			items, err := op(in).Collect(t.Context())
			require.NoError(t, err)
			require.Len(t, items, n)
			require.Subset(t, items, []int{0, n / 2, n - 1})
		})
	}
	bubble(t, "ToMap", func(t *testing.T) {
		all, err := operators.ToMap(nan)(in).Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, all[0], n)
	})
}

// The group of a NaN key has one item, and completes after it, although upstream goes on.
// Without WithIdle it counts as a group to the end.
func TestGroupByNaN(t *testing.T) {
	nan := func(int) any { return math.NaN() }
	for name, opts := range map[string][]operators.GroupByOption{"": nil, "idle": {operators.WithIdle(time.Hour)}} {
		bubble(t, name, func(t *testing.T) {
			var took []time.Duration
			begin := time.Now()
			groups := operators.GroupBy(nan, opts...)(timed(1, 2, 3))
			err := groups.Each(t.Context(), func(g turbopipes.Group[any, int]) error {
				items, err := g.Items.Collect(t.Context())
				require.NoError(t, err)
				require.Len(t, items, 1)
				took = append(took, time.Since(begin))
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}, took)
		})
	}
	err := operators.GroupBy(nan, operators.WithMaxGroups(2))(turbopipes.Range(0, 3)).Drain(t.Context())
	require.ErrorIs(t, err, turbopipes.ErrTooManyGroups)
}
