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

func TestKeepAlive(t *testing.T) {
	alive := func(idle int) turbopipes.Operator[string, string] {
		return operators.KeepAlive(time.Duration(idle)*tptest.Step, func() string { return "z" })
	}
	tptest.Doc(t, "keep_alive.go", "KeepAlive", alive(4))
	busy := []tptest.Option{tptest.Busy(7 * tptest.Step)}
	for name, c := range map[string]struct {
		in, out string
		also    []tptest.Option
	}{
		"empty":                         {"--|", "--|", nil},
		"an error at first":             {"#", "#", nil},
		"an error later":                {"a-----#", "a---z-#", nil},
		"from the subscription on":      {"---------a|", "----z---za|", nil},
		"never idle":                    {"a--b--c--|", "a--b--c--|", nil},
		"silent for ever":               {"a-----------", "a---z---z---z", nil},
		"an item at that moment":        {"a---b--|", "0:a 4:z 4:b 7:|", nil},
		"the end at that moment":        {"a---|", "a---(z|)", nil},
		"downstream's time is not idle": {"a-------b|", "a-------b------|", busy},
		"idle begins behind it":         {"a------------b|", "0:a 11:z 18:b 25:|", busy},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, alive(4), c.out, c.also...) })
	}
	t.Run("an error at that moment", func(t *testing.T) { tptest.Marbles(t, "a---#", alive(4), "a---(z#)", tptest.Once()) })
	requireInvalid(t, operators.KeepAlive(0, func() int { return 0 }), "KeepAlive: idle is 0s, want more than 0")
	requireInvalid(t, operators.KeepAlive[int](1, nil), "KeepAlive: fn is nil")
	bubble(t, "a panic", func(t *testing.T) {
		p := (*turbopipes.PanicError)(nil)
		op := operators.KeepAlive(time.Second, func() int { panic(errBoom) })
		require.ErrorAs(t, op(turbopipes.Never[int]()).Drain(t.Context()), &p)
		require.Equal(t, errBoom, p.Value)
	})
}

// Upstream waits while downstream is busy. If an item of fn is refused, the upstream item
// after it is reported.
func TestKeepAliveHolds(t *testing.T) {
	op := operators.KeepAlive(time.Second, func() int { return -1 })
	bubble(t, "", func(t *testing.T) {
		var source counting
		s := endedBy(t, op(source.stream(9)), 10*time.Second, 15*time.Second, dispose)
		require.Equal(t, []int{0, 1}, s.items)
		require.EqualValues(t, 2, source.accepted.Load())
		require.EqualValues(t, 3, source.begun.Load())
		require.EqualValues(t, 1, s.stats.Discarded, "in upstream's hand")
	})
	for range 20 {
		bubble(t, "an item at that moment, taken or not", func(t *testing.T) {
			in := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
				time.Sleep(time.Second)
				emit(1)
				return nil
			})
			s := endedBy(t, op(in), 5*time.Second, 3*time.Second, dispose)
			require.Equal(t, []int{-1}, s.items)
			require.EqualValues(t, 1, s.stats.Discarded)
		})
	}
	bubble(t, "a graceful stop", func(t *testing.T) {
		slow := operators.KeepAlive(2*time.Second, func() int { return -1 })
		s := endedBy(t, slow(turbopipes.Interval(3*time.Second)), 0, 7*time.Second+time.Second/2, stop)
		require.Equal(t, []int{-1, 0, -1, 1}, s.items)
		require.True(t, s.completed)
		require.Equal(t, 7*time.Second+time.Second/2, s.took)
	})
	bubble(t, "a clean-up that fails", func(t *testing.T) {
		err := op(failingCleanUp[int](errLate)).Each(t.Context(), func(int) error { return errBoom })
		require.EqualError(t, err, "boom\nlate")
	})
}

func ExampleKeepAlive() {
	pings := 0
	ping := func() string { pings++; return fmt.Sprint("ping ", pings) }
	connection := operators.KeepAlive(10*time.Millisecond, ping)(turbopipes.Never[string]())
	fmt.Println(operators.Take[string](2)(connection).Collect(context.Background()))
	// Output: [ping 1 ping 2] <nil>
}

func BenchmarkKeepAlive(b *testing.B) {
	benchmark(b, operators.KeepAlive(time.Hour, func() int { return 0 }))
}
