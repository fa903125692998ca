package operators_test

import (
	"github.com/turbopipes/turbopipes/operators"
)

var rxjsCombining = map[string]rxjsBuilder{
	"merge":             rxjsOn("Merge", rxjsMerge),
	"mergeWith":         rxjsOn("Merge", rxjsMerge),
	"concat":            rxjsOn("Concat", rxjsConcat),
	"concatWith":        rxjsOn("Concat", rxjsConcat),
	"combineLatest":     rxjsOn("CombineLatest", rxjsCombineLatest),
	"combineLatestWith": rxjsOn("CombineLatest", rxjsCombineLatest),
	"withLatestFrom":    rxjsOn("WithLatestFrom", func(w *rxjsWorld) rxjsOperator { return operators.WithLatestFrom(w.src("b"), added) }),
	"zip":               rxjsOn("Zip", rxjsZip),
	"zipWith":           rxjsOn("Zip", rxjsZip),
	"forkJoin":          {"ForkJoin", func(w *rxjsWorld) rxjsStream { return shownJoined(operators.ForkJoin(w.others()...)(w.src("a"))) }},
	"race":              rxjsOn("Race", rxjsRace),
	"raceWith":          rxjsOn("Race", rxjsRace),
	"startWith":         rxjsOn("StartWith", func(w *rxjsWorld) rxjsOperator { return operators.StartWith(w.items()...) }),
	"endWith":           rxjsOn("EndWith", func(w *rxjsWorld) rxjsOperator { return operators.EndWith(w.items()...) }),
	"partition": {"Partition", func(w *rxjsWorld) rxjsStream {
		match, rest := operators.Partition(w.src("a"), w.pred())
		return operators.Concat(rest)(match)
	}},
}

func rxjsMerge(w *rxjsWorld) rxjsOperator { return operators.Merge(w.others()...) }

func rxjsConcat(w *rxjsWorld) rxjsOperator { return operators.Concat(w.others()...) }

func rxjsCombineLatest(w *rxjsWorld) rxjsOperator { return operators.CombineLatest(w.src("b"), added) }

func rxjsZip(w *rxjsWorld) rxjsOperator { return operators.Zip(w.src("b"), added) }

func rxjsRace(w *rxjsWorld) rxjsOperator { return operators.Race(w.others()...) }
