package tptest

import (
	"fmt"
	"strconv"
	"strings"
)

// What is quoted may be of any size: a diagram may come from outside, and a
// stream may emit what it wants.
const (
	mostQuoted = 200    // runes of a text that an error quotes
	mostLine   = 4_000  // bytes of a line of a report
	mostReport = 50_000 // bytes of a report
)

// quoted is text in quotation marks. Of a long text it is what is near the rune
// at, with the number of all.
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

// quote is quoted at the beginning of text.
func quote(text string) string { return quoted([]rune(text), 0) }

// bounded is a report without the middle of lines that are too long, and without
// its own middle where it is too long.
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

// without is text without its middle, if it has more than most bytes.
func without(text string, most int) string {
	if len(text) <= most {
		return text
	}
	head, tail := text[:most/2], text[len(text)-most/2:]
	middle := fmt.Sprintf(" …%d bytes… ", len(text)-len(head)-len(tail))
	return strings.ToValidUTF8(head, "") + middle + strings.ToValidUTF8(tail, "")
}
