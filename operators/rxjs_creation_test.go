package operators_test

import (
	"context"
	"strconv"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

var rxjsCreation = map[string]rxjsBuilder{
	"of":       {"Just", func(w *rxjsWorld) rxjsStream { return turbopipes.Just(w.items()...) }},
	"from":     {"FromSlice", func(w *rxjsWorld) rxjsStream { return turbopipes.FromSlice(w.items()) }},
	"range":    {"Range", func(w *rxjsWorld) rxjsStream { return shownInts(turbopipes.Range(w.n("start"), w.n("count"))) }},
	"interval": {"Interval", func(w *rxjsWorld) rxjsStream { return shownInts(turbopipes.Interval(w.d("d"))) }},
	"timer": {"Timer", func(w *rxjsWorld) rxjsStream {
		if w.has("period") {
			return shownInts(turbopipes.Timer(w.d("d"), turbopipes.WithPeriod(w.d("period"))))
		}
		return shownInts(turbopipes.Timer(w.d("d")))
	}},
	"EMPTY":      {"Empty", func(*rxjsWorld) rxjsStream { return turbopipes.Empty[string]() }},
	"NEVER":      {"Never", func(*rxjsWorld) rxjsStream { return turbopipes.Never[string]() }},
	"throwError": {"Throw", func(*rxjsWorld) rxjsStream { return turbopipes.Throw[string](tptest.ErrMarble) }},
	"defer": {"Defer", func(w *rxjsWorld) rxjsStream {
		n := 0
		counted := turbopipes.Defer(func(context.Context) (rxjsStream, error) {
			if n++; w.has("fails") {
				return rxjsStream{}, tptest.ErrMarble
			}
			return operators.Map(func(v string) string { return v + strconv.Itoa(n) })(w.src("a")), nil
		})
		return operators.Concat(counted)(counted)
	}},
	"using": {"Using", func(w *rxjsWorld) rxjsStream {
		log := "log "
		used := turbopipes.Using(
			func(context.Context) (int, error) { log += "+"; return 0, nil },
			func(int) rxjsStream { return w.src("a") },
			func(int) error { log += "x"; return nil },
		)
		return operators.Concat(later(func() string { return log }))(used)
	}},
	"iif": {"Iif", func(w *rxjsWorld) rxjsStream {
		return turbopipes.Iif(func() bool { return w.has("yes") }, w.src("a"), w.src("b"))
	}},
	"generate": {"Unfold", func(w *rxjsWorld) rxjsStream {
		return shownInts(turbopipes.Unfold(w.n("from"), func(i int) (v, next int, ok bool) { return i, i * 2, i < w.n("to") }))
	}},
}

// later emits an item that is made at the subscription.
func later(item func() string) rxjsStream {
	return turbopipes.Defer(func(context.Context) (rxjsStream, error) { return turbopipes.Just(item()), nil })
}

func shownInts(o turbopipes.Observable[int]) rxjsStream { return operators.Map(strconv.Itoa)(o) }

func shownBools(o turbopipes.Observable[bool]) rxjsStream {
	return operators.Map(strconv.FormatBool)(o)
}
