// Command typeahead searches a big word list while its user types. A search begins
// when the keys rest for a moment, and is cancelled as soon as there is another text
// to search for.
//
//	go run ./examples/typeahead                 each line is what stands in the box
//	go run ./examples/typeahead -demo           a typist with errors, second thoughts and pauses
//	go run ./examples/typeahead -words FILE     other words, one a line
//
// If this machine has no word list, the words come from the source of the Go
// installation: identifiers, and the words of its comments. A match begins with the
// text, with at most one typing error. Each search takes -latency longer than
// necessary, as if the words were on a server.
//
// An outdated search is cancelled and reaped before the next one begins. The end is
// the end of standard input, or Ctrl-C. At the end the program proves this: searches
// started = finished + cancelled, never two at once, and no goroutine left. Exit
// status 1 means that the proof has failed. A second Ctrl-C ends the program at
// once, with exit status 130. Lines of more than 64 KiB are left out.
package main

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/command"
	"github.com/turbopipes/turbopipes/examples/internal/goroutines"
	"github.com/turbopipes/turbopipes/examples/internal/text"
	"github.com/turbopipes/turbopipes/operators"
)

func main() { os.Exit(run(context.Background(), command.OS("typeahead"))) }

// run runs the command and returns the exit status.
func run(ctx context.Context, c *command.Command) int {
	ctx, out := c.Output(ctx)
	b := &box{out: log.New(out, "", 0), n: runtime.GOMAXPROCS(0)}
	flags := c.Flags("[-demo] [-words FILE] [-quiet D] [-latency D]")
	file := flags.String("words", "", "the word `file`; default: "+dict+", or the source of Go")
	demo := flags.Bool("demo", false, "replay a typist; the default if standard input is empty")
	flags.DurationVar(&b.quiet, "quiet", 100*time.Millisecond, "how long the keys must rest before a search")
	flags.DurationVar(&b.latency, "latency", 250*time.Millisecond, "additional duration of a search")
	err := c.Parse(0)
	switch {
	case err != nil:
	case b.quiet < 0 || b.latency < 0:
		err = c.Misused("-quiet and -latency must not be negative")
	default:
		_, err = tp.RunUntilSignal(ctx, func(ctx context.Context, stop <-chan struct{}) error {
			return b.open(ctx, stop, *file, c.Stdin, *demo)
		}, c.Until()...)
	}
	return c.Exit(err)
}

// open loads the words and runs the pipeline over the typed texts.
func (b *box) open(ctx context.Context, stop <-chan struct{}, file string, stdin io.Reader, demo bool) (err error) {
	var from string
	if b.words, from, err = load(ctx, file); err != nil {
		return err
	}
	b.out.Printf("%d words of %s", len(b.words), from)
	b.start = time.Now() // before the first call of say
	typed := typist(phrases, 1)
	if !demo {
		b.out.Print("type, with Enter after each change of the text")
		reading, end := context.WithCancel(context.Background())
		defer end()
		typed = operators.SwitchIfEmpty(typed)(b.lines(reading, stdin))
	}
	before := goroutines.All()
	sub := b.matches(typed).Subscribe(ctx, tp.Observer[found]{Next: b.show})
	select {
	case <-sub.Done():
	case <-stop:
		b.out.Print("stopping: the search for the last text is finished; Ctrl-C again ends it at once")
	}
	if err := sub.Stop(ctx); err != nil {
		return err
	}
	return b.prove(goroutines.Left(before))
}

// lines returns the lines of r. A read of a terminal can't be cancelled, so it runs
// on its own goroutine, which ends with r, with ctx, or with the process.
func (b *box) lines(ctx context.Context, r io.Reader) tp.Observable[string] {
	read := make(chan tp.Result[string])
	send := func(line tp.Result[string]) bool {
		select {
		case read <- line:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer close(read)
		s := text.NewLines(r, func() { b.say("left out: a line of more than %d bytes", text.Longest) })
		for s.Scan() {
			if !send(tp.Result[string]{Value: s.Text()}) {
				return
			}
		}
		if s.Err() != nil {
			send(tp.Result[string]{Err: s.Err()})
		}
	}()
	return operators.Unwrap[string]()(tp.FromChannel(read))
}

// box is the search box.
type box struct {
	words          []string // in lower case
	n              int      // parts to search at a time
	quiet, latency time.Duration
	out            *log.Logger // used by several goroutines
	start          time.Time

	typed, started, finished, cancelled, running, most atomic.Int64
}

// matches is the whole pipeline: the typed texts, the texts that are worth a search,
// and only the newest search.
func (b *box) matches(typed tp.Observable[string]) tp.Observable[found] {
	return tp.Pipe5(typed,
		operators.Map(func(text string) string { return strings.ToLower(strings.TrimSpace(text)) }),
		operators.Do(operators.Hooks[string]{Next: func(string) { b.typed.Add(1) }}),
		operators.Debounce[string](b.quiet),
		operators.DistinctUntilChanged(operators.Self[string]),
		operators.SwitchMap(b.search))
}

// search is one search: several parts of the words at a time, after the latency. It
// begins when SwitchMap subscribes to it: when the search that it replaces has
// ended, with all of its tasks.
func (b *box) search(query string) tp.Observable[found] {
	if query == "" {
		return tp.Empty[found]() // this ends the search for the text before
	}
	var began time.Time
	return tp.Pipe5(tp.FromSeq(slices.Chunk(b.words, 2000)),
		operators.DelaySubscription[[]string](b.latency),
		operators.Parallel(b.n, func(_ context.Context, part []string) (found, error) { return match(query, part), nil }),
		operators.Reduce(found{text: query}, found.merge),
		operators.Do(operators.Hooks[found]{
			Subscribe: func() {
				began = time.Now()
				b.started.Add(1)
				raise(&b.most, b.running.Add(1))
				b.say("%-12s …", quoted(query))
			},
			Complete: func() { b.finished.Add(1) },
			Stop: func(error) {
				b.cancelled.Add(1)
				b.say("%-12s superseded after %v", quoted(query), time.Since(began).Round(time.Millisecond))
			},
		}),
		operators.Finally[found](func() { b.running.Add(-1) }))
}

func (b *box) show(f found) {
	b.say("%-12s %5d matches: %s", quoted(f.text), f.n, text.Clean(strings.Join(f.best, ", "), 400))
}

// quoted returns enough of a query to recognize it.
func quoted(query string) string { return `"` + text.Clean(query, 60) + `"` }

func (b *box) say(format string, args ...any) {
	b.out.Printf("%6.2f s  "+format, append([]any{time.Since(b.start).Seconds()}, args...)...)
}

func (b *box) prove(left int) error {
	started, finished, cancelled := b.started.Load(), b.finished.Load(), b.cancelled.Load()
	b.out.Printf("proof     %d texts typed; %d searches started = %d finished + %d cancelled; %d at once at most, %d now",
		b.typed.Load(), started, finished, cancelled, b.most.Load(), b.running.Load())
	b.out.Printf("proof     goroutines left: %d", left)
	if started != finished+cancelled || b.running.Load() != 0 || b.most.Load() > 1 || left > 0 {
		return errors.New("something was left running")
	}
	return nil
}

// raise makes most at least n.
func raise(most *atomic.Int64, n int64) {
	for old := most.Load(); old < n && !most.CompareAndSwap(old, n); old = most.Load() {
	}
}
