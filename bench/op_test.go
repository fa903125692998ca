package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// notPriced has what returns an Operator or an Observable and has no row, and why.
var notPriced = map[string]string{
	"Lift":    "makes an operator of a function; the operators that use it have rows",
	"Invalid": "makes the operator of a bad argument",
	"Compose": "nests its operators, as Pipe does",
	"Pipe":    "nests its operators; W1 measures chains",
}

// Every operator, source, subject and overflow strategy has a row in the cost table, and
// every row is of one of them.
func TestCostTableIsComplete(t *testing.T) {
	priced := map[string]bool{}
	for _, f := range costFamilies() {
		for _, r := range f.rows {
			priced[r.name] = true
		}
	}
	declared := map[string]bool{}
	for _, d := range slices.Concat(declarations(t, ".."), declarations(t, "../operators")) {
		for _, name := range d.priced {
			if base := strings.TrimRight(name, "23456789"); notPriced[base] == "" && !priced[name] {
				t.Errorf("%s has no row in the cost table, which is in op_*.go", name)
			}
		}
		for _, name := range d.all {
			declared[name] = true
		}
	}
	for name := range priced {
		if !declared[name] {
			t.Errorf("the cost table has a row for %s, which is not declared", name)
		}
	}
}

// declared has the exported names of a declaration, and those that need a row.
type declared struct{ all, priced []string }

func declarations(t *testing.T, dir string) (all []declared) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatal(dir, err)
	}
	files := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "_go127") { // Go 1.26 can't parse the latter
			continue
		}
		f, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			all = append(all, declaration(d))
		}
	}
	return all
}

func declaration(d ast.Decl) (found declared) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil || !d.Name.IsExported() {
			return found
		}
		name, subject := strings.CutPrefix(d.Name.Name, "New")
		found.all = append(found.all, name)
		if subject && d.Name.Name != "NewBreaker" || returnsStream(d.Type.Results) {
			found.priced = append(found.priced, name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				found.all = append(found.all, s.Name.Name)
			case *ast.ValueSpec:
				for _, name := range s.Names {
					found.all = append(found.all, name.Name)
					if typeName(s.Type) == "Overflow" && name.IsExported() {
						found.priced = append(found.priced, name.Name)
					}
				}
			}
		}
	}
	return found
}

func returnsStream(results *ast.FieldList) bool {
	return results != nil && slices.ContainsFunc(results.List, func(f *ast.Field) bool {
		return slices.Contains([]string{"Operator", "Observable", "Connectable"}, typeName(f.Type))
	})
}

// typeName returns the name of a type without its package, its type arguments, and the
// mark of a slice or a pointer.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.IndexListExpr:
		return typeName(e.X)
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.ArrayType:
		return typeName(e.Elt)
	}
	return ""
}

// Each row has one way of turbopipes and something to compare it with, and the ways that
// its goals name.
func TestCostRows(t *testing.T) {
	titles := map[string]bool{}
	for _, f := range costFamilies() {
		for _, r := range f.rows {
			if titles[r.title()] {
				t.Errorf("%s has two rows", r.title())
			}
			titles[r.title()] = true
			of := func(role role) int { return len(slices.Collect(waysOf(r, role))) }
			if of(ours) != 1 || of(limit) != 1 {
				t.Errorf("%s has %d ways of turbopipes and %d floors, want one of each", r.title(), of(ours), of(limit))
			}
			for _, g := range r.goals {
				if g.than != "" && !slices.ContainsFunc(r.ways, func(w way) bool { return w.name == g.than }) {
					t.Errorf("%s has no way %q, which its goal names", r.title(), g.than)
				}
			}
		}
	}
}

func waysOf(r row, role role) func(yield func(way) bool) {
	return func(yield func(way) bool) {
		for _, w := range r.ways {
			if w.role == role && !yield(w) {
				return
			}
		}
	}
}

// Every row has results, and every result is of a row.
func TestCostResultsAreComplete(t *testing.T) {
	r, err := readCosts(resultsDir)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, f := range costFamilies() {
		for _, row := range f.rows {
			want = append(want, f.title+": "+row.title())
		}
	}
	for _, row := range r.Rows {
		got = append(got, row.Family+": "+row.title())
	}
	for _, title := range want {
		if !slices.Contains(got, title) {
			t.Errorf("%s has no result; measure it with -only operators -match and -merge", title)
		}
	}
	for _, title := range got {
		if !slices.Contains(want, title) {
			t.Errorf("%s has a result and no row; measure all rows again, or use -merge", title)
		}
	}
}

// The medians are those of the rounds, and a goal is checked by the ratios in a round.
func TestCostResult(t *testing.T) {
	of := func(ns ...float64) (all []sample) {
		for _, v := range ns {
			all = append(all, sample{ns: v, allocs: 0.5})
		}
		return all
	}
	p := priced{n: 100, family: "Some", row: row{
		name: "Zip", variant: "of two", ways: []way{{name: oursName, role: ours}, {name: unbufferedName, role: limit}},
		goals: []goal{atMost(0.6, unbufferedName), within(10, unbufferedName), allocating(0.5)},
	}}
	p.items = [][]sample{of(10, 1000, 20), of(20, 2000, 30)}
	p.setUps = [][]sample{{{ns: 50, allocs: 10}}, {{ns: 5}}}
	r := p.result()
	if r.title() != "Zip, of two" || r.Item.NS != 20 || r.SetUp.NS != 50 || r.Ways[0].Ratio != 0.5 {
		t.Errorf("got %+v", r)
	}
	if want := (100*0.5 - 10) / 99; r.Item.Allocs != digits(want) {
		t.Errorf("%v allocations per item, want %v", r.Item.Allocs, want)
	}
	var met []bool
	for _, g := range r.Goals {
		met = append(met, g.Met)
	}
	if !slices.Equal(met, []bool{true, true, true, false}) {
		t.Errorf("got %+v", r.Goals)
	}
	all, dir := costResults{Made: "by a test", Rows: []costResult{r, r}}, t.TempDir()
	if n := len(all.missed()); n != 2 {
		t.Errorf("%d goals are missed, want 2", n)
	}
	if err := all.write(dir); err != nil {
		t.Fatal(err)
	}
	if read, err := readCosts(dir); err != nil || !reflect.DeepEqual(read, all) {
		t.Errorf("wrote %+v, read %+v, %v", all, read, err)
	}
}
