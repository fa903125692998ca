package turbopipesvet

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

const (
	rootPath      = "github.com/turbopipes/turbopipes"
	operatorsPath = rootPath + "/operators"
	deliveryPath  = rootPath + "/delivery"
)

// names is a set of functions and methods of turbopipes, as [callee] spells them.
type names map[string]bool

func setOf(list ...string) names {
	set := names{}
	for _, name := range list {
		set[name] = true
	}
	return set
}

// callee returns the function of turbopipes that a call calls: "Defer" for a
// function of package turbopipes, "Observable.Each" for a method, and
// "operators.Scan" for a function of package operators. It returns "" for
// everything else, such as the call of an operator value.
func (p *pass) callee(call *ast.CallExpr) string {
	fn := typeutil.StaticCallee(p.TypesInfo, call)
	if fn == nil || fn.Pkg() == nil {
		return ""
	}
	name := fn.Name()
	if recv := fn.Signature().Recv(); recv != nil {
		if t := typeName(deref(recv.Type())); t != "" {
			return t + "." + name
		}
		return ""
	}
	switch fn.Pkg().Path() {
	case rootPath:
		return name
	case operatorsPath:
		return "operators." + name
	}
	return ""
}

// typeName returns the name of a type of package turbopipes, without its type
// arguments, and "" for any other type.
func typeName(t types.Type) string {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != rootPath {
		return ""
	}
	return named.Obj().Name()
}

func deref(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// isNamed reports whether t is the type path.name.
func isNamed(t types.Type, path, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == name && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == path
}

func isContext(t types.Type) bool { return isNamed(t, "context", "Context") }

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// isNil reports whether e is the nil literal or a conversion of it.
func (p *pass) isNil(e ast.Expr) bool {
	e = ast.Unparen(e)
	if p.TypesInfo.Types[e].IsNil() {
		return true
	}
	call, ok := e.(*ast.CallExpr)
	return ok && len(call.Args) == 1 && p.TypesInfo.Types[call.Fun].IsType() && p.isNil(call.Args[0])
}

// operatorCall reports whether call calls a value of type Operator.
func (p *pass) operatorCall(call *ast.CallExpr) bool {
	t := p.TypesInfo.TypeOf(call.Fun)
	return t != nil && typeName(t) == "Operator"
}

// plain is a name of [callee] without its package or type: "Scan" for
// "operators.Scan", and "Each" for "Observable.Each".
func plain(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// silentObserver reports whether call is a Subscribe with an Observer literal that
// has no Error.
func (p *pass) silentObserver(call *ast.CallExpr) bool {
	if p.callee(call) != "Observable.Subscribe" || len(call.Args) < 2 {
		return false
	}
	observer, ok := ast.Unparen(call.Args[1]).(*ast.CompositeLit)
	if !ok || typeName(p.TypesInfo.TypeOf(observer)) != "Observer" {
		return false
	}
	return !slices.ContainsFunc(observer.Elts, func(e ast.Expr) bool {
		field, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return !p.isNil(observer.Elts[1]) // without keys, all fields are there
		}
		key, ok := field.Key.(*ast.Ident)
		return ok && key.Name == "Error" && !p.isNil(field.Value)
	})
}
