package tptest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// takes returns a function that works on an item for the given number of columns.
func takes(columns map[string]int) func(ctx context.Context, v string) (string, error) {
	return func(ctx context.Context, v string) (string, error) {
		timer := time.NewTimer(time.Duration(columns[v]) * step)
		defer timer.Stop()
		select {
		case <-timer.C:
			return v, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// The diagrams of these cases were checked by RxJS's TestScheduler or by hand, so
// this test checks the package tptest itself. Groups that are followed too closely
// are written as lists.
func TestKnownDiagrams(t *testing.T) {
	for name, c := range map[string]struct {
		in, out string
		op      turbopipes.Operator[string, string]
	}{
		"1":  {"ab-c----d-|", "------c---(d|)", operators.Debounce[string](3 * step)},
		"2":  {"ab-#", "---#", operators.Debounce[string](3 * step)},
		"26": {"abc|", "---bc(a|)", operators.Parallel(2, takes(map[string]int{"a": 5, "b": 2, "c": 1}))},
		"27": {"abc|", "5:a 5:b 6:c 6:|", operators.Parallel(2, takes(map[string]int{"a": 5, "b": 2, "c": 1}), operators.Ordered())},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out) })
	}
	join := func(a, b string) string { return a + b }
	for name, c := range map[string]struct {
		a, b, out string
		op        func(b turbopipes.Observable[string]) turbopipes.Operator[string, string]
	}{
		"8": {"a--b-c---|", "-1------2-|", "-{a1}------{b2}-|", func(b turbopipes.Observable[string]) turbopipes.Operator[string, string] {
			return operators.Zip(b, join)
		}},
		"9": {"a-b|", "-1---2---3|", "-{a1}---({b2}|)", func(b turbopipes.Observable[string]) turbopipes.Operator[string, string] {
			return operators.Zip(b, join)
		}},
		"15": {"a-b----|", "-x-y|", "-{ax}-{ay}-{bx}-{by}|", func(b turbopipes.Observable[string]) turbopipes.Operator[string, string] {
			return operators.ConcatMap(func(v string) turbopipes.Observable[string] {
				return operators.Map(func(w string) string { return v + w })(b)
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				a, b := tptest.Cold[string](s, c.a, nil), tptest.Cold[string](s, c.b, nil)
				tptest.Expect(s, c.op(b)(a), c.out, nil)
			})
		})
	}
	t.Run("16", func(t *testing.T) {
		tptest.Run(t, func(s *tptest.Scenario) {
			in := tptest.Cold[string](s, "a-b-c-d-e|", nil)
			buffers := map[string][]string{}
			for _, content := range []string{"abc", "cde", "e"} {
				buffers[content] = strings.Split(content, "")
			}
			tptest.Expect(s, operators.BufferWithCount[string](3, operators.WithStep(2))(in), "----{abc}---{cde}({e}|)", buffers)
		})
	})
}
