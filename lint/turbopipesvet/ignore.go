package turbopipesvet

import (
	"bytes"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// directive begins a comment that turns checks off for its line, or for the next
// line where the comment stands alone. The names of the checks and a reason follow.
//
//	//turbopipesvet:ignore sharedseed,unheard the reason
const directive = "//turbopipesvet:ignore "

// place is a line of a file.
type place struct {
	file string
	line int
}

// unlessIgnored returns report without the findings on lines that have a
// [directive] for this check. A directive without a reason does not count.
func unlessIgnored(p *analysis.Pass) func(analysis.Diagnostic) {
	var ignored map[place]bool
	report := p.Report
	return func(d analysis.Diagnostic) {
		if ignored == nil {
			ignored = directives(p)
		}
		at := p.Fset.PositionFor(d.Pos, false)
		if !ignored[place{at.Filename, at.Line}] {
			report(d)
		}
	}
}

func directives(p *analysis.Pass) map[place]bool {
	ignored := map[place]bool{}
	for _, file := range p.Files {
		for _, group := range file.Comments {
			for _, c := range group.List {
				text, ok := strings.CutPrefix(c.Text, directive)
				checks, reason, _ := strings.Cut(strings.TrimSpace(text), " ")
				if !ok || reason == "" || !slices.Contains(strings.Split(checks, ","), p.Analyzer.Name) {
					continue
				}
				at := p.Fset.PositionFor(c.Pos(), false)
				if alone(p, at) {
					at.Line++
				}
				ignored[place{at.Filename, at.Line}] = true
			}
		}
	}
	return ignored
}

// alone reports whether nothing is before the comment at that position in its line.
func alone(p *analysis.Pass, at token.Position) bool {
	text, err := p.ReadFile(at.Filename)
	if err != nil || at.Offset > len(text) {
		return false
	}
	line := text[bytes.LastIndexByte(text[:at.Offset], '\n')+1 : at.Offset]
	return len(bytes.TrimSpace(line)) == 0
}
