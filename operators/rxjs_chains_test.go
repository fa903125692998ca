package operators_test

import (
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// rxjsChain has random chains of operators.
var rxjsChain = map[string]rxjsBuilder{
	"pipe": {"Pipe", func(w *rxjsWorld) rxjsStream {
		o := w.src("a")
		for link := range strings.SplitSeq(w.c.args["ops"], ".") {
			name := strings.TrimRight(link, "0123456789")
			op, ok := rxjsLinks[name]
			require.True(w.s, ok, "no link %s", name)
			n := 0
			if name != link {
				n = w.number(link[len(name):])
			}
			o = op(w, n)(o)
		}
		return o
	}},
}

// rxjsLinks makes the operators of a chain, of a number where there is one.
var rxjsLinks = map[string]func(w *rxjsWorld, n int) rxjsOperator{
	"map":                  func(*rxjsWorld, int) rxjsOperator { return operators.Map(func(v string) string { return v + v[:1] }) },
	"filter":               func(*rxjsWorld, int) rxjsOperator { return operators.Filter(firstIsVowel) },
	"scan":                 func(*rxjsWorld, int) rxjsOperator { return operators.Scan("z", addedFirst) },
	"reduce":               func(*rxjsWorld, int) rxjsOperator { return operators.Reduce("z", addedFirst) },
	"ignoreElements":       func(*rxjsWorld, int) rxjsOperator { return operators.IgnoreElements[string]() },
	"take":                 func(_ *rxjsWorld, n int) rxjsOperator { return operators.Take[string](n) },
	"takeLast":             func(_ *rxjsWorld, n int) rxjsOperator { return operators.TakeLast[string](n) },
	"takeWhile":            func(*rxjsWorld, int) rxjsOperator { return operators.TakeWhile(firstIsVowel) },
	"skip":                 func(_ *rxjsWorld, n int) rxjsOperator { return operators.Skip[string](n) },
	"skipLast":             func(_ *rxjsWorld, n int) rxjsOperator { return operators.SkipLast[string](n) },
	"skipWhile":            func(*rxjsWorld, int) rxjsOperator { return operators.SkipWhile(firstIsVowel) },
	"distinct":             func(*rxjsWorld, int) rxjsOperator { return operators.Distinct(firstOf) },
	"distinctUntilChanged": func(*rxjsWorld, int) rxjsOperator { return operators.DistinctUntilChanged(firstOf) },
	"pairwise": func(*rxjsWorld, int) rxjsOperator {
		return turbopipes.Compose2(operators.Pairwise[string](), operators.Map(func(p turbopipes.Pair[string, string]) string { return p.First + p.Second }))
	},
	"bufferCount": func(_ *rxjsWorld, n int) rxjsOperator {
		return turbopipes.Compose2(operators.BufferWithCount[string](n), operators.Map(func(items []string) string { return strings.Join(items, "") }))
	},
	"startWith":      func(*rxjsWorld, int) rxjsOperator { return operators.StartWith("s") },
	"endWith":        func(*rxjsWorld, int) rxjsOperator { return operators.EndWith("t") },
	"defaultIfEmpty": func(*rxjsWorld, int) rxjsOperator { return operators.DefaultIfEmpty("d") },
	"materialize": func(*rxjsWorld, int) rxjsOperator {
		return turbopipes.Compose2(operators.Materialize[string](), operators.Dematerialize[string]())
	},
	"catchError": func(*rxjsWorld, int) rxjsOperator {
		return operators.Catch(func(error) rxjsStream { return turbopipes.Just("x") })
	},
	"retry":          func(_ *rxjsWorld, n int) rxjsOperator { return operators.Retry[string](n) },
	"repeat":         func(_ *rxjsWorld, n int) rxjsOperator { return operators.Repeat[string](n) },
	"concatWith":     func(w *rxjsWorld, _ int) rxjsOperator { return operators.Concat(w.src("b")) },
	"mergeWith":      func(w *rxjsWorld, _ int) rxjsOperator { return operators.Merge(w.src("b")) },
	"takeUntil":      func(w *rxjsWorld, _ int) rxjsOperator { return operators.TakeUntil[string](w.src("b")) },
	"skipUntil":      func(w *rxjsWorld, _ int) rxjsOperator { return operators.SkipUntil[string](w.src("b")) },
	"withLatestFrom": func(w *rxjsWorld, _ int) rxjsOperator { return operators.WithLatestFrom(w.src("b"), added) },
	"concatMap":      func(w *rxjsWorld, _ int) rxjsOperator { return operators.ConcatMap(w.named) },
	"mergeMap":       func(w *rxjsWorld, _ int) rxjsOperator { return operators.FlatMap(turbopipes.Infinite, w.named) },
	"switchMap":      func(w *rxjsWorld, _ int) rxjsOperator { return operators.SwitchMap(w.named) },
	"exhaustMap":     func(w *rxjsWorld, _ int) rxjsOperator { return operators.ExhaustMap(w.named) },
	"debounceTime":   func(_ *rxjsWorld, n int) rxjsOperator { return operators.Debounce[string](columns(n)) },
	"throttleTime":   func(_ *rxjsWorld, n int) rxjsOperator { return operators.Throttle[string](columns(n)) },
	"auditTime":      func(_ *rxjsWorld, n int) rxjsOperator { return operators.Audit[string](columns(n)) },
	"sampleTime": func(_ *rxjsWorld, n int) rxjsOperator {
		return operators.Sample[string](turbopipes.Interval(columns(n)))
	},
	"delay":   func(_ *rxjsWorld, n int) rxjsOperator { return operators.Delay[string](columns(n)) },
	"timeout": func(_ *rxjsWorld, n int) rxjsOperator { return operators.Timeout[string](columns(n)) },
}

func firstOf(v string) string { return v[:1] }

func firstIsVowel(v string) bool { return isVowel(v[:1]) }

func addedFirst(s, v string) string { return s + v[:1] }
