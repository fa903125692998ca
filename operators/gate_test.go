package operators_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

var shut = map[string]bool{"f": false, "t": true}

func TestGate(t *testing.T) {
	doc := tptest.DocDiagram(t, "gate.go", "Gate")
	closed := []operators.GateOption{operators.StartClosed()}
	for name, c := range map[string]struct {
		in, open, out string
		opts          []operators.GateOption
	}{
		"as documented":                      {doc["in"], doc["notifier"], doc["out"], nil},
		"open at first":                      {"a-b|", "-----", "a-b|", nil},
		"closed at first":                    {"a-b|", "----t", "4:a 4:b 4:|", closed},
		"empty, though closed":               {"--|", "---", "--|", closed},
		"it ends while closed, nothing held": {"a--|", "-f---", "a--|", nil},
		"it fails while closed":              {"a--#", "-f---", "a--#", nil},
		"an item is held, so it does not":    {"a-b|", "-f---t", "a----(b|)", nil},
		"never":                              {"---", "-f-", "---", nil},
		"an error at first":                  {"#", "---", "#", nil},
		"open completes with true":           {"a-b-c|", "-f-t|", "0:a 3:b 4:c 5:|", nil},
		"open completes without an item":     {"a-b|", "|", "a-b|", nil},
		"open fails":                         {"a-b-----", "---#", "a-b#", nil},
		"open fails while an item is held":   {"a-b-----", "-f--#", "a---#", nil},
		"the same twice":                     {"a-b-c|", "-f-f-t|", "0:a 5:b 5:c 5:|", nil},
		"to and fro":                         {"a-b---c-|", "-ft-f--t|", "a-b----c|", nil},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				gate := operators.Gate[string](tptest.Cold(s, c.open, shut), c.opts...)
				tptest.Expect(s, gate(tptest.Cold[string](s, c.in, nil)), c.out, nil)
			})
		})
	}
	requireInvalid(t, operators.Gate[int](turbopipes.Observable[bool]{}), "Gate: notifier is the zero Observable")
	requireInvalid(t, operators.Gate[int](turbopipes.Never[bool](), nil), "Gate: option 1 is nil")
}

// A gate that nobody can open any more ends the stream.
func TestGateClosedForGood(t *testing.T) {
	for name, c := range map[string]struct {
		in, open, out string
		opts          []operators.GateOption
	}{
		"at once":                  {"--a|", "-|", "-#", []operators.GateOption{operators.StartClosed()}},
		"behind false":             {"a------", "-f-|", "a--#", nil},
		"while an item is held":    {"a-b----", "-f-|", "a--#", nil},
		"what closed it was first": {"a|", "-f|", "a|", nil},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				gate := operators.Gate[string](tptest.Cold(s, c.open, shut), c.opts...)
				tptest.Expect(s, gate(tptest.Cold[string](s, c.in, nil)), c.out, nil, tptest.Error(turbopipes.ErrClosed))
			})
		})
	}
	bubble(t, "", func(t *testing.T) {
		err := operators.Gate[int](turbopipes.Empty[bool](), operators.StartClosed())(turbopipes.Never[int]()).Drain(t.Context())
		require.EqualError(t, err, "turbopipes: closed: Gate: notifier has completed with false")
	})
}

// Both sides are subscribed as long as the stream runs, and reaped when one fails.
func TestGateReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		in := tptest.Cold[string](s, "-a----a-", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!"))
		open := tptest.Cold(s, "--f#", shut, tptest.Subscribed("^--!"))
		tptest.Expect(s, operators.Gate[string](open)(in), "-a---#", nil, tptest.Once())
	})
	tptest.Run(t, func(s *tptest.Scenario) {
		in := tptest.Cold[string](s, "-a|", nil)
		open := tptest.Cold(s, "--", shut, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^---!"))
		tptest.Expect(s, operators.Gate[string](open)(in), "-a--|", nil, tptest.Once())
	})
}

// A graceful stop loses nothing: the held items, and the items in flight after them, are
// delivered.
func TestGateStopsGracefully(t *testing.T) {
	for name, open := range map[string]turbopipes.Observable[bool]{
		"a source":         operators.Concat(turbopipes.Never[bool]())(turbopipes.Just(false)),
		"one that runs on": turbopipes.Defer(func(context.Context) (turbopipes.Observable[bool], error) { return turbopipes.Never[bool](), nil }),
	} {
		bubble(t, name, func(t *testing.T) {
			ahead := operators.OnBackpressureBuffer[int](9, turbopipes.Block)(paced(20, time.Second))
			var got []int
			s := operators.Gate[int](open, operators.StartClosed())(ahead).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) { got = append(got, v) }})
			time.Sleep(3*time.Second + 1)
			require.Empty(t, got)
			require.NoError(t, s.Stop(t.Context()))
			require.Equal(t, []int{0, 1, 2, 3, 4}, got, "and the one that pace has in hand")
			require.Equal(t, turbopipes.Stats{Delivered: 5}, s.Stats())
		})
	}
}

func TestGatePanics(t *testing.T) {
	panics := func(context.Context, func(bool) bool) error { panic(errBoom) }
	bubble(t, "open", func(t *testing.T) {
		require.ErrorIs(t, operators.Gate[int](turbopipes.Create(panics))(turbopipes.Never[int]()).Drain(t.Context()), errBoom)
	})
	bubble(t, "upstream", func(t *testing.T) {
		var open alive
		never := operators.Map(func(int) bool { return true })(open.ticks(time.Minute))
		src := turbopipes.Create(func(context.Context, func(int) bool) error { panic(errBoom) })
		require.ErrorIs(t, operators.Gate[int](never)(src).Drain(t.Context()), errBoom)
		require.Zero(t, open.now.Load())
	})
	bubble(t, "downstream", func(t *testing.T) {
		var open alive
		never := operators.Map(func(int) bool { return true })(open.ticks(time.Minute))
		require.PanicsWithValue(t, "mine", func() {
			_ = operators.Gate[int](never)(paced(9, time.Hour)).Each(t.Context(), func(v int) error {
				if v == 3 {
					panic("mine")
				}
				return nil
			})
		})
		open.requireReaped(t)
	})
}

// When downstream leaves, open is cancelled at once, also while upstream unwinds.
func TestGateIsLeft(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		begin := time.Now()
		var left time.Duration
		open := turbopipes.Create(func(ctx context.Context, _ func(bool) bool) error {
			<-ctx.Done()
			left = time.Since(begin)
			return context.Cause(ctx)
		})
		src := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			defer time.Sleep(time.Hour)
			time.Sleep(time.Second)
			emit(1)
			return nil
		})
		require.ErrorIs(t, operators.Gate[int](open)(src).Each(t.Context(), func(int) error { return errLate }), errLate)
		require.Equal(t, time.Second, left)
	})
}

// No item is requested of upstream that the gate will refuse.
func TestGateTakesNothingInVain(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		asked := 0
		src := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			for asked = 1; emit(asked); asked++ {
			}
			return nil
		})
		control := operators.Concat(turbopipes.Throw[bool](errBoom))(operators.Map(func(int) bool { return true })(turbopipes.Timer(time.Second)))
		err := operators.Gate[int](control)(src).Each(t.Context(), func(int) error {
			time.Sleep(2 * time.Second)
			synctest.Wait()
			return nil
		})
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, 1, asked)
	})
}

func ExampleGate() {
	jobs := turbopipes.Just("a", "b", "c")
	daylight := turbopipes.Just(true) // may come and go
	gated := operators.Gate[string](daylight, operators.StartClosed())(jobs)
	done, err := gated.Collect(context.Background())
	fmt.Println(done, err)
	// Output: [a b c] <nil>
}

func BenchmarkGate(b *testing.B) { benchmark(b, operators.Gate[int](turbopipes.Never[bool]())) }
