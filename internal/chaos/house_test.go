package chaos

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unused are the operators and sources that no plan uses, each for a reason.
var unused = []string{
	"Lift", "Invalid", // it is for authors
	"Never", "Throw", "Iif", // they have no items, or are another source
	"FromSeq2", "Start", // tested by FromSeq and Paginate
	"FromRxResults", // tested by FromRx
	"OnErrorReturn", // tested by OnErrorReturnItem
}

// TestEveryOperator checks that each function that returns an Operator or an Observable
// is in the tables.
func TestEveryOperator(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	var text strings.Builder
	for _, name := range files {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		text.Write(b)
	}
	for _, name := range slices.Concat(makers(t, "../../operators", "operators."), makers(t, "../..", "tp.")) {
		_, short, _ := strings.Cut(name, ".")
		if !slices.Contains(unused, short) && !strings.Contains(text.String(), name+"[") && !strings.Contains(text.String(), name+"(") {
			t.Errorf("%s is in no table", name)
		}
	}
}

// makers returns the exported functions in dir that return an Operator or an Observable.
func makers(t *testing.T, dir, prefix string) (names []string) {
	files, err := filepath.Glob(dir + "/*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.Contains(name, "_go127") || strings.Contains(name, "_gen") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && fn.Recv == nil && fn.Name.IsExported() && fn.Type.Results != nil && makes(fn.Type.Results.List[0].Type) {
				names = append(names, prefix+fn.Name.Name)
			}
		}
	}
	return names
}

// makes reports whether a type is an Operator or an Observable, or a slice of them.
func makes(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ArrayType:
		return makes(e.Elt)
	case *ast.IndexExpr:
		return makes(e.X)
	case *ast.IndexListExpr:
		return makes(e.X)
	case *ast.SelectorExpr:
		return e.Sel.Name == "Operator" || e.Sel.Name == "Observable"
	case *ast.Ident:
		return e.Name == "Operator" || e.Name == "Observable"
	}
	return false
}
