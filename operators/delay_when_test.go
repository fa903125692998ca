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

func TestDelayWhen(t *testing.T) {
	doc := tptest.DocDiagram(t, "delay_when.go", "DelayWhen")
	two, one := turbopipes.WithQueue(2), turbopipes.WithQueue(1)
	newest, fail := turbopipes.WithOverflow(turbopipes.DropNewest), turbopipes.WithOverflow(turbopipes.Fail)
	overflows := []tptest.Option{tptest.Error(turbopipes.ErrOverflow), tptest.Once()}
	for name, c := range map[string]struct {
		in    string
		inner map[string]string // of each item; "": of all others
		out   string
		opts  []operators.DelayWhenOption
		also  []tptest.Option
	}{
		"as documented":                {doc["in"], map[string]string{"": doc["inner"]}, doc["out"], nil, nil},
		"in the order of the streams":  {"a-b|", map[string]string{"a": "-----x", "b": "-x"}, "---b-(a|)", nil, nil}, // 23
		"at once":                      {"a-b|", map[string]string{"": "x"}, "a-b|", nil, nil},
		"only the first item counts":   {"a---|", map[string]string{"": "-x-x"}, "-a--|", nil, nil},
		"a stream that is empty":       {"a-b|", map[string]string{"a": "-|", "b": "-x"}, "---(b|)", nil, nil},
		"all are empty":                {"a-b|", map[string]string{"": "--|"}, "----|", nil, nil},
		"a stream that fails":          {"a-b-|", map[string]string{"a": "------x", "b": "-#"}, "---#", nil, nil},
		"a stream that fails at first": {"a|", map[string]string{"": "#"}, "#", nil, nil},
		"a stream that never ends":     {"a-|", map[string]string{"": "---"}, "---!", nil, nil},
		"empty":                        {"--|", nil, "--|", nil, nil},
		"an error at first":            {"#", nil, "#", nil, nil},
		"an error does not wait":       {"a-b-#", map[string]string{"a": "-x", "b": "----x"}, "-a--#", nil, nil},
		"as many as the queue holds":   {"abcd|", map[string]string{"": "----x"}, "----ab--c(d|)", []operators.DelayWhenOption{two}, nil},
		"one at a time":                {"ab|", map[string]string{"": "---x"}, "---a--(b|)", []operators.DelayWhenOption{one}, nil},
		"an empty one makes room":      {"abc|", map[string]string{"a": "---|", "": "-x"}, "----b(c|)", []operators.DelayWhenOption{one}, nil},
		"the newest is dropped":        {"abc-d-e-|", map[string]string{"": "---x"}, "---a---d|", []operators.DelayWhenOption{one, newest}, nil},
		"it fails, behind the others":  {"abcde|", map[string]string{"": "-----x"}, "-----a(b#)", []operators.DelayWhenOption{two, fail}, overflows},
		"a busy downstream":            {"abc|", map[string]string{"": "-x"}, "1:a 6:b 11:c 16:|", nil, []tptest.Option{tptest.Busy(5 * tptest.Step)}},
		"a busy downstream holds":      {"abc|", map[string]string{"": "-x"}, "1:a 6:b 11:c 16:|", []operators.DelayWhenOption{one}, []tptest.Option{tptest.Busy(5 * tptest.Step)}},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				inner := map[string]turbopipes.Observable[string]{}
				for item, diagram := range c.inner {
					inner[item] = tptest.Cold[string](s, diagram, nil)
				}
				delay := operators.DelayWhen(func(v string) turbopipes.Observable[string] {
					if o, ok := inner[v]; ok {
						return o
					}
					return inner[""]
				}, c.opts...)
				tptest.Expect(s, delay(tptest.Cold[string](s, c.in, nil)), c.out, nil, c.also...)
			})
		})
	}
}

func TestDelayWhenInvalid(t *testing.T) {
	at := func(int) turbopipes.Observable[int] { return turbopipes.Just(1) }
	for text, op := range map[string]turbopipes.Operator[int, int]{
		"fn is nil":                          operators.DelayWhen[int, int](nil),
		"option 1 is nil":                    operators.DelayWhen(at, nil),
		"WithQueue: n is 0, want at least 1": operators.DelayWhen(at, turbopipes.WithQueue(0)),
		"the overflow strategy is DropOldest, want Block, DropNewest or Fail": operators.DelayWhen(at, turbopipes.WithOverflow(turbopipes.DropOldest)),
	} {
		requireInvalid(t, op, "DelayWhen: "+text)
	}
	zero := operators.DelayWhen(func(int) turbopipes.Observable[int] { return turbopipes.Observable[int]{} })
	require.ErrorIs(t, zero(turbopipes.Just(1)).Drain(t.Context()), turbopipes.ErrInvalidArgument)
}

// fn's panics and those of its streams are the stream's error.
func TestDelayWhenPanics(t *testing.T) {
	requirePanics(t, operators.DelayWhen(func(string) turbopipes.Observable[int] { panic(errBoom) }))
	requirePanics(t, operators.DelayWhen(func(string) turbopipes.Observable[int] {
		return turbopipes.Create(func(context.Context, func(int) bool) error { panic(errBoom) })
	}))
}

// The stream of an item is stopped at its first item. The item is emitted while the
// stream still ends.
func TestDelayWhenReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		inner := tptest.Cold[string](s, "-x---y", nil, tptest.Unwinds(3*tptest.Step), tptest.Subscribed("^---!", "----^---!"))
		delay := operators.DelayWhen(func(string) turbopipes.Observable[string] { return inner }, turbopipes.WithQueue(1))
		tptest.Expect(s, delay(tptest.Cold[string](s, "ab|", nil)), "1:a 5:b 8:|", nil, tptest.Once())
	})
	bubble(t, "an error", func(t *testing.T) {
		delay := operators.DelayWhen(func(int) turbopipes.Observable[int] { return failingCleanUp[int](errLate) })
		require.EqualError(t, delay(operators.Concat(boom[int](time.Second))(turbopipes.Just(1))).Drain(t.Context()), "boom\nlate")
	})
}

// At most as many items wait as the queue holds, and each item that is not delivered is
// reported.
func TestDelayWhenAccounts(t *testing.T) {
	after := func(d time.Duration) func(int) turbopipes.Observable[int] {
		return func(int) turbopipes.Observable[int] { return turbopipes.Timer(d) }
	}
	for name, c := range map[string]struct {
		fn       func(int) turbopipes.Observable[int]
		overflow turbopipes.Overflow
		items    int
	}{
		"they wait for their streams":  {after(time.Hour), turbopipes.Block, 0},
		"they wait for downstream":     {after(0), turbopipes.Block, 3},
		"the newest is dropped":        {after(time.Millisecond), turbopipes.DropNewest, 3},
		"an overflow":                  {after(time.Millisecond), turbopipes.Fail, 3},
		"a stream that does not begin": {func(int) turbopipes.Observable[int] { return turbopipes.Never[int]() }, turbopipes.Block, 0},
	} {
		bubble(t, name, func(t *testing.T) {
			var source counting
			var told tptest.Gauge
			op := operators.DelayWhen(c.fn, turbopipes.WithQueue(4), turbopipes.WithOverflow(c.overflow), operators.OnDiscard(func(any) { told.Enter() }))
			s := endedBy(t, op(source.stream(100)), time.Second, 2500*time.Millisecond, dispose)
			in := int(source.begun.Load())
			require.Len(t, s.items, c.items)
			require.EqualValues(t, in, s.stats.Delivered+s.stats.Dropped+s.stats.Discarded)
			require.EqualValues(t, told.Now(), s.stats.Dropped+s.stats.Discarded)
			if c.overflow == turbopipes.Block {
				require.EqualValues(t, 5, s.stats.Discarded, "and one in upstream's hand")
			}
		})
	}
	bubble(t, "an item whose stream is empty is none of them", func(t *testing.T) {
		op := operators.DelayWhen(func(int) turbopipes.Observable[int] { return turbopipes.Empty[int]() })
		s := endedBy(t, op(turbopipes.Range(0, 9)), 0, 0, itself)
		require.Zero(t, s.stats.Discarded+s.stats.Dropped+s.stats.Delivered)
	})
	bubble(t, "an error", func(t *testing.T) {
		op := operators.DelayWhen(after(3 * time.Second))
		s := endedBy(t, op(operators.Concat(turbopipes.Throw[int](errBoom))(timed(0, 2, 4))), 0, 0, itself)
		require.Equal(t, []int{0}, s.items)
		require.Equal(t, errBoom, s.err)
		require.EqualValues(t, 2, s.stats.Discarded)
	})
	bubble(t, "a hook that panics", func(t *testing.T) {
		op := operators.DelayWhen(after(time.Second), turbopipes.WithQueue(1), turbopipes.WithOverflow(turbopipes.DropNewest), operators.OnDiscard(func(any) { panic(errLate) }))
		require.ErrorIs(t, op(turbopipes.Range(0, 9)).Drain(t.Context()), errLate)
	})
	bubble(t, "the text of an overflow", func(t *testing.T) {
		op := operators.DelayWhen(after(time.Second), turbopipes.WithQueue(1), turbopipes.WithOverflow(turbopipes.Fail))
		require.EqualError(t, op(turbopipes.Range(0, 9)).Drain(t.Context()), "turbopipes: overflow: DelayWhen: the queue is full")
	})
}

// A stop lets the streams come to their own end.
func TestDelayWhenGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		op := operators.DelayWhen(func(int) turbopipes.Observable[int] { return turbopipes.Timer(5 * time.Second) })
		s := endedBy(t, op(turbopipes.Interval(time.Second)), 0, 3500*time.Millisecond, stop)
		require.Equal(t, []int{0, 1, 2}, s.items)
		require.True(t, s.completed)
		require.Equal(t, 8*time.Second, s.took)
		require.Zero(t, s.stats.Discarded)
	})
}

func ExampleDelayWhen() {
	saved := make(chan string, 2)
	files := turbopipes.Just("index", "chapter") // the index needs the chapter
	inTurn := operators.DelayWhen(func(file string) turbopipes.Observable[string] {
		if file == "chapter" {
			return turbopipes.Just("")
		}
		return turbopipes.FromChannel(saved)
	})(files)
	err := inTurn.Each(context.Background(), func(file string) error {
		fmt.Println(file)
		saved <- file
		return nil
	})
	fmt.Println(err)
	// Output:
	// chapter
	// index
	// <nil>
}

func BenchmarkDelayWhen(b *testing.B) {
	now := turbopipes.Just(1)
	benchmark(b, operators.DelayWhen(func(int) turbopipes.Observable[int] { return now }))
}
