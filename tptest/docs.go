package tptest

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/turbopipes/turbopipes"
)

// Diagrams has the diagram, or another word, of each key in the doc comment of a
// function.
type Diagrams map[string]string

// Doc is [Marbles] with the in: and out: diagrams of the doc comment of the function
// called name in file. It fails t if it can't find them.
func Doc(t *testing.T, file, name string, op turbopipes.Operator[string, string], opts ...Option) {
	t.Helper()
	d := DocDiagram(t, file, name)
	for _, key := range []string{"in", "out"} {
		if d[key] == "" {
			t.Fatalf("tptest: the doc comment of %s in %s has no %s: diagram, but %v", name, file, key, slices.Sorted(maps.Keys(d)))
		}
	}
	Marbles(t, d["in"], op, d["out"], opts...)
}

// DocDiagram returns the diagrams in the doc comment of the function or type called
// name in file. It is for operators with several sources or other types of items:
// pass the diagrams to [Cold] and [Expect]. It fails t if there are none.
//
// It reads the indented lines that start with a key and a colon, such as
//
//	in:    a--b|      quiet: 3
//	inner: -x-y|      of each item
//	out:   -xy-x-y|
//
// A line may have several keys. Other words are ignored. A diagram can't contain
// spaces there.
func DocDiagram(t testing.TB, file, name string) Diagrams {
	t.Helper()
	doc, err := docOf(file, name)
	if err != nil {
		t.Fatal(err)
	}
	d := Diagrams{}
	for line := range strings.Lines(doc) {
		if strings.HasPrefix(line, "\t") {
			d.read(strings.Fields(line))
		}
	}
	if len(d) == 0 {
		t.Fatalf("tptest: the doc comment of %s in %s has no diagram", name, file)
	}
	return d
}

func (d Diagrams) read(fields []string) {
	for i := 0; i+1 < len(fields); i++ {
		key, isKey := strings.CutSuffix(fields[i], ":")
		if !isKey {
			if i == 0 {
				return
			}
			continue
		}
		if _, dup := d[key]; !dup {
			d[key] = fields[i+1]
		}
		i++
	}
}

// docOf returns the doc comment of a function, a method or a type.
func docOf(file, name string) (string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", fmt.Errorf("tptest: %w", err)
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.Name == name {
				return d.Doc.Text(), nil
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if t, ok := spec.(*ast.TypeSpec); ok && t.Name.Name == name {
					return cmp.Or(t.Doc.Text(), d.Doc.Text()), nil
				}
			}
		}
	}
	return "", fmt.Errorf("tptest: no function or type %s in %s", name, file)
}
