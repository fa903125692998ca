package turbopipesvet_test

import (
	"go/types"
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
	"golang.org/x/tools/go/analysis/passes/inspect"

	"github.com/turbopipes/turbopipes/lint/turbopipesvet"
)

// TestChecks runs each check over its cases, in the directory with its name below
// testdata, and compares what the suggested fixes make of them with the golden
// files. testdata is a module that uses the real packages. It is loaded once, since
// that takes seconds.
func TestChecks(t *testing.T) {
	checks := map[string]*analysis.Analyzer{"ignore": turbopipesvet.DroppedError}
	for _, a := range turbopipesvet.Analyzers() {
		checks[a.Name] = a
	}
	seen := map[string]bool{}
	all := &analysis.Analyzer{
		Name:     "all",
		Doc:      "the check that has the name of the package",
		Requires: []*analysis.Analyzer{inspect.Analyzer},
		Run: func(p *analysis.Pass) (any, error) {
			own := *p
			own.Analyzer = checks[p.Pkg.Name()]
			seen[p.Pkg.Name()] = true
			if p.Pkg.Name() == turbopipesvet.RxGoMethod.Name {
				requireNames(t, p.Pkg)
			}
			return own.Analyzer.Run(&own)
		},
	}
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), all, "./...")
	for name := range checks {
		if !seen[name] {
			t.Errorf("testdata has no cases for %s", name)
		}
	}
}

// requireNames checks that the names that the checks know are those of the real
// packages, which pkg imports.
func requireNames(t *testing.T, pkg *types.Package) {
	scopes := map[string]*types.Scope{}
	for _, imported := range pkg.Imports() {
		scopes[imported.Name()] = imported.Scope()
	}
	for _, name := range turbopipesvet.Names() {
		owner, member, ok := strings.Cut(name, ".")
		switch {
		case !ok:
			if scopes["turbopipes"].Lookup(name) == nil {
				t.Errorf("turbopipes has no %s", name)
			}
		case owner == "operators":
			if scopes["operators"].Lookup(member) == nil {
				t.Errorf("operators has no %s", member)
			}
		default:
			typ := scopes["turbopipes"].Lookup(owner)
			if typ == nil {
				t.Errorf("turbopipes has no type %s", owner)
			} else if m, _, _ := types.LookupFieldOrMethod(types.NewPointer(typ.Type()), true, typ.Pkg(), member); m == nil {
				t.Errorf("turbopipes.%s has no method %s", owner, member)
			}
		}
	}
	methods := types.NewMethodSet(scopes["rxgo"].Lookup("Observable").Type())
	for m := range methods.Methods() {
		if name := m.Obj().Name(); turbopipesvet.RxGoNames[name] == "" {
			t.Errorf("there is no name for RxGo's %s", name)
		}
	}
	if methods.Len() != len(turbopipesvet.RxGoNames) {
		t.Errorf("RxGo has %d methods, and there are names for %d", methods.Len(), len(turbopipesvet.RxGoNames))
	}
}

// TestDescribed checks that README.md and help describe each check.
func TestDescribed(t *testing.T) {
	all := turbopipesvet.Analyzers()
	if err := analysis.Validate(all); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if !strings.Contains(string(readme), "\n### "+a.Name+"\n") {
			t.Errorf("README.md has no section on %s", a.Name)
		}
	}
}
