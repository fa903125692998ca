// Command seed shows the rolling window with ten items, three at a time.
//
// Each task takes 200 ms. The consumer takes 100 ms for each result, except for item
// 5. This item fails softly: its failure is a result like the others, and the other
// tasks continue. A result is delivered as soon as it is ready and the consumer is
// free. At that moment, its place in the window goes to the next item. So all is
// done after 1.1 s.
//
//	go run ./examples/seed
//
// Ctrl-C ends the program at once, with exit status 130: leaving the loop reaps the
// tasks.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/command"
	"github.com/turbopipes/turbopipes/operators"
)

const (
	items    = 10
	atOnce   = 3
	taskTime = 200 * time.Millisecond
	dawdle   = 100 * time.Millisecond
	column   = 50 * time.Millisecond // of the timeline
)

var errSoft = errors.New("nothing to see here")

func main() { os.Exit(run(context.Background(), command.OS("seed"))) }

// run runs the command and returns the exit status.
func run(ctx context.Context, c *command.Command) int {
	ctx, out := c.Output(ctx)
	c.Flags("")
	if err := c.Parse(0); err != nil {
		return c.Exit(err)
	}
	_, err := tp.RunUntilSignal(ctx, func(ctx context.Context, _ <-chan struct{}) error {
		spans, total, err := rollingWindow(ctx)
		if err != nil {
			return err
		}
		_, err = io.WriteString(out, timeline(spans, total))
		return err
	}, c.Until(tp.StopWithin(0))...)
	return c.Exit(err)
}

// span has the times of an item, counted from the start.
type span struct {
	begun, ended time.Duration // its task
	taken, done  time.Duration // the consumer's time with its result
	err          error
}

// rollingWindow is the pipeline.
func rollingWindow(ctx context.Context) ([]span, time.Duration, error) {
	start := time.Now()
	spans := make([]span, items)

	tasks := make([]tp.Task[int], items)
	for i := range tasks {
		tasks[i] = func(ctx context.Context) (int, error) {
			spans[i].begun = time.Since(start)
			err := wait(ctx, taskTime)
			if err == nil && i == 5 {
				err = errSoft
			}
			spans[i].ended = time.Since(start)
			return i, err
		}
	}

	for r, err := range operators.Tasks[int](atOnce)(tp.FromSlice(tasks)).Seq(ctx) {
		if err != nil {
			return nil, 0, err
		}
		s := &spans[r.Value]
		s.taken = time.Since(start)
		if s.err = r.Err; r.Err == nil {
			if err := wait(ctx, dawdle); err != nil {
				return nil, 0, err
			}
		}
		s.done = time.Since(start)
	}
	return spans, time.Since(start), nil
}

// wait sleeps for d, or until ctx is done.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// timeline draws a row for each item. The row below them is the number of places of
// the window that are taken.
func timeline(spans []span, total time.Duration) string {
	at := func(t time.Duration) int { return int((t + column/2) / column) }
	width := at(total)

	var b strings.Builder
	fmt.Fprintf(&b, "%d items, %d at a time; a task takes %v, the consumer %v a result\n\n", items, atOnce, taskTime, dawdle)
	fmt.Fprintf(&b, "  %-7s%-10s%-10s%s\n", "", "0 s", "0.5 s", "1 s")
	held := make([]int, width)
	for i, s := range spans {
		row := []byte(strings.Repeat(" ", width+1))
		fill(row, at(s.begun), at(s.ended), '=')
		fill(row, at(s.ended), at(s.taken), '.')
		fill(row, at(s.taken), at(s.done), '#')
		if s.err != nil {
			row[at(s.taken)] = 'x'
		}
		fmt.Fprintf(&b, "  item %d %s\n", i, strings.TrimRight(string(row), " "))
		for c := at(s.begun); c < at(s.taken) && c < width; c++ {
			held[c]++
		}
	}
	b.WriteString("  window ")
	for _, n := range held {
		fmt.Fprint(&b, n)
	}
	b.WriteString("\n\n  = the task runs   . its result waits   # the consumer has it   x it has failed\n")
	for i, s := range spans {
		if s.err != nil {
			fmt.Fprintf(&b, "  item %d failed (%v), and the others went on\n", i, s.err)
		}
	}
	fmt.Fprintf(&b, "\nall done after %.1f s\n", total.Seconds())
	return b.String()
}

func fill(row []byte, from, to int, with byte) {
	for c := from; c < to && c < len(row); c++ {
		row[c] = with
	}
}
