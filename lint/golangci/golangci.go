// Package golangci makes the checks of turbopipesvet a linter of golangci-lint,
// by its module plugin system. The linter is called turbopipesvet.
package golangci

import (
	"fmt"
	"slices"
	"strings"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/turbopipes/turbopipes/lint/turbopipesvet"
)

func init() { register.Plugin("turbopipesvet", New) }

// Settings are the settings of the linter in the configuration of golangci-lint.
type Settings struct {
	Disable []string `json:"disable"` // names of checks that don't run
}

type plugin struct{ settings Settings }

// New makes the linter. golangci-lint calls it with the settings.
func New(conf any) (register.LinterPlugin, error) {
	settings, err := register.DecodeSettings[Settings](conf)
	if err != nil {
		return nil, err
	}
	return plugin{settings}, nil
}

// BuildAnalyzers returns the checks that are not disabled.
func (p plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	all := turbopipesvet.Analyzers()
	for _, name := range p.settings.Disable {
		i := slices.IndexFunc(all, func(a *analysis.Analyzer) bool { return a.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("turbopipesvet: disable: there is no check %q, want one of %s", name, checks())
		}
		all = slices.Delete(all, i, i+1)
	}
	return all, nil
}

// GetLoadMode says that the checks need types.
func (p plugin) GetLoadMode() string { return register.LoadModeTypesInfo }

func checks() string {
	var all []string
	for _, a := range turbopipesvet.Analyzers() {
		all = append(all, a.Name)
	}
	return strings.Join(all, ", ")
}
