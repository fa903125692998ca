package turbopipesvet

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// RxGoMethod reports one of RxGo's methods on a typed Observable.
var RxGoMethod = check("rxgomethod",
	`report one of RxGo's methods called on a typed Observable

An Observable is an rxgo.Observable too, so RxGo's 75 methods are there. They take
and return untyped items, and each one runs on goroutines and channels of its own.
Use the operator, or call ToRx first to show that RxGo's method is meant.`, rxgoMethod)

// typedName is what turbopipes has for a method of rxgo.Observable, as
// [pass.callee] spells it.
var typedName = map[string]string{
	"All":            "operators.All",
	"AverageFloat32": "operators.Average", "AverageFloat64": "operators.Average", "AverageInt": "operators.Average",
	"AverageInt8": "operators.Average", "AverageInt16": "operators.Average", "AverageInt32": "operators.Average",
	"AverageInt64":          "operators.Average",
	"BackOffRetry":          "operators.Retry",
	"BufferWithCount":       "operators.BufferWithCount",
	"BufferWithTime":        "operators.BufferWithTime",
	"BufferWithTimeOrCount": "operators.BufferWithTimeOrCount",
	"Connect":               "Publish",
	"Contains":              "operators.Any",
	"Count":                 "operators.Count",
	"Debounce":              "operators.Debounce",
	"DefaultIfEmpty":        "operators.DefaultIfEmpty",
	"Distinct":              "operators.Distinct",
	"DistinctUntilChanged":  "operators.DistinctUntilChanged",
	"DoOnCompleted":         "operators.Do", "DoOnError": "operators.Do", "DoOnNext": "operators.Do",
	"ElementAt":         "operators.ElementAt",
	"Error":             "Observable.Drain",
	"Errors":            "Errors",
	"Filter":            "operators.Filter",
	"Find":              "operators.Find",
	"First":             "operators.First",
	"FirstOrDefault":    "operators.FirstOrDefault",
	"FlatMap":           "operators.FlatMap",
	"ForEach":           "Observable.Each",
	"GroupBy":           "operators.GroupByN",
	"GroupByDynamic":    "operators.GroupBy",
	"IgnoreElements":    "operators.IgnoreElements",
	"Join":              "operators.Join",
	"Last":              "operators.Last",
	"LastOrDefault":     "operators.LastOrDefault",
	"Map":               "operators.Map",
	"Marshal":           "operators.Marshal",
	"Max":               "operators.Max",
	"Min":               "operators.Min",
	"Observe":           "Observable.ToChannel",
	"OnErrorResumeNext": "operators.Catch",
	"OnErrorReturn":     "operators.OnErrorReturn",
	"OnErrorReturnItem": "operators.OnErrorReturnItem",
	"Reduce":            "operators.Reduce",
	"Repeat":            "operators.Repeat",
	"Retry":             "operators.Retry",
	"Run":               "Observable.Drain",
	"Sample":            "operators.Sample",
	"Scan":              "operators.Scan",
	"Send":              "Send",
	"SequenceEqual":     "operators.SequenceEqual",
	"Serialize":         "operators.Serialize",
	"Skip":              "operators.Skip",
	"SkipLast":          "operators.SkipLast",
	"SkipWhile":         "operators.SkipWhile",
	"StartWith":         "operators.StartWith",
	"SumFloat32":        "operators.Sum", "SumFloat64": "operators.Sum", "SumInt64": "operators.Sum",
	"Take":                   "operators.Take",
	"TakeLast":               "operators.TakeLast",
	"TakeUntil":              "operators.TakeUntilMatch",
	"TakeWhile":              "operators.TakeWhile",
	"TimeInterval":           "operators.TimeInterval",
	"Timestamp":              "operators.Timestamp",
	"ToMap":                  "operators.ToMap",
	"ToMapWithValueSelector": "operators.ToMapWithValueSelector",
	"ToSlice":                "Observable.Collect",
	"Unmarshal":              "operators.Unmarshal",
	"WindowWithCount":        "operators.WindowWithCount",
	"WindowWithTime":         "operators.WindowWithTime",
	"WindowWithTimeOrCount":  "operators.WindowWithTimeOrCount",
	"ZipFromIterable":        "operators.Zip",
}

func rxgoMethod(p *pass) {
	for c := range p.root.Preorder((*ast.SelectorExpr)(nil)) {
		sel := c.Node().(*ast.SelectorExpr)
		s := p.TypesInfo.Selections[sel]
		if s == nil || !promotedByObservable(s) {
			continue
		}
		name := typedName[sel.Sel.Name]
		if name == "" {
			continue
		}
		d := analysis.Diagnostic{
			Pos: sel.Sel.Pos(), End: sel.Sel.End(),
			Message: sel.Sel.Name + " is RxGo's method, on untyped items: use " + written(name) + ", or ToRx()." + sel.Sel.Name + " to mean RxGo's",
		}
		if s.Kind() == types.MethodVal {
			d.SuggestedFixes = []analysis.SuggestedFix{{
				Message:   "Call ToRx first",
				TextEdits: []analysis.TextEdit{{Pos: sel.Sel.Pos(), End: sel.Sel.Pos(), NewText: []byte("ToRx().")}},
			}}
		}
		p.Report(d)
	}
}

// written is a name of [pass.callee] as a program writes it.
func written(name string) string {
	if strings.Contains(name, ".") {
		return name
	}
	return "turbopipes." + name
}

// promotedByObservable reports whether a method is one that an Observable has from
// the view of RxGo that it embeds.
func promotedByObservable(s *types.Selection) bool {
	if s.Kind() == types.FieldVal {
		return false
	}
	path := s.Index()
	t := s.Recv()
	for _, field := range path[:len(path)-1] {
		t = deref(t)
		if typeName(t) == "Observable" {
			return true
		}
		fields, ok := t.Underlying().(*types.Struct)
		if !ok {
			return false
		}
		t = fields.Field(field).Type()
	}
	return false
}
