package main

import (
	"fmt"
	"go/format"
	"strings"
)

// family says where the rows of a family go.
type family struct {
	heading  string // in operators/doc.go
	contract string // the file of its entries in the contract tests
	choosing string // the heading in choosing.md for a new operator
	costs    string // the file of its costs, after bench/op_
	priced   string // the function there
}

var families = map[string]family{
	"backpressure": {"Backpressure", "backpressure", "Downstream is slower than the source", "backpressure.go", "backpressureRows"},
	"aggregates":   {"Aggregates", "aggregates", "I want several items as one", "aggregates.go", "aggregateRows"},
	"combining":    {"Combining", "combining", "I have several streams", "combining.go", "combiningRows"},
	"conditional":  {"Conditional", "conditional", "I have a question about a stream", "aggregates.go", "conditionalRows"},
	"errors":       {"Errors", "errors", "Something fails", "time.go", "errorRows"},
	"filtering":    {"Filtering", "filtering", "I want fewer items", "filtering.go", "filteringRows"},
	"hot":          {"Hot streams", "hot", "One run of a source for several subscribers", "hot.go", "hotRows"},
	"parallel":     {"Parallel work", "parallel", "I want to call a function for each item", "parallel.go", "parallelRows"},
	"time":         {"Time", "clocks", "Time", "time.go", "timeRows"},
	"transforming": {"Transforming", "transforming", "I want to call a function for each item", "transforming.go", "transformingRows"},
	"utilities":    {"Utilities", "utilities", "Build pipelines", "utilities.go", "utilityRows"},
	"windows":      {"Windows and groups", "groups", "I want several items as one", "groups.go", "countedBatchRows"},
}

// row is a line that goes into a file. Its place is after the first line that contains
// after, and before the next line that begins with before.
type row struct {
	file, after, before, line string
}

// into puts the row into text.
func (r row) into(text string) (string, error) {
	at := strings.Index(text, r.after)
	if at < 0 {
		return "", fmt.Errorf("%s has no %q: add this by hand, and mend internal/cmd/newop: %s", r.file, r.after, r.line)
	}
	at += len(r.after)
	next := strings.Index(text[at:], r.before)
	if next < 0 {
		return "", fmt.Errorf("%s has no %q after %q: add this by hand, and mend internal/cmd/newop: %s", r.file, r.before, r.after, r.line)
	}
	at += next
	text = text[:at] + "\n" + r.line + text[at:]
	if !strings.HasSuffix(r.file, ".go") {
		return text, nil
	}
	formatted, err := format.Source([]byte(text))
	if err != nil {
		return "", fmt.Errorf("%s: %w", r.file, err)
	}
	return string(formatted), nil
}

// rows returns the rows that tests and go generate demand.
func (o operator) rows() []row {
	f := families[o.family]
	two, step := "", ""
	if o.sized {
		two, step = "2", "s.N"
	}
	rows := []row{
		{"operators/doc.go", "// # " + f.heading + "\n//", f.end(), "//   - [" + o.name + "]: TODO"},
		{
			"operators/contract_" + f.contract + "_test.go", "\treturn []entry{", "\n\t}\n}",
			fmt.Sprintf("\t\ton(%q, operators.%s[int](%s)).one(), // TODO", o.name, o.name, two),
		},
		{
			"operators/allocs_test.go", "\treturn map[string]func(turbopipes.Observable[int]){", "\n\t\t\"a chain\":",
			fmt.Sprintf("\t\t%q: drained(operators.%s[int](%s)),", o.name, o.name, two),
		},
		{
			"internal/chaos/ops_more_test.go", "func moreOps() map[string]*op {\n\treturn map[string]*op{", "\n",
			fmt.Sprintf("\t\t%q: plain(func(_ *world, s *step) operator { return operators.%s[int](%s) }), // TODO", o.name, o.name, step),
		},
		{
			"bench/op_" + f.costs, "func " + f.priced + "() []row {", "\n\t\t{name:",
			fmt.Sprintf("\t\t{name: %q, ways: []way{us(func(in obs) obs { return operators.%s[int](%s)(in) }), closures(plain)}}, // TODO", o.name, o.name, two),
		},
		{
			"internal/cmd/pages/choosing.md", "## " + f.choosing + "\n", "\n",
			"TODO: [" + o.name + "].\n",
		},
	}
	if o.sized {
		rows = append(rows, row{
			"operators/sizes_test.go", "var takesSize = map[string]func(in ints, n int) toTheEnd{", "\n",
			fmt.Sprintf("\t%q: func(in ints, n int) toTheEnd { return plainly(operators.%s[int](n)(in)) },", o.name, o.name),
		})
	}
	return rows
}

// end returns the text after the family's list in operators/doc.go.
func (f family) end() string {
	if f.heading == "Utilities" { // the last one
		return "\npackage operators"
	}
	return "\n//\n// # "
}
