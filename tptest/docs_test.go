package tptest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// drawn is a function with diagrams.
//
//	in:    -a|   quiet: 3
//	inner: -x-y|      of each item
//	out:   --a|
//
// in: this is prose.
//
//	example code(a: b)
func drawn() {}

// bare has no diagram.
func bare() {}

func TestDocDiagram(t *testing.T) {
	drawn()
	bare()
	require.Equal(t, tptest.Diagrams{"in": "-a|", "quiet": "3", "inner": "-x-y|", "out": "--a|"},
		tptest.DocDiagram(t, "docs_test.go", "drawn"))
}

func TestDoc(t *testing.T) {
	tptest.Doc(t, "../operators/debounce.go", "Debounce", operators.Debounce[string](3*tptest.Step))
}
