package turbopipes_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// Nine operators, each of which changes the type or the value, are composed in every
// form.
func TestPipes(t *testing.T) {
	inc := operators.Map(func(v int) int { return v + 1 })
	str := operators.Map(strconv.Itoa)
	num := operators.Map(func(s string) int { return 10 * len(s) })
	o := tp.Just(1, 100)
	two := tp.Compose2(str, num) // 1 → 10, 100 → 30
	for name, got := range map[string]tp.Observable[int]{
		"Pipe2":    tp.Pipe2(o, str, num),
		"Pipe3":    tp.Pipe3(o, str, num, operators.Filter(func(int) bool { return true })),
		"Pipe4":    tp.Pipe4(o, inc, operators.Map(func(v int) int { return v - 1 }), str, num),
		"Compose2": two(o),
		"Compose3": tp.Compose3(inc, str, num)(operators.Map(func(v int) int { return v - 1 })(o)),
		"Pipe":     o.Pipe(two),
	} {
		all, err := got.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{10, 30}, all, name)
	}
	for name, got := range map[string]tp.Observable[int]{
		"Pipe5":    tp.Pipe5(o, inc, inc, inc, inc, inc),
		"Compose5": tp.Compose5(inc, inc, inc, inc, inc)(o),
		"Pipe6":    tp.Pipe6(tp.Just(0, 99), inc, inc, inc, inc, inc, inc),
		"Compose6": tp.Compose6(inc, inc, inc, inc, inc, inc)(tp.Just(0, 99)),
		"Pipe7":    tp.Pipe7(tp.Just(-1, 98), inc, inc, inc, inc, inc, inc, inc),
		"Compose7": tp.Compose7(inc, inc, inc, inc, inc, inc, inc)(tp.Just(-1, 98)),
		"Pipe8":    tp.Pipe8(tp.Just(-2, 97), inc, inc, inc, inc, inc, inc, inc, inc),
		"Compose8": tp.Compose8(inc, inc, inc, inc, inc, inc, inc, inc)(tp.Just(-2, 97)),
		"Pipe9":    tp.Pipe9(tp.Just(-3, 96), inc, inc, inc, inc, inc, inc, inc, inc, inc),
		"Compose9": tp.Compose9(inc, inc, inc, inc, inc, inc, inc, inc, inc)(tp.Just(-3, 96)),
		"Compose4": inc(tp.Compose4(inc, inc, inc, inc)(o)),
	} {
		all, err := got.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{6, 105}, all, name)
	}
}

// Building a pipeline does nothing: no function is called, and there is no
// subscription.
func TestAssemblyIsLazy(t *testing.T) {
	calls := 0
	src := tp.Create(func(context.Context, func(int) bool) error { calls++; return nil })
	o := tp.Pipe4(src, operators.Map(func(v int) int { calls++; return v }), operators.Parallel(3, identity),
		operators.Merge(src), operators.OnBackpressureLatest[int]())
	require.Zero(t, calls)
	require.NoError(t, o.Drain(t.Context()))
	require.Equal(t, 2, calls)
}

func ExamplePipe3() {
	squares := tp.Pipe3(tp.Range(1, 9),
		operators.Filter(func(v int) bool { return v%2 == 1 }),
		operators.Map(func(v int) string { return strconv.Itoa(v * v) }),
		operators.Reduce("", func(all, s string) string { return all + s + " " }))
	fmt.Println(squares.Collect(context.Background()))
	// Output: [1 9 25 49 81 ] <nil>
}
