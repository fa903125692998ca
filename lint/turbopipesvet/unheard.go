package turbopipesvet

import "go/ast"

// Unheard reports a Subscribe with an Observer that has no Error, and whose
// Subscription is dropped.
var Unheard = check("unheard",
	`report a Subscribe without Error whose Subscription is dropped

Nobody gets the error that the stream ends with, and nobody can stop the stream or
wait for it. To ignore errors on purpose, set Error to a function that does
nothing.`, unheard)

func unheard(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		if dropped(c) && p.silentObserver(call) {
			p.ReportRangef(call, "nobody gets the error of this stream: the Observer has no Error, and the Subscription is dropped; "+
				"set Error, or keep the Subscription and call its Wait")
		}
	}
}
