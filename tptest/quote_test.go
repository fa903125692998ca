package tptest

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Errors about a text of any size quote only a little of it, near the position of
// the error.
func TestErrorsQuoteALittle(t *testing.T) {
	const long = 256 << 10
	dashes, key := strings.Repeat("-", long), strings.Repeat("k", long)
	parsed := func(text string) error { _, err := parse(text, allMarks); return err }
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a bad character":    {parsed(dashes + "\x01" + dashes), `-\x01---`},
		"at the end":         {parsed(dashes + "\x01"), `---\x01" (200 of 262145 characters): column 262144: '\x01' can't be here`},
		"at the beginning":   {parsed("\x01" + dashes), `diagram "\x01---`},
		"nothing in it":      {parsed(strings.Repeat(" ", long)), "it is empty"},
		"no end of a name":   {parsed("{" + key), "{ without a }"},
		"an item after |":    {parsed("|{" + key + "}"), "bytes… kkk"},
		"a bad list":         {parsed("0:a " + key), "is not a column and a signal"},
		"no such column":     {parsed("0:a " + strings.Repeat("9", long) + ":b"), "is not a column and a signal"},
		"no value":           {valueOf(key, map[string]int{}), `values has no "kkk`},
		"no number":          {valueOf[int](key, nil), `k"… (200 of 262144 characters) is no int`},
		"a lifetime":         {lifetimeOf("^!{" + key + "}"), "comes after the end"},
		"an early item":      {lifetimeOf("{" + key + "}^"), "can't be here"},
		"no start":           {lifetimeOf(dashes), "there is no ^ in it"},
		"one more than some": {parsed(strings.Repeat("-", mostQuoted) + "("), `" (200 of 201 characters)`},
		"runes":              {parsed(strings.Repeat("é", long) + "("), `diagram …"éé`},
	} {
		require.Error(t, c.err, name)
		require.Less(t, len(c.err.Error()), 1000, name)
		require.Contains(t, c.err.Error(), c.want, name)
	}
	require.Equal(t, `"`+strings.Repeat("-", mostQuoted)+`"`, quote(strings.Repeat("-", mostQuoted)))
}

func valueOf[T any](key string, values map[string]T) error {
	_, err := naming[T]{values}.value(key)
	return err
}

func lifetimeOf(text string) error { _, err := parseLifetime(text); return err }

func TestReportsAreBounded(t *testing.T) {
	stack := "\na goroutine was left behind:\n\tstack"
	require.Equal(t, "short"+stack, bounded("short"+stack))
	line := bounded(strings.Repeat("é", 1<<20) + stack)
	require.Less(t, len(line), mostLine+200)
	require.True(t, strings.HasPrefix(line, "éé") && strings.HasSuffix(line, stack))
	lines := bounded("wanted: a" + strings.Repeat("-\n", 1<<20) + stack)
	require.Less(t, len(lines), mostReport+200)
	require.True(t, strings.HasPrefix(lines, "wanted: a-\n") && strings.HasSuffix(lines, stack))

	for _, a := range []arrival[string]{{item: strings.Repeat("x", 1<<20), kind: item}, {err: errors.New(strings.Repeat("x", 1<<20)), kind: failure}} {
		require.Less(t, len(a.String()), mostLine+200)
	}
}
