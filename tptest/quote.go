package tptest

import (
	"fmt"
	"strconv"
	"strings"
)

// A quoted text may have any size: a diagram may come from outside, and a stream may
// emit any item.
const (
	mostQuoted = 200    // runes of a text that an error quotes
	mostLine   = 4_000  // bytes of a line of a report
	mostReport = 50_000 // bytes of a report
)

// quoted returns text in quotation marks. Of a long text, it returns the part near
// the rune at, with the number of all characters.
func quoted(text []rune, at int) string {
	if len(text) <= mostQuoted {
		return strconv.Quote(string(text))
	}
	from := min(max(0, at-mostQuoted/2), len(text)-mostQuoted)
	q := strconv.Quote(string(text[from : from+mostQuoted]))
	if from > 0 {
		q = "…" + q
	}
	if from+mostQuoted < len(text) {
		q += "…"
	}
	return fmt.Sprintf("%s (%d of %d characters)", q, mostQuoted, len(text))
}

// quote returns text in quotation marks, or the beginning of a long text.
func quote(text string) string { return quoted([]rune(text), 0) }

// bounded returns a report without the middle of lines that are too long, and
// without its own middle if the report is too long.
func bounded(report string) string {
	if len(report) <= mostLine {
		return report
	}
	lines := strings.Split(report, "\n")
	for i, line := range lines {
		lines[i] = without(line, mostLine)
	}
	return without(strings.Join(lines, "\n"), mostReport)
}

// without returns text without its middle, if text has more than most bytes.
func without(text string, most int) string {
	if len(text) <= most {
		return text
	}
	head, tail := text[:most/2], text[len(text)-most/2:]
	middle := fmt.Sprintf(" …%d bytes… ", len(text)-len(head)-len(tail))
	return strings.ToValidUTF8(head, "") + middle + strings.ToValidUTF8(tail, "")
}
