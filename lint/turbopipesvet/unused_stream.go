package turbopipesvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// UnusedStream reports an Observable, an Operator or another lazy value that a
// statement makes and drops. A stream is cold: it does nothing until it is
// consumed.
var UnusedStream = check("unusedstream",
	`report an Observable or Operator that is made and never used

A stream does nothing until it is consumed, and an operator does nothing until it
is applied. Pipe returns a new stream and does not change the one that it is
called on. To drop a stream on purpose, assign it to _.`, unusedStream)

// unusedText says why a value of a type must be used.
var unusedText = map[string]string{
	"Observable":  "this Observable is not used, so it never runs: consume it, with Each, Seq, Collect, Drain or Subscribe",
	"Operator":    "this Operator is not used, so it does nothing: apply it, with Pipe",
	"Group":       "this Group is not used: read its Items, or call LetGo",
	"Connectable": "this Connectable is not used, so it never runs: subscribe to it, and connect it",
}

func unusedStream(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		if !dropped(c) || p.TypesInfo.Types[call.Fun].IsType() {
			continue
		}
		name := p.callee(call)
		if name == "Connectable.AutoConnect" || p.ofScenario(call) {
			continue // AutoConnect connects where n is 0
		}
		kind := lazy(p.TypesInfo.TypeOf(call))
		if name == "" && kind != "Observable" && kind != "Operator" {
			continue // a function of others may keep the value as well
		}
		if text := unusedText[kind]; text != "" {
			p.Report(analysis.Diagnostic{Pos: call.Pos(), End: call.End(), Message: text, SuggestedFixes: p.reassign(c, call)})
		}
	}
}

// ofScenario reports whether call is one of package tptest, such as Hot: these check
// their diagram and belong to a scenario, whether or not the stream is used.
func (p *pass) ofScenario(call *ast.CallExpr) bool {
	fn := typeutil.StaticCallee(p.TypesInfo, call)
	return fn != nil && fn.Pkg() != nil && fn.Pkg().Path() == rootPath+"/tptest"
}

// lazy returns the name of the type of turbopipes that t is, or consists of.
func lazy(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Tuple:
		kind := ""
		for v := range t.Variables() {
			k := lazy(v.Type())
			if k == "" || kind != "" && k != kind {
				return ""
			}
			kind = k
		}
		return kind
	case *types.Slice:
		return lazy(t.Elem())
	case *types.Pointer:
		return typeName(t.Elem())
	default:
		return typeName(t)
	}
}

// reassign suggests o = o.Pipe(…) for o.Pipe(…), where o is used after that.
func (p *pass) reassign(c inspector.Cursor, call *ast.CallExpr) []analysis.SuggestedFix {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || p.callee(call) != "Observable.Pipe" {
		return nil
	}
	if _, ok := c.Parent().Node().(*ast.ExprStmt); !ok {
		return nil
	}
	o, ok := sel.X.(*ast.Ident)
	if !ok || !types.Identical(p.TypesInfo.TypeOf(o), p.TypesInfo.TypeOf(call)) {
		return nil
	}
	v, ok := p.TypesInfo.Uses[o].(*types.Var)
	if !ok || v.IsField() || v.Parent() == p.Pkg.Scope() {
		return nil
	}
	fn, ok := function(c)
	if !ok {
		return nil
	}
	for _, use := range p.uses(fn, v) {
		if use.Node().Pos() > call.End() {
			return []analysis.SuggestedFix{{
				Message:   "Assign the new stream to " + o.Name,
				TextEdits: []analysis.TextEdit{{Pos: call.Pos(), End: call.Pos(), NewText: []byte(o.Name + " = ")}},
			}}
		}
	}
	return nil
}
