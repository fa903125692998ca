// Command livestats shows live statistics of an HTTP server's access log. Three
// readers share one run of the log. Each reader has its own windows.
//
//	go run ./examples/livestats                     a site of its own, and its visitors, for 4 s
//	go run ./examples/livestats -for 1m -rate 5000  for longer, with more requests a second
//	go run ./examples/livestats -log FILE           the log of another server
//	tail -f FILE | go run ./examples/livestats -log -
//
// The site is the source of the Go installation, served on this machine and
// requested over HTTP. The readers get the lines that the site logs. The lines are
// in the common log format, followed by the duration of the request in microseconds.
//
// One reader counts requests by the second. One groups them by directory and shows
// the largest groups. One shows percentiles of the durations over a sliding window.
// At the end, or at Ctrl-C, the source is stopped gracefully, and the readers end
// when they have seen all lines. Then the readers must agree with each other, with
// the site and with its visitors. Exit status 1 means that they do not agree. A
// second Ctrl-C ends the program at once, with exit status 130.
//
// A log is hostile text, because clients choose much of its content. Printed text of
// a log is cut and has no control characters. A line of more than 64 KiB is counted
// and left out. Sums stop at their limit, and never become negative. After 10,000
// directories, new directories are counted together.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"sync/atomic"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/command"
	"github.com/turbopipes/turbopipes/examples/internal/network"
	"github.com/turbopipes/turbopipes/operators"
)

func main() { os.Exit(run(context.Background(), command.OS("livestats"), network.TCP())) }

// run runs the command and returns the exit status.
func run(ctx context.Context, c *command.Command, n network.Network) int {
	ctx, out := c.Output(ctx)
	s := &stats{out: log.New(out, "", 0), dirs: map[string]int{}}
	w := &site{Network: n}
	flags := c.Flags("[-for D] [-rate N] [-dir DIR] [-log FILE]")
	length := flags.Duration("for", 0, "how long to run; 0: 4 s, or to the end of -log")
	file := flags.String("log", "", "a log `file` to read, or - for standard input; without it, the program serves its own site")
	flags.StringVar(&w.dir, "dir", "", "the `directory` that the site serves; default: the source of Go")
	flags.IntVar(&w.rate, "rate", 1000, "requests to the site a second")
	err := c.Parse(0)
	if err == nil && (*length < 0 || w.rate < 1) {
		err = c.Misused("-for must not be negative and -rate must be positive")
	}
	if err != nil {
		return c.Exit(err)
	}
	_, err = tp.RunUntilSignal(ctx, func(ctx context.Context, stop <-chan struct{}) error {
		switch *file {
		case "":
			return s.watch(ctx, stop, cmp.Or(*length, 4*time.Second), w)
		case "-":
			return s.watch(ctx, stop, *length, &copied{from: io.NopCloser(c.Stdin), tooLong: s.leaveOut})
		}
		from, err := os.Open(*file)
		if err != nil {
			return err
		}
		return s.watch(ctx, stop, *length, &copied{from: from, tooLong: s.leaveOut})
	}, c.Until()...)
	return c.Exit(err)
}

// stats has the counts of the source and of the readers.
type stats struct {
	out   *log.Logger
	start time.Time

	runs, read, skipped, tooLong atomic.Int64 // counts of the source

	// counts of the readers
	rate, grouped, timed int64
	dirs                 map[string]int
}

// leaveOut counts a line that is too long.
func (s *stats) leaveOut() { s.tooLong.Add(1) }

// watch runs the readers over the log of an origin, for length.
func (s *stats) watch(ctx context.Context, stop <-chan struct{}, length time.Duration, from origin) error {
	var enough <-chan time.Time
	if length > 0 {
		over := time.NewTimer(length)
		defer over.Stop()
		enough = over.C
	}
	reads, writes := io.Pipe()
	s.start = time.Now()
	entries := s.entries(reads)
	var readers []*tp.Subscription
	for _, reader := range []tp.Observable[string]{s.rates(entries), s.groups(entries), s.times(entries)} {
		readers = append(readers, reader.Subscribe(ctx, tp.Observer[string]{Next: func(line string) {
			s.out.Printf("%6.2f s  %s", time.Since(s.start).Seconds(), line)
		}}))
		defer readers[len(readers)-1].Dispose()
	}
	feed, err := from.open(ctx, writes)
	if err != nil {
		return err
	}
	select {
	case <-enough:
	case <-feed.Done():
	case <-stop:
		s.out.Print("stopping: what is in flight is counted; Ctrl-C again ends it at once")
	}
	// From the source to the end: first the feed delivers its items in flight. Then the
	// log ends. The readers end when they have read all of the log.
	err = errors.Join(feed.Stop(ctx), from.close(), writes.Close())
	err = errors.Join(err, tp.WaitOrStop(ctx, nil, readers...))
	return errors.Join(err, s.prove(from.counts()))
}

// entries is the source. It runs once for all three readers, and each of them has
// its own queue. It begins when all readers are there, so that none misses an entry.
func (s *stats) entries(reads *io.PipeReader) tp.Observable[entry] {
	return tp.Pipe3(lines(reads, s.leaveOut),
		operators.FilterMap(func(line string) (entry, bool) {
			e, ok := parse(line)
			if !ok {
				s.skipped.Add(1)
			}
			return e, ok
		}),
		operators.Do(operators.Hooks[entry]{
			Subscribe: func() { s.runs.Add(1) },
			Next:      func(entry) { s.read.Add(1) },
		}),
		operators.Share[entry](tp.WithMinSubscribers(3)))
}

// rates counts requests by the second.
func (s *stats) rates(entries tp.Observable[entry]) tp.Observable[string] {
	return tp.Pipe3(entries,
		operators.WindowWithTime[entry](time.Second),
		operators.ConcatMap(operators.Reduce(sum{}, sum.add)),
		operators.Map(func(all sum) string {
			s.rate += all.requests
			return fmt.Sprintf("rate         %d requests, %s, %d not found", all.requests, megabytes(all.bytes), all.missing)
		}))
}

// groups counts requests by directory, and shows the largest groups of each second.
func (s *stats) groups(entries tp.Observable[entry]) tp.Observable[string] {
	size := func(g tp.Group[string, entry]) tp.Observable[group] {
		return tp.Pipe2(g.Items, operators.Count[entry](),
			operators.Map(func(n int) group { return group{First: g.Key, Second: n} }))
	}
	greatest := func(second tp.Observable[entry]) tp.Observable[[]group] {
		return tp.Pipe5(second,
			operators.GroupBy(entry.dir),
			operators.FlatMap(tp.Infinite, size),
			operators.Do(operators.Hooks[group]{Next: func(g group) {
				s.grouped += int64(g.Second)
				s.count(g)
			}}),
			operators.TopK(4, bySize),
			operators.ToSlice[group]())
	}
	return tp.Pipe3(entries,
		operators.WindowWithTime[entry](time.Second),
		operators.ConcatMap(greatest),
		operators.Map(func(groups []group) string { return "directories  " + list(groups) }))
}

// count adds to the total of a directory.
func (s *stats) count(g group) {
	const most = 10_000 // directories
	if _, known := s.dirs[g.First]; !known && len(s.dirs) >= most {
		g.First = "(others)"
	}
	s.dirs[g.First] += g.Second
}

// times shows the durations of requests, in a window of a second that slides by half
// a second.
func (s *stats) times(entries tp.Observable[entry]) tp.Observable[string] {
	return tp.Pipe4(entries,
		operators.BufferWithTime[entry](time.Second/2, operators.EmitEmpty()),
		operators.Do(operators.Hooks[[]entry]{Next: func(half []entry) { s.timed += int64(len(half)) }}),
		operators.SlidingWindow[[]entry](2, 1, operators.Partial()),
		operators.Map(func(halves [][]entry) string { return "percentiles  " + percentiles(slices.Concat(halves...)) }))
}

// prove compares the counts of the readers with the counts of the origin.
func (s *stats) prove(origin []count) error {
	s.out.Printf("total        %s; %d lines were no entries, %d were too long", ranking(s.dirs), s.skipped.Load(), s.tooLong.Load())
	proof := fmt.Sprintf("proof        runs of the source: %d; read: %d", s.runs.Load(), s.read.Load())
	agreed := s.runs.Load() == 1
	for _, c := range append([]count{{"rate", s.rate}, {"directories", s.grouped}, {"percentiles", s.timed}}, origin...) {
		proof += fmt.Sprintf(", %s: %d", c.name, c.n)
		agreed = agreed && c.n == s.read.Load()
	}
	s.out.Print(proof)
	if !agreed {
		return errors.New("they do not agree")
	}
	return nil
}
