package guide_test

import (
	"bytes"
	"flag"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

//go:generate go test . -run "TestPages|TestBurst|TestBoundaries|TestGuesses" -update

var update = flag.Bool("update", false, "write the pages' code, output and tables anew")

// TestPages checks that the code of the pages, and of the module's README, is the code
// of this package, which is run as tests. A comment before a block names the function or the type that it
// shows:
//
//	<!-- code: Example_coldAndHot -->
//
// The block of an Example has the body of the function, and its output follows it.
// A comment with "not compiled" stands before Go code that is only to be read. With
// -update the test writes the blocks.
func TestPages(t *testing.T) {
	code := declarations(t)
	shown := map[string]bool{}
	for _, page := range append(pages(t), "../../README.md") {
		old, err := os.ReadFile(page)
		require.NoError(t, err)
		text := marked.ReplaceAllStringFunc(string(old), func(block string) string {
			name := marked.FindStringSubmatch(block)[1]
			require.Contains(t, code, name, "%s shows code that is not in this package", page)
			shown[name] = true
			return "<!-- code: " + name + " -->\n" + code[name]
		})
		settle(t, page, string(old), text)
		if page == "../../README.md" {
			continue // its other blocks are fragments
		}
		plain := marked.ReplaceAllString(text, "")
		plain = allowed.ReplaceAllString(plain, "")
		require.NotContains(t, plain, "```go", "%s has Go code without a comment that says where it is from", page)
	}
	for name := range code {
		if strings.HasPrefix(name, "Example") && name != "Example_readme" {
			require.True(t, shown[name], "no page shows %s", name)
		}
	}
}

// marked is a block of code that is in this package, with its output; the code and
// the output may be missing yet.
var marked = regexp.MustCompile("(?s)<!-- code: (\\w+) -->\n(?:```go\n.*?\n```\n)?(?:\nIt prints:\n\n```text\n.*?\n?```\n)?")

// allowed is a block that is only to be read.
var allowed = regexp.MustCompile("<!-- not compiled[^>]*-->\n```go\n")

func pages(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("*.md")
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

// settle writes a page, or checks that it is as it would be written.
func settle(t *testing.T, page, old, text string) {
	t.Helper()
	if *update && old != text {
		require.NoError(t, os.WriteFile(page, []byte(text), 0o644))
		return
	}
	require.Equal(t, text, old, "%s is out of step: run go test ./docs/guide -update", page)
}

// table puts rows into the page, between two comments that name the table.
func table(t *testing.T, page, name, rows string) {
	t.Helper()
	old, err := os.ReadFile(page)
	require.NoError(t, err)
	begin, end := "<!-- table: "+name+" -->\n", "<!-- end -->\n"
	before, rest, found := strings.Cut(string(old), begin)
	require.True(t, found, "%s has no table %s", page, name)
	_, after, found := strings.Cut(rest, end)
	require.True(t, found, "%s: the table %s has no end", page, name)
	settle(t, page, string(old), before+begin+rows+end+after)
}

// declarations are the blocks for the functions and types of this package.
func declarations(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	blocks := map[string]string{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, file, source, parser.ParseComments)
		require.NoError(t, err)
		from := func(begin, end token.Pos) string {
			return string(source[set.Position(begin).Offset:set.Position(end).Offset])
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					blocks[d.Name.Name] = fenced("go", from(startOf(d.Doc, d.Pos()), d.End()))
				}
			case *ast.GenDecl:
				if spec, ok := d.Specs[0].(*ast.TypeSpec); ok {
					blocks[spec.Name.Name] = fenced("go", from(startOf(d.Doc, d.Pos()), d.End()))
				}
			}
		}
		for _, e := range doc.Examples(f) {
			body := e.Code.(*ast.BlockStmt)
			inside := strings.TrimSpace(from(body.Lbrace+1, body.Rbrace))
			inside, _, _ = strings.Cut(inside, "// Output:")
			inside, _, _ = strings.Cut(inside, "// Unordered output:")
			require.NotEmpty(t, e.Output, "Example%s has no output", e.Name)
			blocks["Example"+e.Name] = fenced("go", dedented(inside)) + "\nIt prints:\n\n" + fenced("text", strings.TrimRight(e.Output, "\n"))
		}
	}
	return blocks
}

func startOf(comment *ast.CommentGroup, declaration token.Pos) token.Pos {
	if comment != nil {
		return comment.Pos()
	}
	return declaration
}

func fenced(language, text string) string { return "```" + language + "\n" + text + "\n```\n" }

// dedented is the body of a function, moved to the left.
func dedented(body string) string {
	var b bytes.Buffer
	for line := range strings.Lines(strings.TrimSpace(body)) {
		b.WriteString(strings.TrimPrefix(line, "\t"))
	}
	return b.String()
}
