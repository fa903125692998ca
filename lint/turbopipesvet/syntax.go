package turbopipesvet

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// function returns the innermost function around c, a declaration or a literal.
func function(c inspector.Cursor) (inspector.Cursor, bool) {
	for f := range c.Parent().Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		return f, true
	}
	return c, false
}

func (p *pass) signature(fn inspector.Cursor) *types.Signature {
	switch fn := fn.Node().(type) {
	case *ast.FuncDecl:
		if f, ok := p.TypesInfo.Defs[fn.Name].(*types.Func); ok {
			return f.Signature()
		}
	case *ast.FuncLit:
		if s, ok := p.TypesInfo.TypeOf(fn).(*types.Signature); ok {
			return s
		}
	}
	return nil
}

// dropped reports whether the value of the call at c is dropped without a word:
// the call is a statement, or is started by go or defer.
func dropped(c inspector.Cursor) bool {
	switch c.ParentEdgeKind() {
	case edge.ExprStmt_X, edge.GoStmt_Call, edge.DeferStmt_Call:
		return true
	case edge.ParenExpr_X:
		return dropped(c.Parent())
	}
	return false
}

// local returns the variable that the value with index i of the expression at c
// is assigned to by :=, var or =, and nil where it is anything but an identifier.
func (p *pass) local(c inspector.Cursor, i int) *types.Var {
	var left ast.Expr
	kind, at := c.ParentEdge()
	switch s := c.Parent().Node().(type) {
	case *ast.AssignStmt:
		if kind != edge.AssignStmt_Rhs {
			return nil
		}
		left = s.Lhs[at+i]
	case *ast.ValueSpec:
		if kind != edge.ValueSpec_Values {
			return nil
		}
		left = s.Names[at+i]
	}
	id, ok := left.(*ast.Ident)
	if !ok {
		return nil
	}
	v, _ := p.TypesInfo.Defs[id].(*types.Var) // no Def: the variable has another value as well
	return v
}

// uses returns each identifier within fn that stands for v.
func (p *pass) uses(fn inspector.Cursor, v *types.Var) (all []inspector.Cursor) {
	for c := range fn.Preorder((*ast.Ident)(nil)) {
		if p.TypesInfo.Uses[c.Node().(*ast.Ident)] == v {
			all = append(all, c)
		}
	}
	return all
}

// methodCall returns the method that is called on the expression at c, and the
// call.
func methodCall(c inspector.Cursor) (name string, call inspector.Cursor, ok bool) {
	for c.ParentEdgeKind() == edge.ParenExpr_X {
		c = c.Parent()
	}
	if c.ParentEdgeKind() != edge.SelectorExpr_X {
		return "", c, false
	}
	sel := c.Parent()
	if sel.ParentEdgeKind() != edge.CallExpr_Fun {
		return "", c, false
	}
	return sel.Node().(*ast.SelectorExpr).Sel.Name, sel.Parent(), true
}

// handling returns the statement that leaves the function around c with the error
// in the variable err: a return where the function returns an error, and t.Fatal
// in a test. ok is false where there is no such statement.
func (p *pass) handling(c inspector.Cursor) (statement string, ok bool) {
	fn, ok := function(c)
	if !ok {
		return "", false
	}
	sig := p.signature(fn)
	if sig == nil {
		return "", false
	}
	if n := sig.Results().Len(); n > 0 {
		if !isError(sig.Results().At(n - 1).Type()) {
			return "", false
		}
		var values []string
		for i := range n - 1 {
			zero := p.zero(c, sig.Results().At(i).Type())
			if zero == "" {
				return "", false
			}
			values = append(values, zero)
		}
		return "return " + strings.Join(append(values, "err"), ", "), true
	}
	for param := range sig.Params().Variables() {
		t := deref(param.Type())
		for _, name := range []string{"T", "B", "F", "TB"} {
			if isNamed(t, "testing", name) && param.Name() != "" && param.Name() != "_" {
				return param.Name() + ".Fatal(err)", true
			}
		}
	}
	return "", false
}

// zero is the zero value of t as an expression at c, and "" where it has none
// that is short.
func (p *pass) zero(c inspector.Cursor, t types.Type) string {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return "*new(" + p.typeText(c, t) + ")"
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsBoolean != 0:
			return "false"
		case u.Info()&types.IsString != 0:
			return `""`
		case u.Info()&types.IsNumeric != 0:
			return "0"
		}
		return ""
	case *types.Struct, *types.Array:
		if text := p.typeText(c, t); text != "" {
			return text + "{}"
		}
		return ""
	}
	return "nil"
}

// typeText is t as the file of c writes it, and "" where the file can't name it.
func (p *pass) typeText(c inspector.Cursor, t types.Type) string {
	var file *ast.File
	for f := range c.Enclosing((*ast.File)(nil)) {
		file = f.Node().(*ast.File)
	}
	nameable := true
	text := types.TypeString(t, func(pkg *types.Package) string {
		if pkg == p.Pkg {
			return ""
		}
		for _, spec := range file.Imports {
			if name := p.TypesInfo.PkgNameOf(spec); name != nil && name.Imported() == pkg && name.Name() != "_" {
				return strings.TrimPrefix(name.Name(), ".")
			}
		}
		nameable = false
		return pkg.Name()
	})
	if !nameable {
		return ""
	}
	return text
}
