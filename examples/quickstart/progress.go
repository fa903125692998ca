package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tp "github.com/turbopipes/turbopipes"
)

// progress shows the progress: a bar on a terminal, else a line for each tenth.
type progress struct {
	done            atomic.Int64  // entries so far, hashed or not
	read            *atomic.Int64 // bytes
	files, bytes    atomic.Int64  // totals
	counted         atomic.Bool   // files and bytes are final
	counting, clock *tp.Subscription

	mu    sync.Mutex // guards the terminal
	to    io.Writer
	width func() int // columns of the terminal; nil: not a terminal
	tenth int64
}

// showProgress shows the progress while two streams of its own run: a clock, and a
// second walk that counts all files.
func showProgress(ctx context.Context, to io.Writer, files tp.Observable[found], read *atomic.Int64) *progress {
	p := &progress{read: read, to: to}
	if f, ok := to.(*os.File); ok && os.Getenv("TERM") != "dumb" {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.width = func() int { return columns(f) }
		}
	}
	p.counting = files.Subscribe(ctx, tp.Observer[found]{
		Next:     func(f found) { p.files.Add(1); p.bytes.Add(f.size) },
		Complete: func() { p.counted.Store(true) },
	})
	p.clock = tp.Interval(100*time.Millisecond).Subscribe(ctx, tp.Observer[int]{Next: func(int) { p.show() }})
	return p
}

func (p *progress) show() {
	if !p.counted.Load() {
		return
	}
	part := min(float64(p.read.Load())/float64(max(p.bytes.Load(), 1)), 1)
	if p.done.Load() >= p.files.Load() {
		part = 1
	}
	state := fmt.Sprintf("%3.0f%%  %s of %s files, %s of %s", math.Floor(100*part),
		thousands(p.done.Load()), thousands(p.files.Load()), size(p.read.Load()), size(p.bytes.Load()))
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.width != nil:
		fmt.Fprintf(p.to, "\r%s\x1b[K", barred(state, part, p.width()))
	case int64(10*part) > p.tenth:
		p.tenth = int64(10 * part)
		fmt.Fprintln(p.to, "quickstart:", state)
	}
}

// barred returns a state after a bar, if both fit in a line. The last column stays
// free: some terminals begin the next line there.
func barred(state string, part float64, columns int) string {
	if columns <= 0 {
		columns = 80 // as most terminals have
	}
	room := columns - 1 - len(state)
	if room < 0 {
		return state[:max(columns-1, 0)]
	}
	const least, most = 5, 40
	width := min(room-len("[] "), most)
	if width < least {
		return state
	}
	fill := min(int(part*float64(width)), width)
	return fmt.Sprintf("[%s%s] %s", strings.Repeat("#", fill), strings.Repeat(".", width-fill), state)
}

// say prints a line between the other lines.
func (p *progress) say(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintln(p.to, "quickstart:", line)
}

func (p *progress) clear() {
	if p.width != nil {
		fmt.Fprint(p.to, "\r\x1b[K")
	}
}

// end ends both streams, clears the terminal, and reports whether all files are
// done.
func (p *progress) end(stopped bool) (whole bool) {
	if stopped {
		p.counting.Cancel()
	}
	_ = p.counting.Wait() // short: this walk was ahead
	p.clock.Dispose()
	p.show()
	p.clear()
	return p.counted.Load() && p.done.Load() >= p.files.Load()
}
