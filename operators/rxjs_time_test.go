package operators_test

import (
	"fmt"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

var rxjsTime = map[string]rxjsBuilder{
	"debounceTime": rxjsOn("Debounce", func(w *rxjsWorld) rxjsOperator { return operators.Debounce[string](w.d("d")) }),
	"throttleTime": rxjsOn("Throttle", func(w *rxjsWorld) rxjsOperator { return operators.Throttle[string](w.d("d")) }),
	"throttleTime.trailing": rxjsOn("Throttle with WithEdge(BothEdges)", func(w *rxjsWorld) rxjsOperator {
		return operators.Throttle[string](w.d("d"), operators.WithEdge(operators.BothEdges))
	}),
	"throttleTime.trailingOnly": rxjsOn("Throttle with WithEdge(TrailingEdge)", func(w *rxjsWorld) rxjsOperator {
		return operators.Throttle[string](w.d("d"), operators.WithEdge(operators.TrailingEdge))
	}),
	"auditTime": rxjsOn("Audit", func(w *rxjsWorld) rxjsOperator { return operators.Audit[string](w.d("d")) }),
	"delay":     rxjsOn("Delay", func(w *rxjsWorld) rxjsOperator { return operators.Delay[string](w.d("d")) }),
	"delayWhen": rxjsOn("DelayWhen", func(w *rxjsWorld) rxjsOperator { return operators.DelayWhen(w.inner) }),
	"timeInterval": {"TimeInterval", func(w *rxjsWorld) rxjsStream {
		return operators.Map(func(e turbopipes.Elapsed[string]) string { return e.Value + fmt.Sprint(int(e.Since/tptest.Step)) })(operators.TimeInterval[string]()(w.src("a")))
	}},
	"timestamp": {"Timestamp", func(w *rxjsWorld) rxjsStream {
		return operators.Map(func(v turbopipes.Timestamped[string]) string {
			return v.Value + fmt.Sprint(int(v.At.Sub(w.begin)/tptest.Step))
		})(operators.Timestamp[string]()(w.src("a")))
	}},
	"timeout": rxjsOn("Timeout", func(w *rxjsWorld) rxjsOperator { return rxjsTimeout(w) }),
	"timeout.with": rxjsOn("Timeout with FallbackTo", func(w *rxjsWorld) rxjsOperator {
		return rxjsTimeout(w, operators.FallbackTo(w.src("b")))
	}),
}

func rxjsTimeout(w *rxjsWorld, opts ...operators.TimeoutOption[string]) rxjsOperator {
	var d time.Duration
	if w.has("first") {
		d = w.d("first")
		opts = append(opts, operators.WithScope[string](operators.FirstItem))
	} else {
		d = w.d("each")
	}
	return operators.Timeout[string](d, opts...)
}
