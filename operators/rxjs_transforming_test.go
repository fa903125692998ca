package operators_test

import (
	"fmt"
	"strings"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

var rxjsTransforming = map[string]rxjsBuilder{
	"map": {"Map", func(w *rxjsWorld) rxjsStream {
		return operators.Map(func(v string) string { return v + v })(w.src("a"))
	}},
	"scan": {"Scan", func(w *rxjsWorld) rxjsStream { return operators.Scan("z", added)(w.src("a")) }},
	"pairwise": {"Pairwise", func(w *rxjsWorld) rxjsStream {
		return operators.Map(func(p turbopipes.Pair[string, string]) string { return p.First + p.Second })(operators.Pairwise[string]()(w.src("a")))
	}},
	"bufferCount": {"BufferWithCount", func(w *rxjsWorld) rxjsStream {
		if w.has("step") {
			return shownSlices(operators.BufferWithCount[string](w.n("n"), operators.WithStep(w.n("step")))(w.src("a")))
		}
		return shownSlices(operators.BufferWithCount[string](w.n("n"))(w.src("a")))
	}},
	"bufferTime": {"BufferWithTime", func(w *rxjsWorld) rxjsStream {
		return shownSlices(operators.BufferWithTime[string](w.d("d"), w.empties()...)(w.src("a")))
	}},
	"bufferTime.max": {"BufferWithTimeOrCount", func(w *rxjsWorld) rxjsStream {
		return shownSlices(operators.BufferWithTimeOrCount[string](w.d("d"), w.n("n"))(w.src("a")))
	}},
	"buffer": {"BufferWhen", func(w *rxjsWorld) rxjsStream {
		return shownSlices(operators.BufferWhen[string](w.src("b"), w.empties()...)(w.src("a")))
	}},
	"windowCount": {"WindowWithCount", func(w *rxjsWorld) rxjsStream {
		if w.has("step") {
			return w.windows(operators.WindowWithCount[string](w.n("n"), operators.WithStep(w.n("step"))))
		}
		return w.windows(operators.WindowWithCount[string](w.n("n")))
	}},
	"windowTime": {"WindowWithTime", func(w *rxjsWorld) rxjsStream { return w.windows(operators.WindowWithTime[string](w.d("d"))) }},
	"window":     {"WindowWhen", func(w *rxjsWorld) rxjsStream { return w.windows(operators.WindowWhen[string](w.src("b"))) }},
	"groupBy": {"GroupBy", func(w *rxjsWorld) rxjsStream {
		return operators.FlatMap(turbopipes.Infinite, func(g turbopipes.Group[string, string]) rxjsStream {
			return operators.Map(func(v string) string { return g.Key + ":" + v })(g.Items)
		})(operators.GroupBy(w.key())(w.src("a")))
	}},
	"groupBy.idle": {"GroupBy with WithIdle", func(w *rxjsWorld) rxjsStream {
		opened := 0
		return operators.FlatMap(turbopipes.Infinite, func(g turbopipes.Group[string, string]) rxjsStream {
			n := opened
			opened++
			return operators.Map(func(v string) string { return fmt.Sprint(n, ":", v) })(g.Items)
		})(operators.GroupBy(w.key(), operators.WithIdle(w.d("idle")))(w.src("a")))
	}},
}

func added(s, v string) string { return s + v }

// shownSlices shows slices as [ab].
func shownSlices(o turbopipes.Observable[[]string]) rxjsStream {
	return operators.Map(func(items []string) string { return "[" + strings.Join(items, "") + "]" })(o)
}

// empties is EmitEmpty where the case asks for it.
func (w *rxjsWorld) empties() []operators.BufferWithTimeOption {
	if w.has("empties") {
		return []operators.BufferWithTimeOption{operators.EmitEmpty()}
	}
	return nil
}

// windows emits the items of each window when the window ends. If the case wants it, it
// emits the begin, the items and the end of each window as they come.
func (w *rxjsWorld) windows(window turbopipes.Operator[string, rxjsStream]) rxjsStream {
	opened := -1
	return operators.FlatMap(turbopipes.Infinite, func(items rxjsStream) rxjsStream {
		if !w.has("open") {
			return operators.Filter(func(v string) bool { return v != "[]" })(shownSlices(operators.ToSlice[string]()(items)))
		}
		opened++
		n := opened
		inside := operators.Map(func(v string) string { return fmt.Sprint(n) + v })(items)
		return turbopipes.Pipe3(inside, operators.StartWith(fmt.Sprint("+", n)), operators.EndWith(fmt.Sprint("-", n)), operators.Name[string]("window"))
	})(window(w.src("a")))
}
