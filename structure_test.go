package turbopipes_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mostFiles is the limit for the sources at the top level, and mostNames is the limit for
// the exported names in its documentation.
const (
	mostFiles = 30
	mostNames = 100
)

// makers has the functions at the top level that return an Operator, and the reason
// why they are not in package operators.
var makers = map[string]string{
	"Lift":    "makes an operator of a function",
	"LiftRx":  "makes an operator of an RxGo pipeline",
	"Invalid": "makes the operator of a bad argument",
	"Compose": "makes an operator of two, as Pipe2 applies two",
}

// twice has the names that both packages export, and the reason.
var twice = map[string]string{
	"OnDiscard": "the same function: operators.OnDiscard calls the other one",
}

// sources returns the files of a package, without its tests and without files that
// only Go 1.27 can parse.
func sources(t *testing.T, dir string) (files []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, file := range all {
		if !strings.HasSuffix(file, "_test.go") {
			files = append(files, file)
		}
	}
	require.NotEmpty(t, files)
	return files
}

// exports has the exported names of a package: the functions without methods, and
// all names. A group is the block of constants or variables that has a name, or the
// name itself.
type exports struct {
	functions map[string]*ast.FuncDecl
	groups    map[string]token.Pos
}

func exported(t *testing.T, dir string) exports {
	t.Helper()
	e := exports{map[string]*ast.FuncDecl{}, map[string]token.Pos{}}
	files := token.NewFileSet()
	for _, source := range sources(t, dir) {
		if strings.HasSuffix(source, "_go127.go") { // Go 1.26 can't parse these files
			continue
		}
		f, err := parser.ParseFile(files, source, nil, 0)
		require.NoError(t, err)
		for _, d := range f.Decls {
			e.add(d)
		}
	}
	return e
}

func (e exports) add(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.IsExported() {
			e.functions[d.Name.Name] = d
			e.groups[d.Name.Name] = d.Pos()
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					e.groups[s.Name.Name] = s.Pos()
				}
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if name.IsExported() {
						e.groups[name.Name] = d.Pos()
					}
				}
			}
		}
	}
}

// familyOf returns the name of a family of functions such as Pipe2 to Pipe9.
func familyOf(name string) string {
	if family := strings.TrimRight(name, "23456789"); family == "Pipe" || family == "Compose" {
		return family
	}
	return name
}

func returnsOperator(fn *ast.FuncDecl) bool {
	if fn.Type.Results == nil {
		return false
	}
	return slices.ContainsFunc(fn.Type.Results.List, func(result *ast.Field) bool {
		generic, ok := result.Type.(*ast.IndexListExpr)
		if !ok {
			return false
		}
		name, ok := generic.X.(*ast.Ident)
		return ok && name.Name == "Operator"
	})
}

// Every function that returns an Operator is in package operators.
func TestOperatorsAreInOperators(t *testing.T) {
	found := map[string]bool{}
	for name, fn := range exported(t, ".").functions {
		if returnsOperator(fn) {
			require.Contains(t, makers, familyOf(name), "%s returns an Operator: it belongs in package operators", name)
			found[familyOf(name)] = true
		}
	}
	require.Equal(t, slices.Sorted(maps.Keys(makers)), slices.Sorted(maps.Keys(found)))
}

// No name means one thing in package turbopipes and another in package operators.
func TestNamesAreInOnePackage(t *testing.T) {
	here, there := exported(t, ".").groups, exported(t, "operators").groups
	var both []string
	for name := range here {
		if _, ok := there[name]; ok {
			both = append(both, name)
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(twice)), both)
}

// The top level can be read from top to bottom. As in the list of go doc, a block of
// constants or variables is one name, and a function that returns a type of the
// package is listed under that type. All others are names of the top level.
func TestTopLevelIsSmall(t *testing.T) {
	require.LessOrEqual(t, len(sources(t, ".")), mostFiles)
	e := exported(t, ".")
	entries := map[token.Pos]string{}
	for name, at := range e.groups {
		if fn, ok := e.functions[name]; ok && e.returnsOwnType(fn) {
			continue
		}
		entries[at] = name
	}
	require.LessOrEqual(t, len(entries), mostNames, "%v", slices.Sorted(maps.Values(entries)))
}

// returnsOwnType reports whether the first result of fn is a type of the package, or a
// slice of one, or a pointer to one.
func (e exports) returnsOwnType(fn *ast.FuncDecl) bool {
	if fn.Type.Results == nil {
		return false
	}
	result := fn.Type.Results.List[0].Type
	for {
		switch r := result.(type) {
		case *ast.StarExpr:
			result = r.X
		case *ast.ArrayType:
			result = r.Elt
		case *ast.IndexExpr:
			result = r.X
		case *ast.IndexListExpr:
			result = r.X
		case *ast.Ident:
			_, own := e.groups[r.Name]
			return own
		default:
			return false
		}
	}
}
