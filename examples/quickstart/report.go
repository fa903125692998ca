package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	tp "github.com/turbopipes/turbopipes"
)

// The numbers of lines for file types and for the slowest files.
const (
	typeLines    = 8
	slowestLines = 5
)

type total struct{ files, bytes int64 }

func (t *total) add(files, bytes int64) { t.files += files; t.bytes += bytes }

// report collects the results for the final report.
type report struct {
	*job
	all     total
	types   map[string]*total
	skipped map[string]int64
	slowest []sum // the slowest first
	failed  []error
	written string // the file with the sums; empty: none
}

func newReport(j *job) *report {
	return &report{job: j, types: map[string]*total{}, skipped: map[string]int64{}}
}

func (r *report) add(result tp.Result[sum]) {
	s := result.Value
	switch {
	case result.Err != nil:
		r.failed = append(r.failed, result.Err)
		return
	case s.skip != "":
		r.skipped[s.skip]++
		return
	}
	r.all.add(1, s.size)
	ext := cmp.Or(strings.ToLower(filepath.Ext(s.path)), "none")
	if r.types[ext] == nil {
		r.types[ext] = &total{}
	}
	r.types[ext].add(1, s.size)
	at, _ := slices.BinarySearchFunc(r.slowest, s, func(a, b sum) int { return cmp.Compare(b.took, a.took) })
	if at < slowestLines {
		r.slowest = slices.Insert(r.slowest, at, s)
		r.slowest = r.slowest[:min(len(r.slowest), slowestLines)]
	}
}

func (r *report) print(to io.Writer, took time.Duration, whole bool) error {
	w := bufio.NewWriter(to)
	if !whole {
		fmt.Fprintln(w, "stopped before the end; what was in flight was finished")
	}
	fmt.Fprintf(w, "%s, %s, below %s\nhashed in %s, %d at a time", filesOf(r.all.files), size(r.all.bytes), printable(r.dir), seconds(took), r.n)
	for i, what := range slices.Sorted(maps.Keys(r.skipped)) {
		fmt.Fprintf(w, "%s %s: %s", [...]string{"; skipped:", ","}[min(i, 1)], what, thousands(r.skipped[what]))
	}
	fmt.Fprintf(w, "\n\n%-12s%10s%12s\n", "type", "files", "size")
	rest := total{}
	types := slices.SortedFunc(maps.Keys(r.types), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.types[b].bytes, r.types[a].bytes), cmp.Compare(r.types[b].files, r.types[a].files), cmp.Compare(a, b))
	})
	line := func(name string, t total) {
		fmt.Fprintf(w, "%-12s%10s%12s\n", name, thousands(t.files), size(t.bytes))
	}
	for i, ext := range types {
		if i < typeLines {
			line(printable(ext), *r.types[ext])
		} else {
			rest.add(r.types[ext].files, r.types[ext].bytes)
		}
	}
	if n := len(types) - typeLines; n > 0 {
		line(fmt.Sprintf("%d others", n), rest)
	}
	if len(r.slowest) > 0 {
		fmt.Fprintln(w, "\nslowest")
	}
	for _, s := range r.slowest {
		fmt.Fprintf(w, "%12s%12s  %s\n", milliseconds(s.took), size(s.size), r.below(s.path))
	}
	switch {
	case r.out != "" && whole:
		fmt.Fprintf(w, "\nsums written to %s\n", printable(r.out))
	case r.out != "":
		fmt.Fprintf(w, "\npartial sums written to %s\n", printable(r.written))
	}
	return w.Flush()
}

// failures prints a line for each file that could not be read.
func (r *report) failures(to io.Writer) error {
	if len(r.failed) == 0 {
		return nil
	}
	w := bufio.NewWriter(to)
	for _, err := range r.failed {
		path := "?"
		if item := (*tp.ItemError[found])(nil); errors.As(err, &item) {
			path, err = item.Item.path, item.Err
		}
		fmt.Fprintf(w, "quickstart: can't read %s: %v\n", r.below(path), reason(err))
	}
	return errors.Join(w.Flush(), fmt.Errorf("%d could not be read", len(r.failed)))
}

// below returns path relative to the directory.
func (r *report) below(path string) string {
	if rel, err := filepath.Rel(r.dir, path); err == nil {
		path = rel
	}
	return printable(path)
}

// reason returns err without the operation and the path: the message around it has
// them.
func reason(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	if l := (*os.LinkError)(nil); errors.As(err, &l) {
		return l.Err
	}
	return err
}

// printable quotes a name that could upset a terminal.
func printable(name string) string {
	if quoted := strconv.Quote(name); quoted[1:len(quoted)-1] != name {
		return quoted
	}
	return name
}

func filesOf(n int64) string {
	if n == 1 {
		return "1 file"
	}
	return thousands(n) + " files"
}

func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func size(n int64) string {
	for _, unit := range []struct {
		name string
		n    int64
	}{{"MB", 1e6}, {"kB", 1e3}} {
		if tenths := (n + unit.n/20) / (unit.n / 10); tenths >= 10 {
			return fmt.Sprintf("%s.%d %s", thousands(tenths/10), tenths%10, unit.name)
		}
	}
	return fmt.Sprint(n, " B")
}

func seconds(d time.Duration) string {
	if d < time.Second/10 {
		return milliseconds(d)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}
