package operators_test

import (
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

var rxjsErrors = map[string]rxjsBuilder{
	"catchError": rxjsOn("Catch", func(w *rxjsWorld) rxjsOperator {
		return operators.Catch(func(error) rxjsStream { return w.src("b") })
	}),
	"catchError.of":         rxjsOn("OnErrorReturnItem", func(*rxjsWorld) rxjsOperator { return operators.OnErrorReturnItem("z") }),
	"catchError.EMPTY":      rxjsOn("OnErrorComplete", func(*rxjsWorld) rxjsOperator { return operators.OnErrorComplete[string](nil) }),
	"onErrorResumeNext":     rxjsOn("OnErrorResumeNext", func(w *rxjsWorld) rxjsOperator { return operators.OnErrorResumeNext(w.others()...) }),
	"onErrorResumeNextWith": rxjsOn("OnErrorResumeNext", func(w *rxjsWorld) rxjsOperator { return operators.OnErrorResumeNext(w.others()...) }),
	"retry": {"Retry", func(w *rxjsWorld) rxjsStream {
		var opts []operators.RetryOption
		if w.has("reset") {
			opts = append(opts, operators.ResetOnItem())
		}
		if w.has("delay") {
			opts = append(opts, operators.WithBackoff(operators.Constant(w.d("delay"))))
		}
		if w.has("grow") {
			opts = append(opts, operators.WithBackoff(func(attempt int, _ error) time.Duration { return time.Duration(attempt) * w.d("grow") }))
		}
		return operators.Retry[string](w.n("n"), opts...)(w.runs())
	}},
	"repeat": {"Repeat", func(w *rxjsWorld) rxjsStream {
		if w.has("delay") {
			return operators.Repeat[string](w.n("n"), operators.WithDelay(w.d("delay")))(w.runs())
		}
		return operators.Repeat[string](w.n("n"))(w.runs())
	}},
	"tap": {"Do", func(w *rxjsWorld) rxjsStream {
		var log rxjsLog
		return log.told(operators.Do(log.hooks())(w.src("a")))
	}},
	"tap.unsubscribe": {"Do", func(w *rxjsWorld) rxjsStream {
		var log rxjsLog
		return log.told(operators.Take[string](w.n("n"))(operators.Do(log.hooks())(w.src("a"))))
	}},
	"finalize": {"Finally", func(w *rxjsWorld) rxjsStream {
		log := rxjsLog("log ")
		ends := operators.Finally[string](log.note("f"))(w.src("a"))
		if w.has("n") {
			ends = operators.Take[string](w.n("n"))(ends)
		}
		return log.told(ends)
	}},
	"finalize.order": {"Finally", func(w *rxjsWorld) rxjsStream {
		log := rxjsLog("log ")
		hooks := operators.Hooks[string]{Error: func(error) { log += "e" }, Complete: log.note("c")}
		return log.told(operators.Do(hooks)(operators.Finally[string](log.note("f"))(w.src("a"))))
	}},
	"finalize.nested": {"Finally", func(w *rxjsWorld) rxjsStream {
		log := rxjsLog("log ")
		return log.told(turbopipes.Pipe3(w.src("a"), operators.Finally[string](log.note("1")), operators.Finally[string](log.note("2")), operators.Finally[string](log.note("3"))))
	}},
	"materialize": {"Materialize", func(w *rxjsWorld) rxjsStream {
		return operators.Map(func(n turbopipes.Notification[string]) string {
			return map[turbopipes.Kind]string{turbopipes.KindNext: "N", turbopipes.KindError: "E", turbopipes.KindComplete: "C"}[n.Kind] + n.Value
		})(operators.Materialize[string]()(w.src("a")))
	}},
	"dematerialize": {"Dematerialize", func(w *rxjsWorld) rxjsStream {
		return operators.Dematerialize[string]()(operators.Map(func(v string) turbopipes.Notification[string] {
			switch v {
			case "C":
				return turbopipes.Notification[string]{Kind: turbopipes.KindComplete}
			case "E":
				return turbopipes.Notification[string]{Kind: turbopipes.KindError, Err: tptest.ErrMarble}
			}
			return turbopipes.Notification[string]{Kind: turbopipes.KindNext, Value: v}
		})(w.src("a")))
	}},
}

// rxjsLog has a letter for each hook that was called.
type rxjsLog string

func (l *rxjsLog) note(c rxjsLog) func() { return func() { *l += c } }

func (l *rxjsLog) hooks() operators.Hooks[string] {
	return operators.Hooks[string]{
		Subscribe: l.note("s"),
		Next:      func(string) { *l += "n" },
		Error:     func(error) { *l += "e" },
		Complete:  l.note("c"),
		Stop:      func(error) { *l += "u" },
	}
}

// told returns o with the log as the last item.
func (l *rxjsLog) told(o rxjsStream) rxjsStream {
	log := later(func() string { return string(*l) })
	return operators.Catch(func(err error) rxjsStream {
		return operators.Concat(turbopipes.Throw[string](err))(log)
	})(operators.Concat(log)(o))
}
