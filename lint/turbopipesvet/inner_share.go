package turbopipesvet

import (
	"go/ast"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// InnerShare reports a Share, ShareReplay or Publish that has one subscriber at
// most, since each subscription makes its own.
var InnerShare = check("innershare",
	`report Share, ShareReplay or Publish in a function that runs once per subscription

The function of Defer or Create runs once per subscription, and that of FlatMap once
per item. A Share in it makes a shared run for each call, so nothing is shared. Call
Share once, outside, and use the result within the function. It is fine to share
among several subscribers within one call: only a shared stream that is used once is
reported.`, innerShare)

var sharing = setOf("operators.Share", "operators.ShareReplay", "Publish")

// repeated are the calls that call a function of theirs again and again, and how
// often.
var repeated = map[string]string{
	"Create": "subscription", "Defer": "subscription", "Lift": "subscription",
	"Using": "subscription", "UsingContext": "subscription",
	"operators.FlatMap": "item", "operators.ConcatMap": "item", "operators.SwitchMap": "item",
	"operators.ExhaustMap": "item", "operators.Expand": "item", "operators.DelayWhen": "item",
	"operators.Catch": "error",
}

// consuming are the methods that subscribe once.
var consuming = setOf("Each", "Seq", "Pull", "Push", "Collect", "Drain", "Subscribe", "ToChannel")

func innerShare(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		name := p.callee(call)
		if !sharing[name] {
			continue
		}
		fn, ok := function(c)
		if !ok || fn.ParentEdgeKind() != edge.CallExpr_Args {
			continue
		}
		outer := p.callee(fn.Parent().Node().(*ast.CallExpr))
		if each := repeated[outer]; each != "" && p.usedOnce(c, fn) {
			p.ReportRangef(call, "this %s shares nothing, since %s calls the function once per %s: call %s once, outside the function",
				plain(name), plain(outer), each, plain(name))
		}
	}
}

// usedOnce reports whether the stream, connectable or operator at c gets one
// subscriber at most in each call of fn: it is consumed, or returned, at once.
func (p *pass) usedOnce(c, fn inspector.Cursor) bool {
	switch c.ParentEdgeKind() {
	case edge.ParenExpr_X:
		return p.usedOnce(c.Parent(), fn)
	case edge.ReturnStmt_Results:
		return true
	case edge.CallExpr_Fun: // the operator is applied
		return p.usedOnce(c.Parent(), fn)
	case edge.CallExpr_Args:
		return p.appliedOnce(c) && p.usedOnce(c.Parent(), fn)
	case edge.SelectorExpr_X:
		name, call, ok := methodCall(c)
		switch {
		case !ok:
			return false
		case consuming[name]:
			return true
		case name == "Pipe":
			return p.simple(call.Node().(*ast.CallExpr).Args) && p.usedOnce(call, fn)
		}
		return name == "RefCount" && p.usedOnce(call, fn)
	case edge.AssignStmt_Rhs, edge.ValueSpec_Values:
		v := p.local(c, 0)
		if v == nil {
			return false
		}
		uses := p.uses(fn, v)
		return len(uses) == 1 && straight(uses[0], fn) && p.usedOnce(uses[0], fn)
	}
	return false
}

// appliedOnce reports whether the call that has c as an argument passes the stream
// on once: Pipe, one of its kin, or an operator value.
func (p *pass) appliedOnce(c inspector.Cursor) bool {
	call := c.Parent().Node().(*ast.CallExpr)
	switch p.callee(call) {
	case "Observable.Pipe":
		return true
	case "Pipe2", "Pipe3", "Pipe4", "Pipe5", "Pipe6", "Pipe7", "Pipe8", "Pipe9":
		return p.simple(call.Args[max(1, c.ParentEdgeIndex()+1):])
	}
	operator, ok := ast.Unparen(call.Fun).(*ast.CallExpr)
	return ok && p.operatorCall(call) && p.simple([]ast.Expr{operator})
}

// simple reports whether the operators are all made by calls of package operators
// that subscribe to their upstream once.
func (p *pass) simple(list []ast.Expr) bool {
	for _, e := range list {
		call, ok := ast.Unparen(e).(*ast.CallExpr)
		if !ok {
			return false
		}
		fn := p.callee(call)
		if fn == "" || fn == plain(fn) || fn == "operators.Retry" || fn == "operators.Repeat" || typeName(p.TypesInfo.TypeOf(call)) != "Operator" {
			return false
		}
	}
	return true
}

// straight reports whether c runs once per call of fn: no loop and no other
// function is in between.
func straight(c, fn inspector.Cursor) bool {
	for n := range c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		return n == fn
	}
	return false
}
