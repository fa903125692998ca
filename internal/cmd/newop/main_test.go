package main

import (
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "../../.."

// Every row has a place in the files as they are now, for each family.
func TestRowsHaveAPlace(t *testing.T) {
	for family := range families {
		for _, sized := range []bool{true, false} {
			o := operator{name: "NthOfAll", family: family, sized: sized}
			require.NoError(t, o.check(module))
			for _, r := range o.rows() {
				old, err := os.ReadFile(filepath.Join(module, r.file))
				require.NoError(t, err)
				text, err := r.into(string(old))
				require.NoError(t, err, "%s: %s", family, r.file)
				require.Contains(t, text, "NthOfAll")
			}
			for _, text := range []string{o.source(), o.test()} {
				formatted, err := format.Source([]byte(text))
				require.NoError(t, err, text)
				require.Equal(t, string(formatted), text)
			}
		}
	}
}

// The new operator's files follow the rules of the others.
func TestIsMadeAsTheOthers(t *testing.T) {
	o := operator{name: "Take", family: "filtering", sized: true}
	for file, made := range map[string]string{"take.go": o.source(), "take_test.go": o.test()} {
		text, err := os.ReadFile(filepath.Join(module, "operators", file))
		require.NoError(t, err)
		for _, same := range []string{"turbopipes.Lift(own.Mark+\"Take\", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {", "tptest.Doc(t, \"take.go\", \"Take\", op)", "requireInvalid(t, operators.Take[int](", "{ benchmark(b, operators.Take[int]("} {
			require.Equal(t, strings.Contains(string(text), same), strings.Contains(made, same), "%s: %s", file, same)
		}
	}
}

// Every family of operators/doc.go that has operators is known.
func TestFamiliesAreAll(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(module, "operators", "doc.go"))
	require.NoError(t, err)
	known := map[string]bool{}
	for _, f := range families {
		known[f.heading] = true
	}
	for line := range strings.Lines(string(doc)) {
		if heading, ok := strings.CutPrefix(line, "// # "); ok {
			require.True(t, known[strings.TrimSpace(heading)], "newop does not know the family %s", heading)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, o := range []operator{
		{name: "nth", family: "filtering"},
		{name: "N-th", family: "filtering"},
		{name: "Nth", family: "nowhere"},
		{name: "Take", family: "filtering"},
	} {
		_, err := add(module, o)
		require.Error(t, err, o.name)
	}
}
