package tptest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
)

// The report describes the fault of a scenario.
func TestScenarioFailures(t *testing.T) {
	letters := map[string]int{"a": 1}
	for name, c := range map[string]struct {
		scenario func(*Scenario)
		says     string
	}{
		"no value for a source": {func(s *Scenario) { Cold(s, "ab|", letters) }, `tptest: values has no "b"`},
		"no value expected":     {func(s *Scenario) { Expect(s, turbopipes.Just(1), "(ab|)", letters) }, `tptest: values has no "b"`},
		"no values":             {func(s *Scenario) { Cold[float64](s, "a|", nil) }, `tptest: values is nil, and "a" is no float64`},
		"no number":             {func(s *Scenario) { Cold[uint8](s, "{256}|", nil) }, `tptest: values is nil, and "256" is no uint8`},
		"a bad source":          {func(s *Scenario) { Cold[string](s, "a-!", nil) }, `tptest: diagram "a-!": column 2: '!' can't be here`},
		"a bad expectation":     {func(s *Scenario) { Expect(s, turbopipes.Just(1), "^", nil) }, `tptest: diagram "^": column 0: '^' can't be here`},
		"a bad subscription": {
			func(s *Scenario) { Cold[string](s, "a", nil, Subscribed("-a!")) },
			`tptest: the cold source: Subscribed: diagram "-a!": column 1: a can't be here: a subscription has one ^ and at most one ! behind it`,
		},
		"a subscription that never begins": {func(s *Scenario) { Cold[string](s, "a", nil, Subscribed("--")) }, `tptest: the cold source: Subscribed: diagram "--": there is no ^ in it`},
		"a nil option":                     {func(s *Scenario) { Expect(s, turbopipes.Just(1), "|", nil, nil) }, "tptest: Expect: option 1 is nil"},
		"a nil source option":              {func(s *Scenario) { Cold[string](s, "|", nil, nil) }, "tptest: the cold source: option 1 is nil"},
		"another value": {
			func(s *Scenario) { Expect(s, turbopipes.Just("b"), "(a|)", nil) },
			"run to the end:\nwanted: (a|)\n   got: (b|)\nwanted a in column 0, got b in column 0",
		},
		"another value that prints alike": {func(s *Scenario) {
			Expect(s, turbopipes.Just(errors.New("a")), "(a|)", map[string]error{"a": context.Canceled})
		}, "got: ({*errors.errorString(&errors.errorString{s:\"a\"})}|)"},
		"a named value": {func(s *Scenario) { Expect(s, turbopipes.Just(2), "(a|)", map[string]int{"a": 1, "two": 2}) }, "got: ({two}|)"},
		"an invalid operator": {func(s *Scenario) {
			Expect(s, turbopipes.Invalid[string, string]("Op", "n is odd")(turbopipes.Just("a")), "(a|)", nil)
		}, "it ended with the error: turbopipes: invalid argument: Op: n is odd"},
		"a subscription too many": {
			func(s *Scenario) { Expect(s, Cold[string](s, "-|", nil, Subscribed()), "-|", nil) },
			"run to the end: subscriptions:\n  cold: -|\nwanted: \n   got: ^!",
		},
		"a subscription too few": {
			func(s *Scenario) { Expect(s, Cold[string](s, "-|", nil, Subscribed("^!", "-^!")), "-|", nil) },
			"wanted: ^!\n        -^!\n   got: ^!",
		},
		"a subscription that lasts": {
			func(s *Scenario) { Expect(s, Cold[string](s, "---|", nil, Subscribed("^-!")), "---|", nil) },
			"wanted: ^-!\n   got: ^--!",
		},
		"a subscription that ends": {
			func(s *Scenario) { Expect(s, Cold[string](s, "-|", nil, Subscribed("^-!")), "-|", nil) },
			"wanted: ^-!\n   got: ^!",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, failures(t, c.scenario), c.says)
		})
	}
}

type name string

func TestNaming(t *testing.T) {
	s, err := naming[name]{}.value("ab")
	require.NoError(t, err)
	require.Equal(t, name("ab"), s)
	i, err := naming[int8]{}.value("-7")
	require.NoError(t, err)
	require.Equal(t, int8(-7), i)
	u, err := naming[uint]{}.value("7")
	require.NoError(t, err)
	require.Equal(t, uint(7), u)
	require.Equal(t, "x", naming[[]int]{map[string][]int{"x": {1}}}.key([]int{1}))
	require.Equal(t, "[2]", naming[[]int]{map[string][]int{"x": {1}}}.key([]int{2}))
}
