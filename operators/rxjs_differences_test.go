package operators_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rxjsDifference is a case in which we differ on purpose.
type rxjsDifference struct {
	id, reason, ours string
	orTheirs         bool // both may come
}

// allows reports whether a case may give that.
func (d rxjsDifference) allows(got, theirs string) bool {
	return got == d.ours || d.orTheirs && got == theirs
}

func rxjsDifferences(t *testing.T) (found []rxjsDifference) {
	t.Helper()
	for _, f := range rxjsTable(t, "differences.tsv", 3) {
		ours, orTheirs := strings.CutSuffix(f[2], " or theirs")
		found = append(found, rxjsDifference{f[0], f[1], ours, orTheirs})
	}
	return found
}

// rxjsReason says why we differ, for all cases that differ for it.
type rxjsReason struct {
	name, theirs, ours, why string
}

func rxjsReasons(t *testing.T) (found []rxjsReason) {
	t.Helper()
	for _, f := range rxjsTable(t, "reasons.tsv", 4) {
		found = append(found, rxjsReason{f[0], f[1], f[2], f[3]})
	}
	return found
}

// TestRxJSDifferences checks that each difference is a real one, and belongs to a case and
// to a reason.
func TestRxJSDifferences(t *testing.T) {
	theirs := map[string]string{}
	for _, c := range rxjsCases(t) {
		require.NotContains(t, theirs, c.id)
		theirs[c.id] = c.theirs
	}
	used := map[string]bool{}
	var names []string
	for _, r := range rxjsReasons(t) {
		names = append(names, r.name)
	}
	for _, d := range rxjsDifferences(t) {
		require.Contains(t, theirs, d.id)
		require.NotEqual(t, theirs[d.id], d.ours, "%s is no difference", d.id)
		require.Contains(t, names, d.reason, "%s has no such reason", d.id)
		require.False(t, used[d.id], "%s is there twice", d.id)
		used[d.id], used[d.reason] = true, true
	}
	for _, name := range names {
		require.True(t, used[name], "the reason %q has no case", name)
	}
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), len(names))
}
