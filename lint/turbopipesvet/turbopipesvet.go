// Package turbopipesvet finds mistakes in programs that use turbopipes: code
// that compiles, runs, and loses items, errors or a subscription in silence.
//
// Each check is an [analysis.Analyzer], in a file of its own. The command
// [github.com/turbopipes/turbopipes/lint/cmd/turbopipesvet] runs all of them.
//
// A check reports only what it is sure of. It recognizes turbopipes by import path
// and name, so it needs nothing but the type information of the checked package.
package turbopipesvet

import (
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

// analyzers is the suite. To add a check: write its file, list it here, put its
// cases below testdata in a directory with its name, and describe it in
// README.md. The tests fail until all of this is there.
var analyzers = []*analysis.Analyzer{
	UnusedStream,
	RxGoMethod,
	SeqError,
	DroppedError,
	SharedSeed,
	Unheard,
	InnerShare,
	LostContext,
	ForgottenClaim,
}

// Analyzers returns every check of the suite.
func Analyzers() []*analysis.Analyzer { return slices.Clone(analyzers) }

// check makes an analyzer of a function that looks at one package.
func check(name, doc string, run func(*pass)) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:     name,
		Doc:      doc,
		URL:      "https://github.com/turbopipes/turbopipes/blob/main/lint/README.md#" + name,
		Requires: []*analysis.Analyzer{inspect.Analyzer},
		Run: func(p *analysis.Pass) (any, error) {
			own := *p
			own.Report = unlessIgnored(p)
			run(&pass{Pass: &own, root: p.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()})
			return nil, nil
		},
	}
}

// pass is the run of one check over one package.
type pass struct {
	*analysis.Pass
	root inspector.Cursor
}
