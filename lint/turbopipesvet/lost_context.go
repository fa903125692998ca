package turbopipesvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// LostContext reports a stream that runs under context.Background() in a function
// that has a ctx.
var LostContext = check("lostcontext",
	`report context.Background() where the function has a ctx

A stream under context.Background() goes on when the caller's ctx ends, and does not
see its values. Pass the ctx on. For a stream that must outlive the ctx, say so with
context.WithoutCancel(ctx). Clean-up is not reported: deferred calls, and
Subscription.Stop, which needs a ctx that has not ended.`, lostContext)

// running are the calls that run something under the ctx in their first argument.
var running = setOf(
	"Observable.Each", "Observable.Seq", "Observable.Pull", "Observable.Push", "Observable.Collect", "Observable.Drain",
	"Observable.Subscribe", "Observable.ToChannel", "Run", "Send", "Errors", "Guard", "RunUntilSignal", "FromEventSource",
	"Connectable.Connect", "Connectable.AutoConnect", "MergeHub.Attach", "Topic.Publish",
	"Subject.Next", "BehaviorSubject.Next", "ReplaySubject.Next", "AsyncSubject.Next", "UnicastSubject.Next",
)

func lostContext(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		if len(call.Args) == 0 || !running[p.callee(call)] && !running[p.selected(call)] {
			continue
		}
		fresh, ok := ast.Unparen(call.Args[0]).(*ast.CallExpr)
		if !ok || !p.isFresh(fresh) || deferred(c) {
			continue
		}
		param := p.contextParam(c)
		if param == nil {
			continue
		}
		d := analysis.Diagnostic{
			Pos: fresh.Pos(), End: fresh.End(),
			Message: "this call does not end with " + param.Name() + ", the ctx of the function: pass " + param.Name() +
				", or context.WithoutCancel(" + param.Name() + ") for work that must outlive it",
		}
		_, visible := p.Pkg.Scope().Innermost(fresh.Pos()).LookupParent(param.Name(), fresh.Pos())
		if v, ok := visible.(*types.Var); ok && isContext(v.Type()) {
			d.SuggestedFixes = []analysis.SuggestedFix{{
				Message:   "Pass " + param.Name(),
				TextEdits: []analysis.TextEdit{{Pos: fresh.Pos(), End: fresh.End(), NewText: []byte(param.Name())}},
			}}
		}
		p.Report(d)
	}
}

// selected is like [pass.callee] for a method of the type that it is called on:
// "Subject.Next", where Subject has Next from a type that it embeds.
func (p *pass) selected(call *ast.CallExpr) string {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	s := p.TypesInfo.Selections[sel]
	if s == nil || s.Kind() != types.MethodVal {
		return ""
	}
	return typeName(deref(s.Recv())) + "." + sel.Sel.Name
}

// isFresh reports whether call is context.Background() or context.TODO().
func (p *pass) isFresh(call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := p.TypesInfo.Uses[sel.Sel].(*types.Func)
	return ok && (fn.FullName() == "context.Background" || fn.FullName() == "context.TODO")
}

// deferred reports whether the call at c is deferred, by itself or in a function.
func deferred(c inspector.Cursor) bool {
	for d := range c.Enclosing((*ast.DeferStmt)(nil), (*ast.FuncDecl)(nil)) {
		_, ok := d.Node().(*ast.DeferStmt)
		return ok
	}
	return false
}

// contextParam returns the parameter of type context.Context of the innermost
// function around c that has one with a name.
func (p *pass) contextParam(c inspector.Cursor) *types.Var {
	for fn := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		sig := p.signature(fn)
		if sig == nil {
			continue
		}
		for v := range sig.Params().Variables() {
			if isContext(v.Type()) && v.Name() != "" && v.Name() != "_" {
				return v
			}
		}
	}
	return nil
}
