package main

import (
	"go/ast"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCostsAreComplete checks that the costs of every operator are known: they are shown
// at the operator.
func TestCostsAreComplete(t *testing.T) {
	lib, err := load("../../..", "../../../operators")
	require.NoError(t, err)
	lib.costs, err = readCosts("../../../" + costsFile)
	require.NoError(t, err)
	operators := 0
	for _, e := range lib.entries() {
		f, ok := e.decl.(*ast.FuncDecl)
		if !ok || e.pkg.Name != "operators" || f.Type.Results == nil || !strings.Contains(lib.signature(f), ") turbopipes.Operator[") {
			continue
		}
		operators++
		require.NotEmpty(t, lib.costs.of(e.name), "%s has no costs: go -C bench run . -only operators -match %s -merge", e.name, e.name)
		require.Contains(t, string(lib.page(e.family)), "**Cost**")
	}
	require.Greater(t, operators, 100)
	for _, r := range lib.costs.Rows {
		for _, f := range lib.families {
			for _, e := range f.entries {
				if e.name == r.Name {
					require.Equal(t, f.title, r.Family, "the family of %s in bench", r.Name)
				}
			}
		}
	}
}

func TestCosts(t *testing.T) {
	c := costs{Made: "a machine.", Rows: []costRow{
		{
			Name: "Zip", Variant: "Buffered(64)", Family: "Combining", Item: cost{1460, 0, 0.996}, SetUp: cost{900, 8, 3},
			Ways:  []costWay{{"unbuffered channels by hand", "floor", cost{}, 3.154}, {"channels of 64 by hand", "peer", cost{}, 17.4}, {"ro", "peer", cost{}, 1.5}, {"rxgo", "peer", cost{}, 0.2}},
			Goals: []costGoal{{"≤ 1 × ro", 1.5, false}, {"≤ 1 allocations", 0.996, true}},
		},
		{Name: "Empty", Variant: "a subscription", Family: "Creation", Subscription: true, SetUp: cost{700, 8, 1}},
	}}
	require.Equal(t, "Buffered(64): 1.46 µs an item, 1 allocation, 3.15 × unbuffered channels by hand; set-up: 900 ns, 3 allocations", c.Rows[0].sentence())
	require.Equal(t, "a subscription: 700 ns, 1 allocation", c.Rows[1].sentence())

	page, err := c.inserted("before\n" + costsBegin + "old\n" + costsEnd + "after\n")
	require.NoError(t, err)
	require.Contains(t, page, "| Zip, Buffered(64) | 1460 | 3.15 | 17.4 | 1.50 ro | 0.00 | 1 (0) | 0.90 | 3 | **missed** ≤ 1 × ro: 1.50 |\n")
	require.NotContains(t, page, "old")
	again, err := c.inserted(page)
	require.NoError(t, err)
	require.Equal(t, page, again)
	_, err = c.inserted("no marks")
	require.ErrorContains(t, err, "lacks the mark")
}
