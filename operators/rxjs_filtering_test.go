package operators_test

import (
	"cmp"
	"strings"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// rxjsOn applies an operator to the source a.
func rxjsOn(ours string, op func(w *rxjsWorld) rxjsOperator) rxjsBuilder {
	return rxjsBuilder{ours, func(w *rxjsWorld) rxjsStream { return op(w)(w.src("a")) }}
}

var rxjsFiltering = map[string]rxjsBuilder{
	"filter":                  rxjsOn("Filter", func(w *rxjsWorld) rxjsOperator { return operators.Filter(w.pred()) }),
	"distinct":                rxjsOn("Distinct", func(w *rxjsWorld) rxjsOperator { return operators.Distinct(w.key()) }),
	"distinctUntilChanged":    rxjsOn("DistinctUntilChanged", func(w *rxjsWorld) rxjsOperator { return operators.DistinctUntilChanged(w.key()) }),
	"distinctUntilKeyChanged": rxjsOn("DistinctUntilChanged", func(*rxjsWorld) rxjsOperator { return operators.DistinctUntilChanged(strings.ToLower) }),
	"elementAt":               rxjsOn("ElementAt", func(w *rxjsWorld) rxjsOperator { return operators.ElementAt[string](w.n("n")) }),
	"find":                    rxjsOn("Find", func(w *rxjsWorld) rxjsOperator { return operators.Find(w.pred()) }),
	"findIndex":               {"FindIndex", func(w *rxjsWorld) rxjsStream { return shownInts(operators.FindIndex(w.pred())(w.src("a"))) }},
	"first":                   {"First", func(w *rxjsWorld) rxjsStream { return operators.First[string]()(w.where(w.src("a"))) }},
	"first.default":           {"FirstOrDefault", func(w *rxjsWorld) rxjsStream { return operators.FirstOrDefault("z")(w.where(w.src("a"))) }},
	"last":                    {"Last", func(w *rxjsWorld) rxjsStream { return operators.Last[string]()(w.where(w.src("a"))) }},
	"last.default":            {"LastOrDefault", func(w *rxjsWorld) rxjsStream { return operators.LastOrDefault("z")(w.where(w.src("a"))) }},
	"single": rxjsOn("Single", func(w *rxjsWorld) rxjsOperator {
		if w.has("p") {
			return operators.Single(w.pred())
		}
		return operators.Single[string](nil)
	}),
	"ignoreElements": rxjsOn("IgnoreElements", func(*rxjsWorld) rxjsOperator { return operators.IgnoreElements[string]() }),
	"take":           rxjsOn("Take", func(w *rxjsWorld) rxjsOperator { return operators.Take[string](w.n("n")) }),
	"takeLast":       rxjsOn("TakeLast", func(w *rxjsWorld) rxjsOperator { return operators.TakeLast[string](w.n("n")) }),
	"skip":           rxjsOn("Skip", func(w *rxjsWorld) rxjsOperator { return operators.Skip[string](w.n("n")) }),
	"skipLast":       rxjsOn("SkipLast", func(w *rxjsWorld) rxjsOperator { return operators.SkipLast[string](w.n("n")) }),
	"takeWhile": rxjsOn("TakeWhile", func(w *rxjsWorld) rxjsOperator {
		if w.has("inclusive") {
			return operators.TakeWhile(w.pred(), operators.Inclusive())
		}
		return operators.TakeWhile(w.pred())
	}),
	"skipWhile":  rxjsOn("SkipWhile", func(w *rxjsWorld) rxjsOperator { return operators.SkipWhile(w.pred()) }),
	"takeUntil":  rxjsOn("TakeUntil", func(w *rxjsWorld) rxjsOperator { return operators.TakeUntil[string](w.src("b")) }),
	"skipUntil":  rxjsOn("SkipUntil", func(w *rxjsWorld) rxjsOperator { return operators.SkipUntil[string](w.src("b")) }),
	"sample":     rxjsOn("Sample", func(w *rxjsWorld) rxjsOperator { return operators.Sample[string](w.src("b")) }),
	"sampleTime": rxjsOn("Sample(Interval)", func(w *rxjsWorld) rxjsOperator { return operators.Sample[string](turbopipes.Interval(w.d("d"))) }),
}

var rxjsAggregates = map[string]rxjsBuilder{
	"count":          {"Count", func(w *rxjsWorld) rxjsStream { return shownInts(operators.Count[string]()(w.where(w.src("a")))) }},
	"reduce":         rxjsOn("Reduce", func(*rxjsWorld) rxjsOperator { return operators.Reduce("z", added) }),
	"min":            rxjsOn("Min", func(*rxjsWorld) rxjsOperator { return operators.Min(byLetter) }),
	"max":            rxjsOn("Max", func(*rxjsWorld) rxjsOperator { return operators.Max(byLetter) }),
	"toArray":        {"ToSlice", func(w *rxjsWorld) rxjsStream { return shownSlices(operators.ToSlice[string]()(w.src("a"))) }},
	"every":          {"All", func(w *rxjsWorld) rxjsStream { return shownBools(operators.All(w.pred())(w.src("a"))) }},
	"isEmpty":        {"IsEmpty", func(w *rxjsWorld) rxjsStream { return shownBools(operators.IsEmpty[string]()(w.src("a"))) }},
	"defaultIfEmpty": rxjsOn("DefaultIfEmpty", func(*rxjsWorld) rxjsOperator { return operators.DefaultIfEmpty("z") }),
	"throwIfEmpty": rxjsOn("ThrowIfEmpty", func(w *rxjsWorld) rxjsOperator {
		if w.has("own") {
			return operators.ThrowIfEmpty[string](func() error { return tptest.ErrMarble })
		}
		return operators.ThrowIfEmpty[string](nil)
	}),
	"sequenceEqual": {"SequenceEqual", func(w *rxjsWorld) rxjsStream {
		return shownBools(operators.SequenceEqual(w.src("b"), func(a, b string) bool { return a == b })(w.src("a")))
	}},
}

// byLetter treats a and A as equal.
func byLetter(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) }
