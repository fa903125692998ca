package main

import (
	"context"
	"fmt"
	"io"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// The limits of compare, so that the files are still in memory and the comparison is
// short.
const (
	compareFiles = 20_000
	compareBytes = 256 << 20
)

// compare hashes the first files again, which are in memory now: one at a time,
// without a goroutine, and n at a time, in turn, three times each. Both include the
// walk. The best time of each counts.
func (j *job) compare(ctx context.Context, stop <-chan struct{}, files tp.Observable[found], stdout io.Writer) error {
	ways := []tp.Operator[found, tp.Result[sum]]{
		operators.TryMap(operators.AsResults(j.hash)),
		operators.ParallelResults(j.n, j.hash),
	}
	var best [2]time.Duration
	var count int64
	var all bool
	for i := range 3 * len(ways) {
		count, all = 0, true
		bytes := int64(0)
		some := operators.TakeWhile(func(f found) bool {
			count++
			bytes += f.size
			all = count <= compareFiles && bytes <= compareBytes
			return all
		})
		start := time.Now()
		sub := tp.Pipe2(files, some, ways[i%2]).Subscribe(ctx, tp.Observer[tp.Result[sum]]{})
		select {
		case <-sub.Done():
		case <-stop:
			sub.Dispose()
			return say(stdout, "not compared with one at a time: stopped")
		}
		if err := sub.Err(); err != nil {
			return err
		}
		if took := time.Since(start); best[i%2] == 0 || took < best[i%2] {
			best[i%2] = took
		}
	}
	if !all && count < 3 {
		return say(stdout, "not compared with one at a time: the first files are too large")
	}
	which := "all files"
	if !all {
		which = "the first " + filesOf(count-1)
	}
	return say(stdout, "one at a time %s, %d at a time %s: %.2f times as fast\n(%s, all in memory, the walk included, the best of three runs each)",
		seconds(best[0]), j.n, seconds(best[1]), best[0].Seconds()/best[1].Seconds(), which)
}

func say(stdout io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintf(stdout, "\n"+format+"\n", args...)
	return err
}
