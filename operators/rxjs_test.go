package operators_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rxjsFiles has the output of RxJS for each case. docs/rxjs.md describes how it is made.
var rxjsFiles = filepath.Join("..", "internal", "rxjs", "testdata")

// fewestRxJSCases is how many there are if none were lost.
const fewestRxJSCases = 3000

// rxjsCase is a line of cases.tsv.
type rxjsCase struct {
	id, operator  string
	args, sources map[string]string
	theirs        string // the output of each subscriber, as tick:signal
	line          string
}

func rxjsCases(t *testing.T) (cases []rxjsCase) {
	t.Helper()
	for _, f := range rxjsTable(t, "cases.tsv", 5) {
		cases = append(cases, rxjsCase{f[0], f[1], rxjsFields(f[2], " "), rxjsFields(f[3], "; "), f[4], strings.Join(f, "\t")})
	}
	return cases
}

// rxjsTable reads a file of tab-separated columns, without its head.
func rxjsTable(t *testing.T, file string, columns int) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(rxjsFiles, file))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		require.Len(t, row, columns, "%s: %s", file, line)
		rows = append(rows, row)
	}
	return rows[1:]
}

func rxjsFields(text, between string) map[string]string {
	fields := map[string]string{}
	for field := range strings.SplitSeq(text, between) {
		if key, value, ok := strings.Cut(field, "="); ok {
			fields[key] = value
		}
	}
	return fields
}

// rxjsBuilder makes the stream of a case. ours is the name of our operator.
type rxjsBuilder struct {
	ours  string
	build func(w *rxjsWorld) rxjsStream
}

// rxjsBuilders has one for each operator that has cases.
func rxjsBuilders() map[string]rxjsBuilder {
	all := map[string]rxjsBuilder{}
	for _, family := range []map[string]rxjsBuilder{
		rxjsCreation, rxjsTransforming, rxjsInner, rxjsFiltering, rxjsAggregates, rxjsCombining, rxjsErrors, rxjsTime, rxjsHot, rxjsChain,
	} {
		maps.Copy(all, family)
	}
	return all
}

// TestRxJS replays each case, and compares the output with the output of RxJS. If we
// differ on purpose, differences.tsv has our output.
func TestRxJS(t *testing.T) {
	differences := map[string]rxjsDifference{}
	for _, d := range rxjsDifferences(t) {
		differences[d.id] = d
	}
	cases, builders := rxjsCases(t), rxjsBuilders()
	require.GreaterOrEqual(t, len(cases), fewestRxJSCases)
	unused := rxjsBuilders()
	for _, c := range cases {
		b, ok := builders[c.operator]
		require.True(t, ok, "%s has no builder", c.operator)
		delete(unused, c.operator)
		want, ok := differences[c.id]
		if !ok {
			want.ours = c.theirs
		}
		t.Run(c.id, func(t *testing.T) {
			if got := rxjsReplay(t, c, b.build); !want.allows(got, c.theirs) {
				t.Errorf("%s\n%s\n  want: %s\n   got: %s", c.line, rxjsAligned([]string{"rxjs", "want", "got"}, c.theirs, want.ours, got), want.ours, got)
			}
		})
	}
	require.Empty(t, unused, "builders without a case")
}
