package turbopipesvet

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// SeqError reports a loop over Observable.Seq that does not read the error. The
// failure of the stream then looks like an item with the zero value.
var SeqError = check("seqerror",
	`report a loop over Observable.Seq without the error variable

Seq returns a failure as the last pair: a zero value and the error. A loop that
reads the values only takes the failure for an item. A loop without variables that
ends in break only starts the stream, and is fine.`, seqError)

func seqError(p *pass) {
	for c := range p.root.Preorder((*ast.RangeStmt)(nil)) {
		loop := c.Node().(*ast.RangeStmt)
		call, ok := ast.Unparen(loop.X).(*ast.CallExpr)
		if !ok || p.callee(call) != "Observable.Seq" {
			continue
		}
		if loop.Value != nil && !isBlank(loop.Value) {
			continue
		}
		text := "this loop does not see the error of the stream, and takes a failure for an item with the zero value: write for v, err := range"
		if loop.Key == nil || isBlank(loop.Key) {
			if leaves(loop.Body) {
				continue // it only starts the stream
			}
			text = "this loop does not see the error of the stream, and takes a failure for an item: write for _, err := range"
		}
		p.Report(analysis.Diagnostic{Pos: loop.For, End: loop.X.End(), Message: text, SuggestedFixes: p.readError(c, loop)})
	}
}

func isBlank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "_"
}

// leaves reports whether the last statement of a loop leaves it, so that the loop
// runs at most once.
func leaves(body *ast.BlockStmt) bool {
	if len(body.List) == 0 {
		return false
	}
	switch last := body.List[len(body.List)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return last.Tok == token.BREAK
	case *ast.ExprStmt:
		call, ok := last.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		switch fun := call.Fun.(type) {
		case *ast.Ident:
			return fun.Name == "panic"
		case *ast.SelectorExpr:
			return fun.Sel.Name == "Goexit" || fun.Sel.Name == "Exit"
		}
	}
	return false
}

// readError suggests the error variable, and a first statement in the loop that
// leaves the function when it is set.
func (p *pass) readError(c inspector.Cursor, loop *ast.RangeStmt) []analysis.SuggestedFix {
	leave, ok := p.handling(c)
	if !ok || loop.Tok == token.ASSIGN || p.readsOuterErr(loop.Body) {
		return nil
	}
	variable := analysis.TextEdit{Pos: loop.Range, End: loop.Range, NewText: []byte("_, err := ")}
	switch {
	case loop.Value != nil:
		variable = analysis.TextEdit{Pos: loop.Value.Pos(), End: loop.Value.End(), NewText: []byte("err")}
	case loop.Key != nil:
		variable = analysis.TextEdit{Pos: loop.Key.End(), End: loop.Key.End(), NewText: []byte(", err")}
	}
	file := p.Fset.File(loop.Pos())
	brace := file.Line(loop.Body.Lbrace)
	if brace == file.Line(loop.Body.Rbrace) {
		return nil
	}
	first := file.LineStart(brace + 1)
	return []analysis.SuggestedFix{{
		Message: "Read the error of the stream",
		TextEdits: []analysis.TextEdit{variable, {
			Pos: first, End: first, NewText: []byte("if err != nil {\n" + leave + "\n}\n"),
		}},
	}}
}

// readsOuterErr reports whether body uses a variable err that is declared outside.
func (p *pass) readsOuterErr(body *ast.BlockStmt) bool {
	outer := false
	ast.Inspect(body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == "err" {
			if v := p.TypesInfo.Uses[id]; v != nil && (v.Pos() < body.Pos() || v.Pos() > body.End()) {
				outer = true
			}
		}
		return !outer
	})
	return outer
}
