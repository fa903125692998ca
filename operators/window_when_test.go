package operators_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestWindowWhen(t *testing.T) {
	doc := tptest.DocDiagram(t, "window_when.go", "WindowWhen")
	windows := func(b turbopipes.Observable[string]) turbopipes.Operator[string, turbopipes.Observable[string]] {
		return operators.WindowWhen[string](b)
	}
	for name, c := range map[string]struct {
		show              func(turbopipes.Operator[string, turbopipes.Observable[string]]) turbopipes.Operator[string, string]
		in, boundary, out string
		opts              []tptest.Option
	}{
		"as documented":        {lettered[turbopipes.Observable[string]], doc["in"], doc["notifier"], doc["out"], nil},
		"items":                {nil, "a-b---c-|", "---x-x", "0:{1a} 2:{1b} 3:{1.} 6:{2c} 8:{2.} 8:|", nil},
		"boundary completes":   {nil, "a-b---c-|", "-x|", "0:{1a} 1:{1.} 2:{2b} 6:{2c} 8:{2.} 8:|", nil},
		"an empty boundary":    {nil, "a-b-|", "|", "0:{1a} 2:{1b} 4:{1.} 4:|", nil},
		"empty":                {nil, "---|", "-x", "---|", nil},
		"an error at first":    {nil, "#", "-x", "#", nil},
		"an error late":        {nil, "a-#", "-", "0:{1a} 2:#", nil},
		"an error of boundary": {nil, "a----b-|", "--#", "0:{1a} 2:#", nil},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				show := c.show
				if show == nil {
					show = func(op turbopipes.Operator[string, turbopipes.Observable[string]]) turbopipes.Operator[string, string] {
						return shown(1, op)
					}
				}
				boundary := tptest.Cold[string](s, c.boundary, nil)
				tptest.Expect(s, show(windows(boundary))(tptest.Cold[string](s, c.in, nil)), c.out, nil, c.opts...)
			})
		})
	}
	never := turbopipes.Never[int]()
	for text, op := range map[string]turbopipes.Operator[int, turbopipes.Observable[int]]{
		"notifier is the zero Observable": operators.WindowWhen[int](turbopipes.Observable[int]{}),
		"option 1 is nil":                 operators.WindowWhen[int](never, nil),
	} {
		requireInvalid(t, op, "WindowWhen: "+text)
	}
}

// A boundary that fails or panics cancels and reaps upstream. The window fails after its
// waiting items.
func TestWindowWhenBoundaryFails(t *testing.T) {
	for name, boundary := range map[string]turbopipes.Observable[int]{
		"fails":  boom[int](2500 * time.Millisecond),
		"panics": operators.Map(func(int) int { panic(errBoom) })(turbopipes.Timer(2500 * time.Millisecond)),
	} {
		bubble(t, name, func(t *testing.T) {
			var a alive
			in := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
				defer a.enter()()
				return silent(timed(0, 1, 2)).Push(ctx, emit)
			})
			s := endedBy(t, operators.WindowWhen[int](boundary)(in), 0, 0, itself)
			require.ErrorIs(t, s.err, errBoom)
			a.requireReaped(t)
			items, err := s.items[0].Collect(t.Context())
			require.ErrorIs(t, err, errBoom)
			require.Equal(t, []int{0, 1, 2}, items)
		})
	}
}

// Upstream's end cancels boundary. The error of its clean-up is reported.
func TestWindowWhenCleanUp(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := operators.WindowWhen[int](failingCleanUp[int](errLate))
		require.ErrorIs(t, o(timed(0, 1)).Drain(t.Context()), errLate)
		require.EqualError(t, o(boom[int](time.Second)).Drain(t.Context()), "boom\nlate")
	})
}

// boundary is cancelled when upstream ends, also while downstream is busy.
func TestWindowWhenCancelsBoundary(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		begin := time.Now()
		ended := make(chan time.Duration, 1)
		boundary := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
			<-ctx.Done()
			ended <- time.Since(begin)
			return context.Cause(ctx)
		})
		s := endedBy(t, operators.WindowWhen[int](boundary)(timed(0, 1)), 5*time.Second, 0, itself)
		require.NoError(t, s.err)
		require.Equal(t, time.Second, <-ended)
	})
}

func TestWindowWhenConserves(t *testing.T) {
	for after := time.Duration(0); after < 9*time.Second; after += 500 * time.Millisecond {
		bubble(t, after.String(), func(t *testing.T) {
			conserves(t, windowed(1, operators.WindowWhen[int](turbopipes.Interval(900*time.Millisecond), turbopipes.WithQueue(2))), after)
		})
	}
}

func ExampleWindowWhen() {
	prices := turbopipes.Just(3, 1, 2)
	closing := turbopipes.Interval(24 * time.Hour)
	highs := operators.ConcatMap(func(day turbopipes.Observable[int]) turbopipes.Observable[int] {
		return operators.Reduce(0, func(high, p int) int { return max(high, p) })(day)
	})(operators.WindowWhen[int](closing)(prices))
	fmt.Println(highs.Collect(context.Background()))
	// Output: [3] <nil>
}

func BenchmarkWindowWhen(b *testing.B) {
	benchmark(b, windowed(1, operators.WindowWhen[int](turbopipes.Never[int]())))
}
