package turbopipesvet

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// SharedSeed reports a seed of Scan or Reduce that all subscriptions share.
var SharedSeed = check("sharedseed",
	`report a map, slice, pointer or channel as the seed of Scan or Reduce

Every subscription starts with the same map: a retry, or a second subscriber, goes
on where the one before it has stopped, and two at a time race. ScanWith and
ReduceWith make a seed for each subscription. A nil and an empty slice literal are
fine, since append makes a new slice of them. A function literal that only reads
its state is fine, too.`, sharedSeed)

var seeded = setOf("operators.Scan", "operators.Reduce")

func sharedSeed(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		name := p.callee(call)
		if !seeded[name] || len(call.Args) < 2 {
			continue
		}
		seed := ast.Unparen(call.Args[0])
		kind := reference(p.TypesInfo.TypeOf(seed))
		if kind == "" || p.isNil(seed) || isEmptySlice(kind, seed) || p.onlyReads(c.ChildAt(edge.CallExpr_Args, 1)) {
			continue
		}
		p.Report(analysis.Diagnostic{
			Pos: seed.Pos(), End: seed.End(),
			Message: "the seed of " + plain(name) + " is a " + kind + ", which all subscriptions and retries share: use " +
				plain(name) + "With, which makes a seed for each",
			SuggestedFixes: p.seedWith(c, call, name),
		})
	}
}

// reference names the kind of a type whose copies share their content, and
// returns "" for other types.
func reference(t types.Type) string {
	switch t.Underlying().(type) {
	case *types.Map:
		return "map"
	case *types.Slice:
		return "slice"
	case *types.Pointer:
		return "pointer"
	case *types.Chan:
		return "channel"
	}
	return ""
}

func isEmptySlice(kind string, seed ast.Expr) bool {
	lit, ok := seed.(*ast.CompositeLit)
	return ok && kind == "slice" && len(lit.Elts) == 0
}

// onlyReads reports whether the expression at c is a function literal that reads
// its first parameter, the state, and does not write through it.
func (p *pass) onlyReads(c inspector.Cursor) bool {
	lit, ok := c.Node().(*ast.FuncLit)
	if !ok {
		return false
	}
	state := p.signature(c).Params().At(0)
	for _, use := range p.uses(c, state) {
		if !p.reads(use, lit) {
			return false
		}
	}
	return true
}

// reads reports whether the state at c is returned, compared, copied or looked into.
func (p *pass) reads(c inspector.Cursor, fn *ast.FuncLit) bool {
	switch c.ParentEdgeKind() {
	case edge.ReturnStmt_Results:
		for f := range c.Enclosing((*ast.FuncLit)(nil)) {
			return f.Node() == fn
		}
	case edge.ParenExpr_X:
		return p.reads(c.Parent(), fn)
	case edge.BinaryExpr_X, edge.BinaryExpr_Y:
		return true
	case edge.CallExpr_Args:
		return p.copies(c.Parent().Node().(*ast.CallExpr))
	case edge.SelectorExpr_X, edge.IndexExpr_X, edge.StarExpr_X:
		return p.looks(c.Parent())
	}
	return false
}

// copies reports whether call is a function that does not change its arguments.
func (p *pass) copies(call *ast.CallExpr) bool {
	switch fn := typeutil.Callee(p.TypesInfo, call).(type) {
	case *types.Builtin:
		return fn.Name() == "len" || fn.Name() == "cap"
	case *types.Func:
		return fn.FullName() == "maps.Clone" || fn.FullName() == "slices.Clone"
	}
	return false
}

// looks reports whether the expression at c, which is a part of the state, is a
// number, a string or a bool that is only read.
func (p *pass) looks(c inspector.Cursor) bool {
	switch c.ParentEdgeKind() {
	case edge.ParenExpr_X, edge.SelectorExpr_X:
		return p.looks(c.Parent())
	case edge.AssignStmt_Lhs, edge.IncDecStmt_X, edge.RangeStmt_Key, edge.RangeStmt_Value:
		return false
	case edge.UnaryExpr_X:
		if c.Parent().Node().(*ast.UnaryExpr).Op == token.AND {
			return false
		}
	}
	t := p.TypesInfo.TypeOf(c.Node().(ast.Expr))
	if pair, ok := t.(*types.Tuple); ok { // v, ok
		t = pair.At(0).Type()
	}
	_, basic := t.Underlying().(*types.Basic)
	return basic
}

// seedWith suggests the operator that makes a seed for each subscription, where
// the seed is an expression that makes a new value.
func (p *pass) seedWith(c inspector.Cursor, call *ast.CallExpr, name string) []analysis.SuggestedFix {
	seed := call.Args[0]
	text := p.typeText(c, p.TypesInfo.TypeOf(seed))
	if text == "" || !p.makesNew(seed) {
		return nil
	}
	id := nameOf(call.Fun)
	return []analysis.SuggestedFix{{
		Message: "Use " + plain(name) + "With",
		TextEdits: []analysis.TextEdit{
			{Pos: id.End(), End: id.End(), NewText: []byte("With")},
			{Pos: seed.Pos(), End: seed.Pos(), NewText: []byte("func() " + text + " { return ")},
			{Pos: seed.End(), End: seed.End(), NewText: []byte(" }")},
		},
	}}
}

// nameOf is the name of the function in the function part of a call.
func nameOf(fun ast.Expr) *ast.Ident {
	switch f := ast.Unparen(fun).(type) {
	case *ast.IndexExpr:
		return nameOf(f.X)
	case *ast.IndexListExpr:
		return nameOf(f.X)
	case *ast.SelectorExpr:
		return f.Sel
	case *ast.Ident:
		return f
	}
	return nil
}

// makesNew reports whether each evaluation of e makes a new value: a literal, make,
// new, or a function without arguments.
func (p *pass) makesNew(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		return true
	case *ast.UnaryExpr: // of a pointer, it is &
		_, ok := ast.Unparen(e.X).(*ast.CompositeLit)
		return ok
	case *ast.CallExpr:
		id, ok := ast.Unparen(e.Fun).(*ast.Ident)
		if !ok {
			return len(e.Args) == 0
		}
		_, builtin := p.TypesInfo.Uses[id].(*types.Builtin)
		return builtin && (id.Name == "make" || id.Name == "new") || len(e.Args) == 0
	}
	return false
}
