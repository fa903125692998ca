package operators_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// limited returns a Timeout of so many columns.
func limited(d int, opts ...operators.TimeoutOption[string]) turbopipes.Operator[string, string] {
	return operators.Timeout[string](time.Duration(d)*tptest.Step, opts...)
}

func TestTimeout(t *testing.T) {
	late := tptest.Error(turbopipes.ErrTimeout)
	busy := func(columns int) tptest.Option { return tptest.Busy(time.Duration(columns) * tptest.Step) }
	tptest.Doc(t, "timeout.go", "Timeout", limited(4), late) // 24
	first, total := operators.WithScope[string](operators.FirstItem), operators.WithScope[string](operators.WholeRun)
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		opts    []tptest.Option
	}{
		"empty":                              {limited(4), "--|", "--|", nil},
		"silent":                             {limited(4), "------", "----#", []tptest.Option{late}},
		"always in time":                     {limited(4), "a--b--c--d--e--|", "a--b--c--d--e--|", nil},
		"silent in the end":                  {limited(4), "a--b--c-----", "a--b--c---#", []tptest.Option{late}},
		"an error at first":                  {limited(4), "#", "#", nil},
		"an error in time":                   {limited(4), "a--#", "a--#", nil},
		"an item at the deadline":            {limited(4), "a---b|", "a---#", []tptest.Option{late}},
		"the end at the deadline":            {limited(4), "a---|", "a---#", []tptest.Option{late}},
		"downstream's time does not count":   {limited(4), "a---b-------c|", "a----b------c----|", []tptest.Option{busy(5)}}, // 25
		"and waiting begins behind it":       {limited(4), "a------------b------", "a------------b-------------#", []tptest.Option{late, busy(10)}},
		"not even once":                      {limited(4), "a----------------", "a-------------#", []tptest.Option{late, busy(10)}},
		"the first only":                     {limited(4, first), "--a---------b|", "--a---------b|", nil},
		"the first only, late":               {limited(4, first), "------a|", "----#", []tptest.Option{late}},
		"the first only, at the deadline":    {limited(4, first), "----a|", "----#", []tptest.Option{late}},
		"the first only, busy":               {limited(4, first), "--a---------b|", "--a---------b-----|", []tptest.Option{busy(6)}},
		"the first only, an end":             {limited(4, first), "---|", "---|", nil},
		"total":                              {limited(5, total), "a-b-c-d|", "a-b-c#", []tptest.Option{late}},
		"total, complete in time":            {limited(5, total), "a-b|", "a-b|", nil},
		"total, the end at the deadline":     {limited(5, total), "a-b--|", "a-b--#", []tptest.Option{late}},
		"total, downstream's time counts":    {limited(5, total), "a-b-c-d|", "a---b---#", []tptest.Option{late, busy(4), tptest.Once()}},
		"total, also if it was all too late": {limited(5, total), "ab|", "a---b---#", []tptest.Option{late, busy(4), tptest.Once()}},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.opts...) })
	}
	for text, op := range map[string]turbopipes.Operator[int, int]{
		"limit is 0s, want more than 0": operators.Timeout[int](0),
		"option 1 is nil":               operators.Timeout[int](1, nil),
		"WithScope: scope is 3, want EachItem, FirstItem or WholeRun": operators.Timeout[int](1, operators.WithScope[int](3)),
		"FallbackTo: other is the zero Observable":                    operators.Timeout[int](1, operators.FallbackTo(turbopipes.Observable[int]{})),
	} {
		requireInvalid(t, op, "Timeout: "+text)
	}
}

func TestTimeoutTexts(t *testing.T) {
	for text, opts := range map[string][]operators.TimeoutOption[int]{
		"turbopipes: timeout: no item within 3s":       nil,
		"turbopipes: timeout: no first item within 3s": {operators.WithScope[int](operators.FirstItem)},
		"turbopipes: timeout: not complete within 3s":  {operators.WithScope[int](operators.WholeRun)},
	} {
		bubble(t, text, func(t *testing.T) {
			err := operators.Timeout[int](3*time.Second, opts...)(turbopipes.Never[int]()).Drain(t.Context())
			require.EqualError(t, err, text)
			require.ErrorIs(t, err, turbopipes.ErrTimeout)
			require.NotErrorIs(t, err, context.Canceled)
		})
	}
}

// Upstream is reaped before the fallback begins, which has no limit.
func TestTimeoutFallback(t *testing.T) {
	for name, c := range map[string]struct {
		unwinds           time.Duration // so long that a graceful stop may come to the limit
		in, fallback, out string
		inLives           string
		fallbackLives     []string
	}{
		"goes on":           {0, "a--b------c|", "x-----y|", "a--b---x-----y|", "^------!", []string{"-------^------!"}},
		"after the reaping": {2, "a--b------c|", "x-----y|", "a--b-----x-----y|", "^--------!", []string{"---------^------!"}},
		"fails":             {0, "------a|", "x-#", "----x-#", "^---!", []string{"----^-!"}},
		"is not needed":     {0, "a--b|", "x|", "a--b|", "^---!", nil},
		"not for an error":  {0, "a-#", "x|", "a-#", "^-!", nil},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				in := tptest.Cold[string](s, c.in, nil, tptest.Unwinds(c.unwinds*tptest.Step), tptest.Subscribed(c.inLives))
				fallback := tptest.Cold[string](s, c.fallback, nil, tptest.Subscribed(c.fallbackLives...))
				var opts []tptest.Option
				if c.unwinds > 0 {
					opts = append(opts, tptest.Unstopped())
				}
				tptest.Expect(s, limited(4, operators.FallbackTo(fallback))(in), c.out, nil, opts...)
			})
		})
	}
}

// uncalled is a stream that must not be subscribed to.
func uncalled(t *testing.T) turbopipes.Observable[int] {
	t.Helper()
	return turbopipes.Create(func(context.Context, func(int) bool) error {
		t.Error("subscribed")
		return nil
	})
}

// stubborn ignores its ctx, for nine seconds.
var stubborn = turbopipes.Create(func(context.Context, func(int) bool) error {
	time.Sleep(9 * time.Second)
	return nil
})

// It waits for an upstream that ignores its ctx, and still reports that upstream was
// late.
func TestTimeoutStubbornUpstream(t *testing.T) {
	bubble(t, "fails", func(t *testing.T) {
		begin := time.Now()
		require.ErrorIs(t, operators.Timeout[int](time.Second)(stubborn).Drain(t.Context()), turbopipes.ErrTimeout)
		require.Equal(t, 9*time.Second, time.Since(begin))
	})
	bubble(t, "no fallback, and no ErrTimeout, under a ctx that has ended", func(t *testing.T) {
		for _, opts := range [][]operators.TimeoutOption[int]{nil, {operators.FallbackTo(uncalled(t))}} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(2*time.Second, func() { cancel(errBoom) })
			require.Equal(t, errBoom, operators.Timeout[int](time.Second, opts...)(stubborn).Drain(ctx))
		}
	})
	bubble(t, "no fallback in a subscription that is being stopped", func(t *testing.T) {
		op := operators.Timeout[int](2*time.Second, operators.FallbackTo(uncalled(t)))
		s := endedBy(t, op(stubborn), 0, time.Second, stop)
		require.NoError(t, s.err, "the clock stops at a stop")
		require.Equal(t, 9*time.Second, s.took)
	})
	bubble(t, "the items that it goes on to emit are refused", func(t *testing.T) {
		deaf := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			time.Sleep(9 * time.Second)
			require.False(t, emit(1))
			return nil
		})
		items, err := operators.Timeout[int](time.Second)(deaf).Collect(t.Context())
		require.ErrorIs(t, err, turbopipes.ErrTimeout)
		require.Empty(t, items)
	})
}

// The error that upstream returns because it is cut off is dropped. The error of its
// clean-up is joined after the ErrTimeout, and then there is no fallback.
func TestTimeoutCleanUp(t *testing.T) {
	bubble(t, "fails", func(t *testing.T) {
		for _, opts := range [][]operators.TimeoutOption[int]{nil, {operators.FallbackTo(uncalled(t))}} {
			err := operators.Timeout[int](time.Second, opts...)(failingCleanUp[int](errLate)).Drain(t.Context())
			require.EqualError(t, err, "turbopipes: timeout: no item within 1s\nlate")
		}
	})
	bubble(t, "panics", func(t *testing.T) {
		err := operators.Timeout[int](time.Second, operators.FallbackTo(uncalled(t)))(turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
			<-ctx.Done()
			panic(errBoom)
		})).Drain(t.Context())
		p := (*turbopipes.PanicError)(nil)
		require.ErrorAs(t, err, &p)
		require.Equal(t, errBoom, p.Value)
	})
}

// A downstream that leaves while the time runs out ends the stream with its own error.
func TestTimeoutDownstreamLeaves(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		op := operators.Timeout[int](time.Second, operators.WithScope[int](operators.WholeRun), operators.FallbackTo(uncalled(t)))
		err := op(turbopipes.Just(1, 2)).Each(t.Context(), func(int) error {
			time.Sleep(9 * time.Second)
			return errLate
		})
		require.Equal(t, errLate, err)
	})
}

// A stop ends upstream in time.
func TestTimeoutGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		op := operators.Timeout[int](2*time.Second, operators.FallbackTo(uncalled(t)))
		s := endedBy(t, op(turbopipes.Interval(time.Second)), 0, 3500*time.Millisecond, stop)
		require.Equal(t, []int{0, 1, 2}, s.items)
		require.True(t, s.completed)
		require.Equal(t, 3500*time.Millisecond, s.took)
	})
}

// Inline: no allocation per item, with any options.
func TestTimeoutAllocatesNothingPerItem(t *testing.T) {
	for name, opts := range map[string][]operators.TimeoutOption[int]{
		"plain": nil, "first only": {operators.WithScope[int](operators.FirstItem)}, "total": {operators.WithScope[int](operators.WholeRun)},
	} {
		t.Run(name, func(t *testing.T) {
			allocs := func(n int) float64 {
				o := operators.Timeout[int](time.Hour, opts...)(turbopipes.Range(0, n))
				return testing.AllocsPerRun(20, func() { _ = o.Drain(context.Background()) })
			}
			require.LessOrEqual(t, allocs(1000), allocs(10))
		})
	}
}

// In real time, at any time: an item is delivered or the stream is late, and
// nothing is left behind.
func TestTimeoutManyTimes(t *testing.T) {
	for i := range 300 {
		for _, opts := range [][]operators.TimeoutOption[int]{nil, {operators.WithScope[int](operators.FirstItem)}, {operators.WithScope[int](operators.WholeRun)}} {
			n := 0
			err := operators.Timeout[int](time.Duration(i+1)*time.Microsecond, opts...)(turbopipes.Range(0, 1000)).Each(t.Context(), func(v int) error {
				require.Equal(t, n, v)
				n++
				return nil
			})
			if err == nil {
				require.Equal(t, 1000, n)
			} else {
				require.ErrorIs(t, err, turbopipes.ErrTimeout)
			}
		}
	}
}

func ExampleTimeout() {
	primary := turbopipes.Never[string]() // it hangs
	replica := turbopipes.Just("from the replica")
	answers := operators.Timeout[string](10*time.Millisecond, operators.FallbackTo(replica))(primary)
	fmt.Println(answers.Collect(context.Background()))

	_, err := operators.Timeout[string](10 * time.Millisecond)(primary).Collect(context.Background())
	fmt.Println(errors.Is(err, turbopipes.ErrTimeout), err)
	// Output:
	// [from the replica] <nil>
	// true turbopipes: timeout: no item within 10ms
}

func BenchmarkTimeout(b *testing.B) { benchmark(b, operators.Timeout[int](time.Hour)) }
