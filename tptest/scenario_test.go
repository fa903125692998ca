package tptest_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

const step = tptest.Step

func TestMarbles(t *testing.T) {
	debounce := operators.Debounce[string](3 * step)
	for name, c := range map[string]struct {
		in, out string
		op      turbopipes.Operator[string, string]
		opts    []tptest.Option
	}{
		"completes":            {"a-bc---d----e-|", "------c---d---(e|)", debounce, nil},
		"fails":                {"ab-#", "---#", debounce, nil},
		"is empty":             {"----|", "----|", debounce, nil},
		"ends at once":         {"|", "|", debounce, nil},
		"fails at once":        {"#", "#", debounce, nil},
		"goes on":              {"a-b", "a-b---", operators.Map(identity), nil},
		"is cancelled":         {"a-b-c-|", "a-b!", operators.Map(identity), nil},
		"is cancelled, in one": {"a-b-c-|", "a-(b!)", operators.Map(identity), nil},
		"has groups":           {"(ab)--(c|)", "(ab)--(c|)", operators.Map(identity), nil},
		"has spaces":           {"a - b |", "a-b|", operators.Map(identity), nil},
		"has long names":       {"{ab}-{cd}|", "{AB}-{CD}|", operators.Map(strings.ToUpper), nil},
		"is too close to draw": {"0:a 0:b 1:c 2:|", "0:a 0:b 1:c 2:|", operators.Map(identity), nil},
		"another error":        {"ab|", "a#", failsAt("b"), []tptest.Option{tptest.Error(io.EOF)}},
		"is busy":              {"abc--|", "a--b--c--|", operators.Map(identity), []tptest.Option{tptest.Busy(3 * step)}},
		"is busy and decoupled": {
			"a-b-c-d|", "a----{bc}----d----|",
			operators.OnBackpressureReduce(func(a, b string) string { return a + b }),
			[]tptest.Option{tptest.Busy(5 * step)},
		},
		"times between columns": {"a-b|", "-a-(b|)", operators.Debounce[string](step * 3 / 2), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tptest.Marbles(t, c.in, c.op, c.out, c.opts...)
		})
	}
}

// failsAt is the identity up to an item, at which it fails with io.EOF.
func failsAt(bad string) turbopipes.Operator[string, string] {
	return operators.TryMap(func(_ context.Context, v string) (string, error) {
		if v == bad {
			return "", io.EOF
		}
		return v, nil
	})
}

func TestSeveralSources(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[int](s, "1-2-3-|", nil, tptest.Subscribed("^-----!"))
		b := tptest.Cold[string](s, "-a---b|", nil, tptest.Subscribed("^-----!"))
		type pair struct {
			n int
			s []string
		}
		zipped := operators.Zip(b, func(n int, s string) pair { return pair{n, []string{s}} })(a)
		tptest.Expect(s, zipped, "-x---y|", map[string]pair{"x": {1, []string{"a"}}, "y": {2, []string{"b"}}})
		if s.Whole() {
			require.Equal(s, 6, s.Column())
		}
	})
}

func TestHot(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		hot := tptest.Hot[string](s, "x-y-^a-b-c-|", nil, tptest.Subscribed("^------!", "--^----!", "---(^!)", "--------(^!)"))
		tptest.Expect(s, hot, "-a-b-c-|", nil, tptest.At(0))
		tptest.Expect(s, hot, "---b-c-|", nil, tptest.At(2))
		tptest.Expect(s, hot, "---(b!)", nil, tptest.At(3))
		tptest.Expect(s, hot, "--------|", nil, tptest.At(8))
	})
	tptest.Run(t, func(s *tptest.Scenario) {
		failed := tptest.Hot[string](s, "a-#", nil, tptest.Error(io.EOF))
		tptest.Expect(s, failed, "a-#", nil, tptest.At(0), tptest.Error(io.EOF))
		tptest.Expect(s, failed, "----#", nil, tptest.At(4), tptest.Error(io.EOF))
	})
}

// An inner stream that takes time to unwind.
func TestUnwinding(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		inner := map[string]turbopipes.Observable[string]{
			"a": tptest.Cold[string](s, "-x", nil, tptest.Unwinds(2*step), tptest.Subscribed("---^!")),
			"b": tptest.Cold[string](s, "-y|", nil, tptest.Subscribed("-------^!")),
		}
		outer := tptest.Cold[string](s, "---a---b-----|", nil)
		joined := operators.ConcatMap(func(v string) turbopipes.Observable[string] { return operators.Take[string](1)(inner[v]) })(outer)
		tptest.Expect(s, joined, "----x---y----|", nil)
	})
}

func TestSubscriptionsOfInnerStreams(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		inner := tptest.Cold[string](s, "-x-y|", nil, tptest.Subscribed("^---!", "----^---!"))
		_ = tptest.Cold[string](s, "x", nil, tptest.Subscribed())
		outer := tptest.Cold[string](s, "a-b----|", nil, tptest.Subscribed("^-------!"))
		joined := operators.ConcatMap(func(string) turbopipes.Observable[string] { return inner })(outer)
		tptest.Expect(s, joined, "-x-y-x-y|", nil)
	})
}

func TestEarlyEnds(t *testing.T) {
	slow := turbopipes.Create(func(ctx context.Context, emit func(string) bool) error {
		defer time.Sleep(5 * step)
		if !emit("a") {
			return nil
		}
		<-ctx.Done()
		return context.Cause(ctx)
	})
	runs := 0
	tptest.Run(t, func(s *tptest.Scenario) {
		runs++
		tptest.Expect(s, slow, "a---", nil, tptest.Lingers(5*step))
	})
	require.Equal(t, 2*(1+1+3)+1, runs, "to the end, an item, three columns before the one that is drawn as the end; a graceful stop behind the item")

	runs = 0
	tptest.Run(t, func(s *tptest.Scenario) {
		runs++
		tptest.Expect(s, slow, "a---", nil, tptest.Lingers(5*step), tptest.Unstopped())
	})
	require.Equal(t, 2*(1+1+3), runs)

	runs = 0
	tptest.Run(t, func(s *tptest.Scenario) {
		runs++
		tptest.Expect(s, slow, "a---", nil, tptest.Lingers(5*step), tptest.Once())
	})
	require.Equal(t, 2, runs)

	runs = 0
	tptest.Run(t, func(*tptest.Scenario) { runs++ })
	require.Equal(t, 1, runs, "nothing is expected")

	tptest.Run(t, func(s *tptest.Scenario) { // a scenario that differs from run to run
		src := tptest.Cold[string](s, "a|", nil, tptest.Subscribed("^!"))
		if s.Whole() {
			tptest.Expect(s, src, "a|", nil)
		} else {
			require.NoError(s, src.Drain(s.Context()))
		}
	})
}

// A graceful stop ends the sources of a stream, but not streams that run for its
// items.
func TestGracefulStops(t *testing.T) {
	for name, c := range map[string]struct {
		in, inner, out string
		op             func(inner turbopipes.Observable[string]) turbopipes.Operator[string, string]
	}{
		"too short": {"a-b-|", "|", "--(b|)", func(turbopipes.Observable[string]) turbopipes.Operator[string, string] {
			return operators.ElementAt[string](1)
		}},
		"an inner stream goes on":  {"a-#", "-x", "-x#", perItem},
		"an inner stream fails":    {"a----b|", "-x-#", "-x-#", perItem},
		"a failure is not handled": {"a-#", "---x|", "a----x|", orElse},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				inner := tptest.Cold[string](s, c.inner, nil)
				tptest.Expect(s, c.op(inner)(tptest.Cold[string](s, c.in, nil)), c.out, nil)
			})
		})
	}
}

func perItem(inner turbopipes.Observable[string]) turbopipes.Operator[string, string] {
	return operators.FlatMap(2, func(string) turbopipes.Observable[string] { return inner })
}

func orElse(other turbopipes.Observable[string]) turbopipes.Operator[string, string] {
	return operators.Catch(func(error) turbopipes.Observable[string] { return other })
}

func TestGaugeInAScenario(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		var g tptest.Gauge
		took := map[string]time.Duration{"a": 5 * step, "b": 2 * step, "c": step}
		work := operators.Parallel(2, func(ctx context.Context, v string) (string, error) {
			g.Enter()
			defer g.Exit()
			select {
			case <-time.After(took[v]):
				return v, nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		})
		tptest.Expect(s, work(tptest.Cold[string](s, "abc|", nil)), "---bc(a|)", nil)
		require.Zero(s, g.Now())
		require.LessOrEqual(s, g.Max(), 2)
		if s.Whole() {
			require.Equal(s, 2, g.Max())
		}
	})
}

// A panic of the stream is its error.
func TestPanicIsAnError(t *testing.T) {
	boom := errors.New("boom")
	tptest.Marbles(t, "ab|", operators.Map(func(v string) string {
		if v == "b" {
			panic(boom)
		}
		return v
	}), "a#", tptest.Error(boom))
}

// Signals in one column always come in the order of the sources.
func TestSharedColumns(t *testing.T) {
	join := func(a, b string) string { return a + b }
	for range 5 {
		tptest.Run(t, func(s *tptest.Scenario) {
			a, b := tptest.Cold[string](s, "-a-b-c|", nil), tptest.Cold[string](s, "-1-2---|", nil)
			tptest.Expect(s, operators.Merge(b)(a), "1:a 1:1 3:b 3:2 5:c 7:|", nil)
		})
		tptest.Run(t, func(s *tptest.Scenario) {
			b, a := tptest.Hot[string](s, "-1-2-3|", nil), tptest.Cold[string](s, "-a-b--|", nil)
			tptest.Expect(s, operators.Merge(b)(a), "1:1 1:a 3:2 3:b 5:3 6:|", nil)
		})
		tptest.Run(t, func(s *tptest.Scenario) { // both complete in column 6
			a, b := tptest.Cold[string](s, "1-2---|", nil), tptest.Cold[string](s, "-a---b|", nil)
			tptest.Expect(s, operators.Zip(b, join)(a), "-{1a}---{2b}|", nil)
		})
	}
}
