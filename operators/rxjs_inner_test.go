package operators_test

import (
	"strings"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

var rxjsInner = map[string]rxjsBuilder{
	"mergeMap":      {"FlatMap", func(w *rxjsWorld) rxjsStream { return operators.FlatMap(w.limit(), w.named)(w.src("a")) }},
	"concatMap":     {"ConcatMap", func(w *rxjsWorld) rxjsStream { return operators.ConcatMap(w.named)(w.src("a")) }},
	"switchMap":     {"SwitchMap", func(w *rxjsWorld) rxjsStream { return operators.SwitchMap(w.named)(w.src("a")) }},
	"exhaustMap":    {"ExhaustMap", func(w *rxjsWorld) rxjsStream { return operators.ExhaustMap(w.named)(w.src("a")) }},
	"mergeAll":      {"Flatten", func(w *rxjsWorld) rxjsStream { return operators.Flatten[string](w.limit())(w.streams()) }},
	"concatAll":     {"Flatten(1)", func(w *rxjsWorld) rxjsStream { return operators.Flatten[string](1)(w.streams()) }},
	"switchAll":     {"SwitchAll", func(w *rxjsWorld) rxjsStream { return operators.SwitchAll[string]()(w.streams()) }},
	"exhaustAll":    {"ExhaustMap(Self)", func(w *rxjsWorld) rxjsStream { return operators.ExhaustMap(operators.Self[rxjsStream])(w.streams()) }},
	"mergeMap.of":   rxjsOn("FlatMap", func(*rxjsWorld) rxjsOperator { return operators.FlatMap(turbopipes.Infinite, rxjsTwice) }),
	"concatMap.of":  rxjsOn("ConcatMap", func(*rxjsWorld) rxjsOperator { return operators.ConcatMap(rxjsTwice) }),
	"switchMap.of":  rxjsOn("SwitchMap", func(*rxjsWorld) rxjsOperator { return operators.SwitchMap(rxjsTwice) }),
	"exhaustMap.of": rxjsOn("ExhaustMap", func(*rxjsWorld) rxjsOperator { return operators.ExhaustMap(rxjsTwice) }),
	"expand": {"Expand", func(w *rxjsWorld) rxjsStream {
		return operators.Expand(w.limit(), func(v string) rxjsStream {
			if len(v) < 3 {
				return w.named(v)
			}
			return turbopipes.Empty[string]()
		})(w.src("a"))
	}},
	"combineLatestAll": {"CombineLatestAll", func(w *rxjsWorld) rxjsStream { return shownJoined(operators.CombineLatestAll[string]()(w.streams())) }},
	"zipAll":           {"ZipAll", func(w *rxjsWorld) rxjsStream { return shownJoined(operators.ZipAll[string]()(w.streams())) }},
}

func rxjsTwice(v string) rxjsStream { return turbopipes.Just(v, v+v) }

// limit is how many inner streams run at once.
func (w *rxjsWorld) limit() int {
	if w.has("n") {
		return w.n("n")
	}
	return turbopipes.Infinite
}

// named is the inner stream for v, with v before its items.
func (w *rxjsWorld) named(v string) rxjsStream {
	return operators.Map(func(i string) string { return v + i })(w.inner(v))
}

// streams is the source a with the inner stream for each item.
func (w *rxjsWorld) streams() turbopipes.Observable[rxjsStream] {
	return operators.Map(w.inner)(w.src("a"))
}

// shownJoined shows slices without brackets.
func shownJoined(o turbopipes.Observable[[]string]) rxjsStream {
	return operators.Map(func(items []string) string { return strings.Join(items, "") })(o)
}
