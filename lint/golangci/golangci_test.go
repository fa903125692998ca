package golangci_test

import (
	"testing"

	"github.com/golangci/plugin-module-register/register"

	_ "github.com/turbopipes/turbopipes/lint/golangci"
	"github.com/turbopipes/turbopipes/lint/turbopipesvet"
)

func build(t *testing.T, settings any) (checks int, err error) {
	t.Helper()
	create, err := register.GetPlugin("turbopipesvet")
	if err != nil {
		t.Fatal(err)
	}
	linter, err := create(settings)
	if err != nil {
		return 0, err
	}
	if linter.GetLoadMode() != register.LoadModeTypesInfo {
		t.Error("the checks need types")
	}
	all, err := linter.BuildAnalyzers()
	return len(all), err
}

func TestPlugin(t *testing.T) {
	all := len(turbopipesvet.Analyzers())
	for name, c := range map[string]struct {
		settings any
		want     int
		fails    bool
	}{
		"no settings":        {nil, all, false},
		"nothing disabled":   {map[string]any{}, all, false},
		"a check disabled":   {map[string]any{"disable": []string{"rxgomethod"}}, all - 1, false},
		"an unknown check":   {map[string]any{"disable": []string{"rxgo"}}, 0, true},
		"an unknown setting": {map[string]any{"enable": []string{"rxgomethod"}}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := build(t, c.settings)
			if (err != nil) != c.fails {
				t.Fatalf("got error %v", err)
			}
			if err == nil && got != c.want {
				t.Errorf("got %d checks, want %d", got, c.want)
			}
		})
	}
}
