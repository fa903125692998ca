package guide_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// guesses are names that users of other libraries try first. They were written down
// before anybody looked at the names here.
var guesses = []struct{ from, guess string }{
	{"RxJS", "operators.Map"},
	{"RxJS", "operators.SwitchMap"},
	{"RxJS", "operators.DebounceTime"},
	{"RxJS", "operators.DistinctUntilChanged"},
	{"RxJS", "operators.CatchError"},
	{"RxJS", "operators.TakeUntil"},
	{"RxJS", "operators.CombineLatest"},
	{"RxJS", "operators.ShareReplay"},
	{"RxJS", "tp.NewBehaviorSubject"},
	{"RxJS", "operators.Tap"},
	{"Reactor", "operators.FlatMap"},
	{"Reactor", "operators.OnBackpressureDrop"},
	{"Reactor", "operators.BufferTimeout"},
	{"Reactor", "operators.LimitRate"},
	{"Reactor", "operators.OnErrorReturn"},
	{"Reactor", "operators.GroupBy"},
	{"rill", "tp.FromSlice"},
	{"rill", "operators.OrderedMap"},
	{"rill", "operators.Batch"},
	{"rill", "operators.Unbatch"},
	{"rill", "Observable.ForEach"},
	{"Go", "tp.FromChannel"},
	{"Go", "tp.FromSeq"},
	{"Go", "operators.Chunk"},
	{"Go", "Observable.Collect"},
}

// TestGuesses counts the guesses that are right, and checks that the table of names has
// the others.
func TestGuesses(t *testing.T) {
	known := exported(t)
	elsewhere, err := os.ReadFile("../../internal/cmd/pages/names.tsv")
	require.NoError(t, err)
	var b strings.Builder
	b.WriteString("\n| from | first guess | here |\n|---|---|---|\n")
	right := 0
	for _, g := range guesses {
		here := "the same"
		if known[g.guess] {
			right++
		} else {
			here = translated(string(elsewhere), g.from, g.guess)
			require.NotEmpty(t, here, "nothing leads from %s's %s to our name", g.from, g.guess)
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", g.from, g.guess, here)
	}
	require.GreaterOrEqual(t, right, 17)
	fmt.Fprintf(&b, "\n%d of %d are right at the first try.\n\n", right, len(guesses))
	table(t, "README.md", "guesses", b.String())
}

// translated returns our name in names.tsv for a name of another library.
func translated(elsewhere, from, guess string) string {
	word := guess[strings.LastIndex(guess, ".")+1:]
	for line := range strings.Lines(elsewhere) {
		cells := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if !strings.HasPrefix(cells[0], from) && (from != "Go" || cells[0] != "channels and errgroup") {
			continue
		}
		for theirs := range strings.SplitSeq(cells[1], ", ") {
			if strings.EqualFold(theirs[strings.LastIndex(theirs, ".")+1:], word) {
				return cells[2]
			}
		}
	}
	return ""
}

// exported returns the exported functions of both packages, and the methods of
// Observable.
func exported(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	for dir, prefix := range map[string]string{"../..": "tp.", "../../operators": "operators."} {
		files, err := filepath.Glob(dir + "/*.go")
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || strings.Contains(file, "_go127") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				switch {
				case !ok:
				case fn.Recv == nil:
					known[prefix+fn.Name.Name] = true
				case isObservable(fn.Recv.List[0].Type):
					known["Observable."+fn.Name.Name] = true
				}
			}
		}
	}
	return known
}

func isObservable(e ast.Expr) bool {
	generic, ok := e.(*ast.IndexExpr)
	if !ok {
		return false
	}
	name, ok := generic.X.(*ast.Ident)
	return ok && name.Name == "Observable"
}
