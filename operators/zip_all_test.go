package operators_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestZipAll(t *testing.T) {
	doc := tptest.DocDiagram(t, "zip_all.go", "ZipAll")
	expectPicked(t, map[string]picked{
		"as documented":                  {doc["in"], two(doc["a"], doc["b"]), doc["out"], nil},
		"empty":                          {"--|", nil, "--|", nil},
		"one":                            {"a|", []string{"p-q|"}, "-p-q|", nil},
		"three":                          {"cba|", []string{"--p--q|", "-x---y|", "12|"}, "5:{1xp} 8:{2yq} 8:|", nil},
		"ends with the last of a stream": {"ab|", two("p-q|", "-x---y---z|"), "3:{px} 7:{qy} 7:|", nil},
		"one is empty":                   {"ab|", two("p----", "--|"), "----|", nil},
		"one says nothing":               {"ab|", two("p-", "---"), "-----!", nil},
		"upstream fails":                 {"ab-#", two("p|", "x|"), "---#", nil},
		"a stream fails":                 {"ab|", two("p----", "-x-#"), "3:{px} 5:#", nil},
	}, operators.ZipAll[string]())
	requirePicked(t, "ZipAll", operators.ZipAll[int]())
}

// A stream waits when it is one item ahead, with another item in hand.
func TestZipAllHoldsTheFasterStream(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var fast counting
		s := endedBy(t, operators.ZipAll[int]()(turbopipes.Just(fast.stream(100), turbopipes.Interval(time.Second))), 0, 2500*time.Millisecond, dispose)
		require.Equal(t, [][]int{{0, 0}, {1, 1}}, s.items)
		require.EqualValues(t, 3, fast.accepted.Load())
		require.EqualValues(t, 4, fast.begun.Load())
		require.EqualValues(t, 2, s.stats.Discarded)
	})
}

func ExampleZipAll() {
	columns := turbopipes.Just(turbopipes.Just("Ada", "Grace"), turbopipes.Just("1815", "1906"))
	fmt.Println(operators.ZipAll[string]()(columns).Collect(context.Background()))
	// Output: [[Ada 1815] [Grace 1906]] <nil>
}

func BenchmarkZipAll(b *testing.B) {
	o := operators.ZipAll[int]()(turbopipes.Just(turbopipes.Range(0, 1024), turbopipes.Range(0, 1024)))
	b.ReportAllocs()
	for b.Loop() {
		_ = o.Drain(b.Context())
	}
	perItem(b, 1024)
}
