package operators_test

import (
	"cmp"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// Thirty cases that fix what operators do at their edges, among them those where
// libraries disagree. Most were run by RxJS's TestScheduler as well, with the same
// results. In a table of another test, a comment such as // 7 is the number of the case
// here.

type stream = turbopipes.Observable[string]

// drawing makes a stream that a diagram draws.
type drawing = func(diagram string, opts ...tptest.SourceOption) stream

// edge is one of the cases.
type edge struct {
	out  string
	of   func(cold drawing) stream
	opts []tptest.Option
}

// columns is that many columns' time.
func columns(n int) time.Duration { return time.Duration(n) * tptest.Step }

// before puts v in front of each item of in.
func before(v string, in stream) stream {
	return operators.Map(func(w string) string { return v + w })(in)
}

// written shows lists as diagrams do.
func written(lists turbopipes.Observable[[]string]) stream {
	return operators.Map(func(list []string) string { return strings.Join(list, "") })(lists)
}

func TestEdges(t *testing.T) {
	for _, cases := range []map[string]edge{edgesOfTime(), edgesOfCombining(), edgesOfFlattening(), edgesOfBuffers(), edgesOfErrors(), edgesOfBoundaries()} {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				tptest.Run(t, func(s *tptest.Scenario) {
					o := c.of(func(diagram string, opts ...tptest.SourceOption) stream {
						return tptest.Cold[string](s, diagram, nil, opts...)
					})
					tptest.Expect(s, o, c.out, nil, c.opts...)
				})
			})
		}
	}
}

func edgesOfTime() map[string]edge {
	slow := []tptest.Option{tptest.Busy(columns(5))}
	return map[string]edge{
		"1 Debounce flushes at completion": {"6:c 10:d 10:|", func(cold drawing) stream {
			return operators.Debounce[string](columns(3))(cold("ab-c----d-|"))
		}, nil},
		"2 Debounce drops what waits at an error": {"3:#", func(cold drawing) stream {
			return operators.Debounce[string](columns(3))(cold("ab-#"))
		}, nil},
		"3 Throttle emits what opens a window, and no more": {"0:a 5:d 10:|", func(cold drawing) stream {
			return operators.Throttle[string](columns(4))(cold("abc--d-e--|"))
		}, nil},
		"4 Throttle's trailing item opens the next window": {"0:a 4:c 8:e 10:|", func(cold drawing) stream {
			return operators.Throttle[string](columns(4), operators.WithEdge(operators.BothEdges))(cold("abc--d-e--|"))
		}, nil},
		"5 Throttle's completion waits for the window": {"0:a 5:b 5:|", func(cold drawing) stream {
			return operators.Throttle[string](columns(5), operators.WithEdge(operators.BothEdges))(cold("ab|"))
		}, nil},
		"6 Audit's completion waits for the timer": {"4:b 9:d 9:|", func(cold drawing) stream {
			return operators.Audit[string](columns(4))(cold("ab---c-d|"))
		}, nil},
		"7 Sample skips a tick with nothing new": {"1:a 4:c 10:|", func(cold drawing) stream {
			return operators.Sample[string](cold("-x--x-x--|"))(cold("a-bc---d-e|"))
		}, nil},
		"7 Sample with its last": {"1:a 4:c 10:e 10:|", func(cold drawing) stream {
			return operators.Sample[string](cold("-x--x-x--|"), operators.EmitLast())(cold("a-bc---d-e|"))
		}, nil},
		"22 Delay withholds no error": {"3:a 6:#", func(cold drawing) stream {
			return operators.Delay[string](columns(3))(cold("a---b-#"))
		}, nil},
		"23 DelayWhen emits in the order of the signals": {"3:b 5:a 5:|", func(cold drawing) stream {
			late := map[string]stream{"a": cold("-----x"), "b": cold("-x")}
			return operators.DelayWhen(func(v string) stream { return late[v] })(cold("a-b|"))
		}, nil},
		"24 Timeout counts from each item": {"0:a 3:b 7:#", func(cold drawing) stream {
			return operators.Timeout[string](columns(4))(cold("a--b-----c|"))
		}, []tptest.Option{tptest.Error(turbopipes.ErrTimeout)}},
		"25 Timeout does not count a busy downstream": {"0:a 5:b 12:c 17:|", func(cold drawing) stream {
			return operators.Timeout[string](columns(4))(cold("a---b-------c|"))
		}, slow},
	}
}

func edgesOfCombining() map[string]edge {
	return map[string]edge{
		"8 Zip loses the item without a partner": {"1:{a1} 8:{b2} 10:|", func(cold drawing) stream {
			return operators.Zip(cold("-1------2-|"), joined)(cold("a--b-c---|"))
		}, nil},
		"9 Zip ends with the last pair that there can be": {"1:{a1} 5:{b2} 5:|", func(cold drawing) stream {
			return operators.Zip(cold("-1---2---3|"), joined)(cold("a-b|"))
		}, nil},
		"10 CombineLatest ends with a side that never emitted": {"2:|", func(cold drawing) stream {
			return operators.CombineLatest(cold("--|"), joined)(cold("a---b-|"))
		}, nil},
		"11 WithLatestFrom drops what comes before the other": {"3:{b1} 6:{c2} 9:|", func(cold drawing) stream {
			return operators.WithLatestFrom(cold("-1--2|"), joined)(cold("a--b--c--|"))
		}, nil},
		"29 MergeSorted waits for a head of each side": {"1:a 4:b 4:c 7:d 7:e 8:|", func(cold drawing) stream {
			return operators.MergeSorted(cmp.Compare[string], cold("-b-c---e|"))(cold("a---d-|"))
		}, nil},
		"30 Share that was left, and joined, starts anew": {"1:a 4:a 6:b 6:|", func(cold drawing) stream {
			s := operators.Share[string]()(cold("-a-b-c|"))
			return operators.Concat(cold("--|"), operators.Take[string](2)(s))(operators.Take[string](1)(s))
		}, nil},
	}
}

func edgesOfFlattening() map[string]edge {
	return map[string]edge{
		"12 SwitchMap leaves an inner stream in the middle": {"1:{ax} 3:{ay} 5:{bx} 7:{by} 9:{bz} 12:|", func(cold drawing) stream {
			inner := cold("-x-y-z|")
			return operators.SwitchMap(func(v string) stream { return before(v, inner) })(cold("a---b-------|"))
		}, nil},
		"13 SwitchMap reaps an inner stream before the next": {"1:x 6:y 9:|", func(cold drawing) stream {
			inner := map[string]stream{"a": cold("-x", tptest.Unwinds(columns(2))), "b": cold("-y|")}
			return operators.SwitchMap(func(v string) stream { return inner[v] })(cold("a--b-----|"))
		}, nil},
		"14 ExhaustMap drops what comes meanwhile": {"1:{ax} 3:{ay} 8:{cx} 10:{cy} 11:|", func(cold drawing) stream {
			inner := cold("-x-y|")
			return operators.ExhaustMap(func(v string) stream { return before(v, inner) })(cold("a--b---c|"))
		}, nil},
		"15 ConcatMap keeps what comes meanwhile waiting": {"1:{ax} 3:{ay} 5:{bx} 7:{by} 8:|", func(cold drawing) stream {
			inner := cold("-x-y|")
			return operators.ConcatMap(func(v string) stream { return before(v, inner) })(cold("a-b----|"))
		}, nil},
	}
}

func edgesOfBuffers() map[string]edge {
	return map[string]edge{
		"16 BufferWithCount overlaps": {"4:{abc} 8:{cde} 9:e 9:|", func(cold drawing) stream {
			return written(operators.BufferWithCount[string](3, operators.WithStep(2))(cold("a-b-c-d-e|")))
		}, nil},
		"17 BufferWithTime emits nothing empty": {"4:{ab} 8:c 16:d 17:|", func(cold drawing) stream {
			return written(operators.BufferWithTime[string](columns(4))(cold("ab---c--------d--|")))
		}, nil},
		"18 BufferWithTimeOrCount counts from the first item": {"2:{abc} 8:d 14:{ef} 14:|", func(cold drawing) stream {
			return written(operators.BufferWithTimeOrCount[string](columns(4), 3)(cold("abc-d------ef-|")))
		}, nil},
		"19 SessionWindow ends at a pause": {"6:{abc} 10:d 10:|", func(cold drawing) stream {
			return written(operators.SessionWindow[string](columns(3))(cold("ab-c-----d|")))
		}, nil},
	}
}

func edgesOfErrors() map[string]edge {
	// runs returns a stream whose n-th subscription is the n-th of the given streams.
	runs := func(runs ...stream) stream {
		next := 0
		return turbopipes.Defer(func(context.Context) (stream, error) {
			next++
			return runs[next-1], nil
		})
	}
	return map[string]edge{
		"20 Retry counts anew behind an item": {"1:a 3:b 4:#", func(cold drawing) stream {
			return operators.Retry[string](1, operators.ResetOnItem())(runs(cold("-a#"), cold("-b#"), cold("#"), cold("#")))
		}, nil},
		"21 Retry waits": {"1:a 6:b 7:|", func(cold drawing) stream {
			wait := operators.WithBackoff(operators.Constant(columns(3)))
			return operators.Retry[string](1, wait)(runs(cold("-a#"), cold("-b|")))
		}, nil},
	}
}

func edgesOfBoundaries() map[string]edge {
	// work takes 5 columns for a, 2 for b and 1 for c.
	work := func(ctx context.Context, v string) (string, error) {
		timer := time.NewTimer(columns(map[string]int{"a": 5, "b": 2, "c": 1}[v]))
		defer timer.Stop()
		select {
		case <-timer.C:
			return v, nil
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	return map[string]edge{
		"26 Parallel starts the next when one is delivered": {"3:b 4:c 5:a 5:|", func(cold drawing) stream {
			return operators.Parallel(2, work)(cold("abc|"))
		}, nil},
		"27 Parallel, ordered, starts the next no earlier": {"5:a 5:b 6:c 6:|", func(cold drawing) stream {
			return operators.Parallel(2, work, operators.Ordered())(cold("abc|"))
		}, nil},
		"28 Conflate joins what comes while downstream is busy": {"0:a 5:{bc} 10:d 15:|", func(cold drawing) stream {
			return operators.Conflate(operators.Self[string], joined)(cold("a-b-c-d|"))
		}, []tptest.Option{tptest.Busy(columns(5))}},
	}
}
