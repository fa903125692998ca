package operators_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var rxjsWrite = flag.Bool("rxjs.write", false, "TestRxJSDocs writes docs/rxjs.md instead of comparing it")

// rxjsPart matches a part of docs/rxjs.md that is made from the files of the cases.
var rxjsPart = regexp.MustCompile(`(?s)<!-- made: (\w+) -->\n.*?<!-- end -->`)

// TestRxJSDocs compares docs/rxjs.md with the files that it describes.
func TestRxJSDocs(t *testing.T) {
	page := filepath.Join("..", "docs", "rxjs.md")
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	parts := map[string]string{
		"counts":      rxjsCounts(t),
		"names":       rxjsNames(t),
		"differences": rxjsDifferenceTable(t),
		"cases":       rxjsDifferentCases(t),
		"none":        rxjsLeftOut(t),
	}
	made := rxjsPart.ReplaceAllStringFunc(string(text), func(part string) string {
		name := rxjsPart.FindStringSubmatch(part)[1]
		content, ok := parts[name]
		require.True(t, ok, "%s has an unknown part %s", page, name)
		delete(parts, name)
		return fmt.Sprintf("<!-- made: %s -->\n%s\n<!-- end -->", name, content)
	})
	require.Empty(t, parts, "parts that %s lacks", page)
	if *rxjsWrite {
		require.NoError(t, os.WriteFile(page, []byte(made), 0o600))
		return
	}
	require.Equal(t, made, string(text), "go test ./operators -run TestRxJSDocs -rxjs.write writes it")
}

func rxjsCounts(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("There are %d cases of %d operators and variants. In %d of them, for %d reasons, we differ on purpose.\n",
		len(rxjsCases(t)), len(rxjsBuilders()), len(rxjsDifferences(t)), len(rxjsReasons(t)))
}

// rxjsNames lists the name of each operator in RxJS and here.
func rxjsNames(t *testing.T) string {
	t.Helper()
	var names []string
	counts := map[string]int{}
	for _, c := range rxjsCases(t) {
		if counts[c.operator]++; counts[c.operator] == 1 {
			names = append(names, c.operator)
		}
	}
	lines := []string{"| RxJS | here | cases |", "|---|---|---|"}
	for _, name := range names {
		lines = append(lines, fmt.Sprintf("| %s | %s | %d |", name, rxjsBuilders()[name].ours, counts[name]))
	}
	return strings.Join(lines, "\n")
}

func rxjsDifferenceTable(t *testing.T) string {
	t.Helper()
	lines := []string{"| operators | RxJS | here | why | cases |", "|---|---|---|---|---|"}
	for _, r := range rxjsReasons(t) {
		var operators, ids []string
		for _, d := range rxjsDifferences(t) {
			if d.reason == r.name {
				ids = append(ids, d.id)
				operators = append(operators, d.id[:strings.LastIndex(d.id, "/")])
			}
		}
		operators = slices.Compact(operators)
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %s | %s |", strings.Join(operators, ", "), r.theirs, r.ours, r.why, strings.Join(ids, " ")))
	}
	return strings.Join(lines, "\n")
}

// rxjsDifferentCases draws the output of RxJS and ours.
func rxjsDifferentCases(t *testing.T) string {
	t.Helper()
	differences := map[string]rxjsDifference{}
	for _, d := range rxjsDifferences(t) {
		differences[d.id] = d
	}
	lines := []string{"```text"}
	for _, c := range rxjsCases(t) {
		if d, ok := differences[c.id]; ok {
			given := strings.Split(c.line, "\t")
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s  %s  %s", c.id, given[2], given[3])))
			lines = append(lines, rxjsAligned([]string{"rxjs", "here"}, c.theirs, d.ours), "")
		}
	}
	return strings.Join(append(lines[:len(lines)-1], "```"), "\n")
}

func rxjsLeftOut(t *testing.T) string {
	t.Helper()
	lines := []string{"| RxJS | why it has no case |", "|---|---|"}
	for _, f := range rxjsTable(t, "left_out.tsv", 2) {
		lines = append(lines, fmt.Sprintf("| %s | %s |", f[0], f[1]))
	}
	return strings.Join(lines, "\n")
}
