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

// progress shows how far it is: a bar on a terminal, else a line for each tenth.
type progress struct {
	done            atomic.Int64  // found so far, hashed or not
	read            *atomic.Int64 // bytes
	files, bytes    atomic.Int64  // of all
	counted         atomic.Bool   // files and bytes are final
	counting, clock *tp.Subscription

	mu    sync.Mutex // guards the terminal
	to    io.Writer
	width func() int // columns of the terminal; nil: it is none
	tenth int64
}

// showProgress draws while two streams of its own run: a second walk that counts
// what there is to do, and a clock.
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

// barred is a state with a bar before it, where that has a place in a line. The
// last column stays free: some terminals begin the next line there.
func barred(state string, part float64, columns int) string {
	if columns <= 0 {
		columns = 80 // as most are
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

// say prints a line between the others.
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

// end leaves nothing running and nothing on the terminal, and tells whether all
// that there was is done.
func (p *progress) end(stopped bool) (whole bool) {
	if stopped {
		p.counting.Cancel()
	}
	_ = p.counting.Wait() // not long: it has been ahead
	p.clock.Dispose()
	p.show()
	p.clear()
	return p.counted.Load() && p.done.Load() >= p.files.Load()
}
