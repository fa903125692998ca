package operators_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// mostLines limits an operator's file, and mostFunctionLines its functions.
const (
	mostLines         = 300
	mostFunctionLines = 90
)

// decorators are the files whose namesake decorates the function of a task, and makes no
// operator. Their comments have no diagram.
var decorators = map[string]string{"retrying": "Retrying", "time_limit": "TimeLimit"}

// TestHouse checks every file of an operator against the rules of the house.
func TestHouse(t *testing.T) {
	index, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for _, file := range sources(t) {
		base := strings.TrimSuffix(file, ".go")
		t.Run(base, func(t *testing.T) {
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			f := parsed(t, file)
			require.LessOrEqual(t, bytes.Count(source, []byte("\n")), mostLines, "lines")
			require.NotContains(t, string(source), "TODO")
			checkStatements(t, f)
			checkDocs(t, f)
			if strings.HasSuffix(base, "_state") {
				checkPure(t, f)
			}
			if base == "doc" || base == "self" || strings.HasSuffix(base, "options") || strings.HasSuffix(base, "_state") || strings.HasSuffix(base, "_engine") {
				return // no operator
			}
			name, decorates := decorators[base]
			if !decorates {
				name = checkNamesake(t, f, base)
			}
			require.True(t, bytes.Contains(index, []byte("["+name+"]")), "the index in doc.go lacks %s", name)
			test, err := os.ReadFile(base + "_test.go")
			require.NoError(t, err)
			for _, kind := range []string{"Test", "Example", "Benchmark"} {
				require.True(t, bytes.Contains(test, []byte("func "+kind+name)), "%s_test.go lacks %s%s", base, kind, name)
			}
		})
	}
}

// sources returns the package's files without tests.
func sources(t *testing.T) (files []string) {
	t.Helper()
	all, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range all {
		if !strings.HasSuffix(file, "_test.go") {
			files = append(files, file)
		}
	}
	require.NotEmpty(t, files)
	return files
}

var fileSet = token.NewFileSet()

func parsed(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(fileSet, file, nil, parser.ParseComments)
	require.NoError(t, err)
	return f
}

// checkStatements checks that only internal/scope starts goroutines, and that nothing
// waits for a clock that it can't stop.
func checkStatements(t *testing.T, f *ast.File) {
	t.Helper()
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			t.Errorf("%s: a go statement", fileSet.Position(n.Pos()))
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && (n.Sel.Name == "After" || n.Sel.Name == "Tick" || n.Sel.Name == "Sleep") {
				t.Errorf("%s: time.%s", fileSet.Position(n.Pos()), n.Sel.Name)
			}
		case *ast.FuncDecl:
			if lines := fileSet.Position(n.End()).Line - fileSet.Position(n.Pos()).Line; lines > mostFunctionLines {
				t.Errorf("%s: %s has %d lines", fileSet.Position(n.Pos()), n.Name.Name, lines)
			}
		}
		return true
	})
}

// checkPure: a file named _state.go has a pure state machine, without locks, channels,
// goroutines or timers. A file that has these is named _engine.go.
func checkPure(t *testing.T, f *ast.File) {
	t.Helper()
	impure := func(n ast.Node, what string) {
		t.Errorf("%s: a pure state machine has no %s: name the file _engine.go", fileSet.Position(n.Pos()), what)
	}
	for _, spec := range f.Imports {
		if path := strings.Trim(spec.Path.Value, `"`); path == "sync" || path == "sync/atomic" {
			impure(spec, "import of "+path)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ChanType:
			impure(n, "channel")
		case *ast.GoStmt:
			impure(n, "goroutine")
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" {
				switch n.Sel.Name {
				case "Timer", "NewTimer", "AfterFunc", "Ticker", "NewTicker", "Now":
					impure(n, "time."+n.Sel.Name)
				}
			}
		}
		return true
	})
}

// checkDocs checks that the comment of each exported name begins with the name.
func checkDocs(t *testing.T, f *ast.File) {
	t.Helper()
	for _, fn := range functions(f) {
		if doc := fn.Doc.Text(); !strings.HasPrefix(doc, fn.Name.Name+" ") {
			t.Errorf("%s: the comment of %s does not begin with its name", fileSet.Position(fn.Pos()), fn.Name.Name)
		}
	}
}

// functions returns the exported functions without methods.
func functions(f *ast.File) (found []*ast.FuncDecl) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.IsExported() {
			found = append(found, fn)
		}
	}
	return found
}

// checkNamesake finds the operator that file is named after, and checks that
// its comment has the parts that it must have.
func checkNamesake(t *testing.T, f *ast.File, file string) (name string) {
	t.Helper()
	for _, fn := range functions(f) {
		if snake(fn.Name.Name) != file {
			continue
		}
		doc := fn.Doc.Text()
		for _, parts := range [][]string{{"\tin:", "\ta:"}, {"\tout:"}, {"Emits when"}, {"Goroutines:"}} {
			found := false
			for _, part := range parts {
				found = found || strings.Contains(doc, part)
			}
			require.True(t, found, "the comment of %s lacks %q", fn.Name.Name, parts)
		}
		return fn.Name.Name
	}
	require.Fail(t, "no exported function is the namesake of "+file)
	return ""
}

// snake turns FlatMap into flat_map.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// constructors returns the exported functions that return an operator.
func constructors(t *testing.T) (names []string) {
	t.Helper()
	for _, file := range sources(t) {
		for _, fn := range functions(parsed(t, file)) {
			if results := fn.Type.Results; results != nil && len(results.List) == 1 && isOperator(results.List[0].Type) {
				names = append(names, fn.Name.Name)
			}
		}
	}
	require.NotEmpty(t, names)
	return names
}

func isOperator(e ast.Expr) bool {
	generic, ok := e.(*ast.IndexListExpr)
	if !ok {
		return false
	}
	selector, ok := generic.X.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "Operator"
}
