package operators_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// following returns the extrapolated items after a and b.
func following(v string) iter.Seq[string] {
	switch v {
	case "a":
		return slices.Values([]string{"1", "2", "3", "4", "5", "6", "7", "8", "9"})
	case "b":
		return slices.Values([]string{"x"})
	}
	return nil
}

func TestExtrapolate(t *testing.T) {
	extrapolate := operators.Extrapolate(following)
	busy := tptest.Busy(2 * tptest.Step)
	tptest.Doc(t, "extrapolate.go", "Extrapolate", extrapolate, busy)
	for name, c := range map[string]struct{ in, out string }{
		"exhausted":                   {"b------b|", "b-x----b-|"},
		"a nil sequence":              {"c--c-|", "c--c-|"},
		"a new item ends it":          {"a----a---|", "a-1-2-a-1-|"},
		"at the end of an item":       {"a|", "a-|"},
		"a busy downstream":           {"abcd|", "a-b-c-d-|"},
		"it waits for the first item": {"---b|", "---b-|"},
		"empty":                       {"--|", "--|"},
		"never":                       {"---", "---"},
		"an error at first":           {"#", "#"},
		"an error":                    {"b-----#", "b-x---#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, extrapolate, c.out, busy) })
	}
	// Once: it stays the first failure, though ctx ends while downstream works.
	tptest.Marbles(t, "a--#", extrapolate, "a-1-#", busy, tptest.Once())
	requireInvalid(t, operators.Extrapolate[int](nil), "Extrapolate: next is nil")
}

// next is not called while there are items, and its sequences end.
func TestExtrapolateAsksNothingInVain(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var asked, ended []int
		o := operators.Extrapolate(func(v int) iter.Seq[int] {
			asked = append(asked, v)
			return func(yield func(int) bool) {
				defer func() { ended = append(ended, v) }()
				for yield(100 * v) {
				}
			}
		})(paced(6, 2500*time.Millisecond))
		got, err := slowly(t, operators.Take[int](5)(o), 1500*time.Millisecond)
		require.NoError(t, err)
		require.Equal(t, []string{"0@0s", "0@1.5s", "1@3s", "100@4.5s", "2@6s"}, got)
		require.Equal(t, []int{0, 1}, asked)
		require.Equal(t, asked, ended)
	})
}

func TestExtrapolatePanics(t *testing.T) {
	for name, next := range map[string]func(int) iter.Seq[int]{
		"in next": func(int) iter.Seq[int] { panic(errBoom) },
		"in a sequence": func(int) iter.Seq[int] {
			return func(func(int) bool) { panic(errBoom) }
		},
		"in the end of one": func(int) iter.Seq[int] {
			return func(yield func(int) bool) {
				defer func() { panic(errBoom) }()
				for yield(9) {
				}
			}
		},
	} {
		bubble(t, name, func(t *testing.T) {
			var up alive
			in := 0
			src := operators.Do(operators.Hooks[int]{Next: func(int) { in++ }})(up.ticks(time.Minute))
			s := operators.Extrapolate(next)(src).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(int) { time.Sleep(7 * time.Second) }})
			err := s.Wait()
			require.ErrorIs(t, err, errBoom)
			up.requireReaped(t)
			stats := s.Stats()
			if name == "in the end of one" {
				require.Equal(t, 2, in)
				require.EqualValues(t, 1, stats.Discarded, "the item that ended it")
			} else {
				require.Equal(t, turbopipes.Stats{Delivered: 1}, stats)
			}
		})
	}
}

// Every item of upstream is delivered, in order, with any items between.
func TestExtrapolateDropsNothing(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var got []int
		err := operators.Extrapolate(func(v int) iter.Seq[int] { return slices.Values([]int{-v, -v}) })(paced(50, 3*time.Millisecond)).
			Each(t.Context(), func(v int) error {
				if v > 0 {
					got = append(got, v)
				}
				time.Sleep(time.Duration(v&3) * time.Millisecond)
				synctest.Wait()
				return nil
			})
		require.NoError(t, err)
		require.Len(t, got, 49)
		require.True(t, slices.IsSorted(got))
	})
}

func ExampleExtrapolate() {
	positions := turbopipes.Just(10) // from a radar that turns slowly
	frames := operators.Extrapolate(func(at int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for next := at + 1; yield(next); next++ {
			}
		}
	})(operators.Concat(turbopipes.Never[int]())(positions))
	drawn, err := operators.Take[int](4)(frames).Collect(context.Background())
	fmt.Println(drawn, err)
	// Output: [10 11 12 13] <nil>
}

func BenchmarkExtrapolate(b *testing.B) {
	benchmark(b, operators.Extrapolate(func(int) iter.Seq[int] { return nil }))
}
