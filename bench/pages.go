package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// results is a page of results, read from its file.
type results struct {
	tables []resultTable
	made   string // the command, the versions and the date
}

type resultTable struct {
	name    string
	columns []string // without the contenders' column
	rows    []resultRow
}

type resultRow struct {
	name    string
	role    role // limit, ours, or peer for all others
	figures []string
}

// readResults reads the page of a workload.
func readResults(dir, id string) (results, error) {
	if id == costTable.id {
		return readWorst(dir)
	}
	text, err := os.ReadFile(filepath.Join(dir, id+".md"))
	if err != nil {
		return results{}, err
	}
	return parseResults(string(text)), nil
}

// parseResults parses a page that render has made.
func parseResults(page string) results {
	var r results
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "### "); ok {
			r.tables = append(r.tables, resultTable{name: name})
			continue
		}
		if made, _, ok := strings.Cut(line, ". turbopipes "); ok && !strings.HasPrefix(line, "|") {
			r.made = made
		}
		if !strings.HasPrefix(line, "|") || len(r.tables) == 0 {
			continue
		}
		t := &r.tables[len(r.tables)-1]
		fields := strings.Split(strings.Trim(line, "|"), "|")
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		switch {
		case t.columns == nil:
			t.columns = fields[1:]
		case !strings.HasPrefix(fields[0], "---"):
			t.rows = append(t.rows, t.row(fields))
		}
	}
	return r
}

// row finds out the roles from the text of render: our rows are bold, and the others
// are compared with the limit.
func (t *resultTable) row(fields []string) resultRow {
	r := resultRow{name: fields[0], role: peer, figures: fields[1:]}
	bare := strings.Trim(r.name, "*")
	compared := slices.ContainsFunc(t.columns, func(c string) bool { return strings.Contains(c, "limit") })
	switch {
	case bare != r.name:
		r.name, r.role = bare, ours
	case len(t.rows) == 0 && compared:
		r.role = limit
	}
	return r
}

// figure returns a row's number in the first column whose name begins with column.
func (t *resultTable) figure(r resultRow, column string) (v float64, ok bool) {
	i := slices.IndexFunc(t.columns, func(c string) bool { return strings.HasPrefix(c, column) })
	if i < 0 || i >= len(r.figures) {
		return 0, false
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(r.figures[i], "%"), 64)
	return v, err == nil
}
