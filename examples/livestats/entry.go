package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/text"
)

// entry is a request, as a line of the log describes it.
type entry struct {
	path   string
	status int
	bytes  int64
	took   time.Duration // 0: the log does not say
}

func (e entry) dir() string { return path.Dir(e.path) }

// format is the common log format, or the combined one. The duration of the request
// may follow: in microseconds, or in seconds with a point.
var format = regexp.MustCompile(`^\S+ \S+ \S+ \[[^\]]+\] "\S+ (\S+)[^"]*" (\d{3}) (\d+|-)(?:| .*?)(?: (\d+(?:\.\d+)?))?$`)

const longest = 24 * 365 * time.Hour // limit for the duration of a request

func parse(line string) (e entry, ok bool) {
	field := format.FindStringSubmatch(line)
	if field == nil {
		return e, false
	}
	e.path, _, _ = strings.Cut(field[1], "?")
	e.status, _ = strconv.Atoi(field[2])
	e.bytes, _ = strconv.ParseInt(field[3], 10, 64) // 0 for -, the greatest int64 for a greater number
	if took, err := strconv.ParseFloat(field[4], 64); err == nil {
		if !strings.Contains(field[4], ".") {
			took /= 1e6
		}
		e.took = time.Duration(min(took, longest.Seconds()) * float64(time.Second))
	}
	return e, true
}

// lines returns the text of a pipe without the lines that are too long. The end of
// ctx, or a downstream that has enough, closes the pipe for its writers.
func lines(reads *io.PipeReader, tooLong func()) tp.Observable[string] {
	return tp.Create(func(ctx context.Context, emit func(string) bool) error {
		defer reads.Close()
		defer context.AfterFunc(ctx, func() { reads.CloseWithError(context.Cause(ctx)) })()
		s := text.NewLines(reads, tooLong)
		for s.Scan() {
			if !emit(s.Text()) {
				return nil
			}
		}
		return s.Err()
	})
}

// sum has the totals of a reader.
type sum struct{ requests, missing, bytes int64 }

func (s sum) add(e entry) sum {
	if s.requests++; e.status == http.StatusNotFound {
		s.missing++
	}
	s.bytes += min(e.bytes, math.MaxInt64-s.bytes)
	return s
}

// megabytes formats a sum of bytes, which may have reached its limit.
func megabytes(n int64) string {
	mb := fmt.Sprintf("%.1f MB", float64(n)/1e6)
	if n == math.MaxInt64 {
		return "at least " + mb
	}
	return mb
}

// percentiles describes the durations of requests.
func percentiles(entries []entry) string {
	var took []time.Duration
	for _, e := range entries {
		if e.took > 0 {
			took = append(took, e.took)
		}
	}
	if len(took) == 0 {
		return "none"
	}
	slices.Sort(took)
	at := func(percent int) time.Duration { return took[(len(took)-1)*percent/100].Round(time.Microsecond) }
	return fmt.Sprintf("50: %v, 90: %v, 99: %v", at(50), at(90), at(99))
}

// group is a directory, with the number of its requests.
type group = tp.Pair[string, int]

func bySize(a, b group) int {
	return cmp.Or(cmp.Compare(a.Second, b.Second), cmp.Compare(b.First, a.First))
}

func list(groups []group) string {
	var all []string
	for _, g := range groups {
		all = append(all, fmt.Sprint(text.Clean(g.First, 60), " ", g.Second))
	}
	return strings.Join(all, ", ")
}

// ranking describes all groups.
func ranking(dirs map[string]int) string {
	var all []group
	for dir, n := range dirs {
		all = append(all, group{First: dir, Second: n})
	}
	slices.SortFunc(all, func(a, b group) int { return bySize(b, a) })
	most := list(all[:min(len(all), 4)])
	if len(all) > 4 {
		most += ", …"
	}
	return strings.TrimSuffix(fmt.Sprintf("%d directories: %s", len(all), most), ": ")
}
