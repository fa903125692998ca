// Command eventstream processes a live stream of events. The stream is a log of JSON
// lines. The log is read while it grows, is rotated and is truncated.
//
//	go run ./examples/eventstream
//	go run ./examples/eventstream -for 10s -rate 5000
//
// The program writes the log itself, in a temporary directory. The log contains half
// lines, broken lines and gigantic lines. Events of one user are handled one at a
// time, in order. Events of different users are handled at the same time. The
// results are stored in batches, by count or time. A live view runs beside this
// pipeline. It is far too slow, and drops the oldest events.
//
// After a few seconds, or at Ctrl-C, the program stops gracefully and proves that no
// event was lost: every user's events have arrived once each, in order, and with the
// checksum of the written lines. Exit status 1 means that the proof has failed. A
// second Ctrl-C ends the program at once, with exit status 130.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/command"
	"github.com/turbopipes/turbopipes/examples/internal/text"
	"github.com/turbopipes/turbopipes/operators"
)

func main() { os.Exit(run(context.Background(), command.OS("eventstream"))) }

// run runs the command and returns the exit status.
func run(ctx context.Context, c *command.Command) int {
	ctx, out := c.Output(ctx)
	g := &generator{rate: 2000, users: 20, seed: 1}
	flags := c.Flags("[-for D] [-rate N] [-users N] [-seed N]")
	length := flags.Duration("for", 4*time.Second, "how long to write events")
	flags.IntVar(&g.rate, "rate", g.rate, "events a second")
	flags.IntVar(&g.users, "users", g.users, "number of users")
	flags.Uint64Var(&g.seed, "seed", g.seed, "seed of the generator")
	err := c.Parse(0)
	switch {
	case err != nil:
	case *length <= 0 || g.rate < 1 || g.users < 1:
		err = c.Misused("-for, -rate and -users must be positive")
	default:
		_, err = tp.RunUntilSignal(ctx, func(ctx context.Context, stop <-chan struct{}) error {
			return inTempDir(func(dir string) error {
				g.path = filepath.Join(dir, "app.log")
				return stream(ctx, stop, g, *length, out)
			})
		}, c.Until()...)
	}
	return c.Exit(err)
}

func inTempDir(fn func(dir string) error) error {
	dir, err := os.MkdirTemp("", "eventstream-")
	if err != nil {
		return err
	}
	return errors.Join(fn(dir), os.RemoveAll(dir))
}

// event is a line of the log.
type event struct {
	User string `json:"user"`
	Seq  int64  `json:"seq"` // position among the user's events, from 1
	Kind string `json:"kind"`
	Text string `json:"text,omitempty"`
	crc  uint32 // checksum of the line
}

// stream runs the pipelines for length, and proves that nothing was lost.
func stream(ctx context.Context, stop <-chan struct{}, g *generator, length time.Duration, stdout io.Writer) error {
	out := &printer{to: stdout}
	s := newStore()
	log := &follower{path: g.path, poll: 10 * time.Millisecond, limit: 4 << 10}
	g.follower = log

	view := showLive(ctx, out)
	defer view.Dispose()

	batches := tp.Pipe4(log.lines(),
		operators.FilterMap(func(l line) (event, bool) { return s.parse(l, out) }),
		operators.Do(operators.Hooks[event]{Next: view.show}),
		operators.ParallelBy(16, func(e event) string { return e.User }, s.handle, operators.Buffered(256)),
		operators.BufferWithTimeOrCount[event](50*time.Millisecond, 100),
	)
	sub := batches.Subscribe(ctx, tp.Observer[[]event]{Next: s.save})
	defer sub.Dispose()

	start := time.Now()
	defer g.close()
	writing := tp.Pipe2(tp.Interval(tick), operators.TakeFor[int](length), operators.TryMap(g.write)).
		Subscribe(ctx, tp.Observer[int]{})
	defer writing.Dispose()

	select {
	case <-writing.Done():
	case <-stop:
		out.printf("stopping  what was written is still read; Ctrl-C again ends it at once\n")
	case <-sub.Done():
		return errors.Join(errors.New("the pipeline ended early"), sub.Err())
	}
	// From the source to the end: stop each stage when the stage before it has delivered
	// all its items.
	if err := writing.Stop(ctx); err != nil {
		return fmt.Errorf("the generator: %w", err)
	}
	if err := log.await(ctx, g.at, 10*time.Second); err != nil {
		return errors.Join(sub.Err(), err)
	}
	if err := sub.Stop(ctx); err != nil {
		return err
	}
	if err := view.end(); err != nil {
		return err
	}
	return prove(out, g, s, view.Stats(), time.Since(start))
}

// live is a view of the events. It shows four events a second, and drops the others,
// the oldest first. So it never makes the caller of show wait.
type live struct {
	*tp.Subscription
	events chan event
	hurry  func()
}

func showLive(ctx context.Context, out *printer) *live {
	viewing, hurry := context.WithCancel(ctx)
	l := &live{events: make(chan event), hurry: hurry}
	var dropped atomic.Int64
	count := operators.OnDrop(func(event) { dropped.Add(1) })
	l.Subscription = operators.OnBackpressureBuffer(8, tp.DropOldest, count)(tp.FromChannel(l.events)).
		Subscribe(ctx, tp.Observer[event]{Next: func(e event) {
			out.printf("live      %s #%d %s (%d dropped so far)\n", text.Clean(e.User, 40), e.Seq, text.Clean(e.Kind, 40), dropped.Load())
			_ = wait(viewing, 250*time.Millisecond)
		}})
	return l
}

func (l *live) show(e event) {
	select {
	case l.events <- e:
	case <-l.Done():
	}
}

// end shows the waiting events at once.
func (l *live) end() error {
	l.hurry()
	close(l.events)
	return l.Wait()
}

// store has the results of the pipeline.
type store struct {
	// used by the goroutine that parses
	parsed          int64
	broken, tooLong int64

	running, most atomic.Int64 // used by the tasks

	// used by the goroutine that saves
	batches, largest int64
	saved            accounts
}

func newStore() *store { return &store{saved: accounts{}} }

// parse makes an event of a line. It counts and shows a line that is not an event.
func (s *store) parse(l line, out *printer) (event, bool) {
	e := event{crc: crc32.ChecksumIEEE(l.text)}
	err := l.err
	if err == nil {
		err = json.Unmarshal(l.text, &e)
	}
	if err == nil && (e.User == "" || e.Seq < 1) {
		err = errors.New("an event needs a user and a seq")
	}
	switch {
	case errors.Is(err, errTooLong):
		s.tooLong++
	case err != nil:
		s.broken++
	default:
		s.parsed++
		return e, true
	}
	out.printf("broken    file %d, line %d: %s\n", l.file, l.number, text.Clean(err.Error(), 200))
	return e, false
}

// handle is the task. It stands for a look-up that takes a millisecond.
func (s *store) handle(ctx context.Context, e event) (event, error) {
	now := s.running.Add(1)
	defer s.running.Add(-1)
	for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
	}
	return e, wait(ctx, time.Millisecond)
}

func (s *store) save(batch []event) {
	s.batches++
	s.largest = max(s.largest, int64(len(batch)))
	for _, e := range batch {
		s.saved.add(e)
	}
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

// printer prints lines for several goroutines.
type printer struct {
	mu  sync.Mutex
	to  io.Writer
	err error // the first error
}

func (p *printer) printf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := fmt.Fprintf(p.to, format, args...); p.err == nil {
		p.err = err
	}
}
