package turbopipesvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// DroppedError reports a consuming call whose error is dropped without a word.
var DroppedError = check("droppederror",
	`report a dropped error of Each, Drain, Collect and other consuming calls

A stream reports its failure, a panic in it and the end of its ctx only by this
error. The error of Subscription.Wait, and of the wait function of ToChannel, counts
where nothing else reads the error. To drop an error on purpose, assign it to _.`, droppedError)

// failing are the calls that run a stream and return how it ended.
var failing = setOf(
	"Observable.Each", "Observable.Drain", "Observable.Collect", "Observable.Push",
	"Run", "Send", "Errors", "Guard", "WaitOrStop", "RunUntilSignal",
)

func droppedError(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		if !dropped(c) {
			continue
		}
		name := p.callee(call)
		switch {
		case failing[name]:
			p.reportDropped(c, "the error of "+plain(name)+" is dropped, and with it the failure of the stream")
		case name == "Subscription.Wait" && p.onlyWait(c, call):
			p.reportDropped(c, "the error of Wait is dropped, and nothing else gets it: the Observer has no Error")
		case name == "" && p.waitOfChannel(c, call):
			p.reportDropped(c, "the error of the wait function of ToChannel is dropped, and with it the failure of the stream")
		}
	}
}

func (p *pass) reportDropped(c inspector.Cursor, text string) {
	call := c.Node().(*ast.CallExpr)
	p.Report(analysis.Diagnostic{Pos: call.Pos(), End: call.End(), Message: text, SuggestedFixes: p.checkError(c, call)})
}

// checkError suggests to leave the function with the error.
func (p *pass) checkError(c inspector.Cursor, call *ast.CallExpr) []analysis.SuggestedFix {
	t := p.TypesInfo.TypeOf(call)
	assign := "if err := "
	if results, ok := t.(*types.Tuple); ok {
		if results.Len() != 2 {
			return nil
		}
		assign, t = "if _, err := ", results.At(1).Type()
	}
	leave, ok := p.handling(c)
	if !ok || !isError(t) || c.ParentEdgeKind() != edge.ExprStmt_X || c.Parent().ParentEdgeKind() != edge.BlockStmt_List {
		return nil
	}
	return []analysis.SuggestedFix{{
		Message: "Check the error",
		TextEdits: []analysis.TextEdit{
			{Pos: call.Pos(), End: call.Pos(), NewText: []byte(assign)},
			{Pos: call.End(), End: call.End(), NewText: []byte("; err != nil {\n" + leave + "\n}")},
		},
	}}
}

// onlyWait reports whether the error of a Wait that is dropped can't be got in any
// other way: the Subscription is that of an Observer literal without Error, and
// the function does nothing with it that reads the error.
func (p *pass) onlyWait(c inspector.Cursor, wait *ast.CallExpr) bool {
	sub := ast.Unparen(ast.Unparen(wait.Fun).(*ast.SelectorExpr).X)
	if call, ok := sub.(*ast.CallExpr); ok {
		return p.silentObserver(call)
	}
	v, uses := p.onlyValue(c, sub, 0, func(call *ast.CallExpr) bool { return p.silentObserver(call) })
	if v == nil {
		return false
	}
	for _, use := range uses {
		name, call, ok := methodCall(use)
		switch name {
		case "Wait":
			ok = ok && dropped(call)
		case "Dispose", "Cancel", "Request", "Done", "Stats":
		default:
			ok = false // Err and Stop read the error, and so may others
		}
		if !ok {
			return false
		}
	}
	return true
}

// waitOfChannel reports whether call, which is dropped, calls the wait function of
// a ToChannel, as all uses of that function do.
func (p *pass) waitOfChannel(c inspector.Cursor, call *ast.CallExpr) bool {
	v, uses := p.onlyValue(c, ast.Unparen(call.Fun), 1, func(call *ast.CallExpr) bool {
		return p.callee(call) == "Observable.ToChannel"
	})
	if v == nil {
		return false
	}
	for _, use := range uses {
		if use.ParentEdgeKind() != edge.CallExpr_Fun || !dropped(use.Parent()) {
			return false
		}
	}
	return true
}

// onlyValue returns the local variable that e is, and all of its uses, where the
// variable is made by := or var from result i of a call that from accepts.
func (p *pass) onlyValue(c inspector.Cursor, e ast.Expr, i int, from func(*ast.CallExpr) bool) (*types.Var, []inspector.Cursor) {
	id, ok := e.(*ast.Ident)
	if !ok {
		return nil, nil
	}
	v, ok := p.TypesInfo.Uses[id].(*types.Var)
	if !ok {
		return nil, nil
	}
	for fn := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		if v.Pos() < fn.Node().Pos() || v.Pos() >= fn.Node().End() {
			continue
		}
		for made := range fn.Preorder((*ast.CallExpr)(nil)) {
			if from(made.Node().(*ast.CallExpr)) && p.local(made, i) == v {
				return v, p.uses(fn, v)
			}
		}
	}
	return nil, nil
}
