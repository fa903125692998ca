package scope

import (
	"context"
	"fmt"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
)

// watch is over one wait for what may not end: that of a scope for its goroutines,
// or that of a consuming call for its source. When the wait takes too long, it is
// reported.
type watch struct {
	warning
	ctx      context.Context //nolint:containedctx // of the wait
	rec      *run.Record
	stage    *stage // its number finds the goroutines that are waited for; empty: tag does
	tag      uint64
	ownJoins int64 // joins of the record that are this wait

	mu       sync.Mutex // guards the rest
	timer    *time.Timer
	over     bool
	since    time.Time     // when the wait began; known once it is late
	nextLook time.Duration // until the next look at a wait that has nothing to report
	dueIn    *reports      // where it is due; nil: it is not
}

// watch watches over the scope's join.
func (s *Scope) watch() *watch {
	return (&watch{ctx: s.Ctx, rec: s.rec, stage: &s.stage, ownJoins: 1}).start()
}

// Watch watches over a goroutine of the scope's that has been told to end, before
// the scope is joined. done is as with [WatchInline].
func (s *Scope) Watch() (done func()) {
	s.Labelled() // it has a number by now
	return (&watch{ctx: s.Ctx, rec: s.rec, stage: &s.stage}).start().end
}

// WatchInline watches over a consuming call that has been told to end, while its
// own goroutine is still in a source or a function. The goroutine has label, or, if
// that is empty, tag. done ends the watch; it does not wait for a report that is
// being written.
func WatchInline(ctx context.Context, rec *run.Record, call, label string, tag uint64) (done func()) {
	return (&watch{ctx: ctx, rec: rec, stage: &stage{operator: call, id: label}, tag: tag}).start().end
}

// Labelled gives the calling goroutine labels by which a report finds it.
func Labelled(ctx context.Context, operator string) (label string) {
	s := stage{operator: operator}
	pprof.SetGoroutineLabels(s.labels(ctx))
	return s.id
}

// Limited runs wait, which waits on the calling goroutine for a time that has a
// limit of its own, such as a grace. It is not reported, and what comes after it
// has its time before it is.
//
//go:noinline
func Limited(rec *run.Record, wait func()) { // its frame in a profile is what a report looks for
	defer rec.LimitOver()
	wait()
}

func (w *watch) start() *watch {
	w.warning = warningOf(w.ctx)
	if w.after <= 0 {
		return w
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nextLook = w.after
	w.timer = time.AfterFunc(w.after, w.late)
	return w
}

// end ends the watch.
func (w *watch) end() {
	if w.after <= 0 {
		return
	}
	w.mu.Lock()
	w.over = true
	in := w.dueIn
	w.timer.Stop()
	w.mu.Unlock()
	if in != nil {
		in.remove(w)
	}
}

// late is called on a goroutine of the timer's, which nobody waits for.
func (w *watch) late() {
	r := reportsHere()
	w.mu.Lock()
	if w.since.IsZero() {
		w.since = time.Now().Add(-w.after)
	}
	w.dueIn = r
	w.mu.Unlock()
	r.add(w)
}

func (w *watch) ended() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}

// mostPatience ends the looking after a wait that is never reported: an inner
// one that has an end in sight.
const maxPause = 365 * 24 * time.Hour

// again looks at the wait once more, after twice the time.
func (w *watch) again() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.nextLook *= 2; !w.over && w.nextLook < maxPause {
		w.timer.Reset(w.nextLook)
	}
}

// stacks returns those of the goroutines that are waited for. wait: nothing is to
// be reported now.
func (w *watch) stacks(p *profile) (stacks []stack, wait bool) {
	if w.rec.SinceLimit() < w.after {
		return nil, true
	}
	all := p.byTag[w.tag]
	if w.stage.id != "" {
		all = p.byLabel[w.stage.id]
	}
	silent := false
	var others []stack // goroutines that user code has started there
	for _, s := range all {
		switch {
		case s.silent:
			silent = true
		case s.ours:
			stacks = append(stacks, s)
		default:
			others = append(others, s)
		}
	}
	if len(stacks) > 0 {
		return append(stacks, others...), false
	}
	if silent || w.rec.Joins() > w.ownJoins {
		return nil, true // what is waited for waits for a scope further in, or not for long
	}
	stacks = slices.Concat(p.strays, others)
	return stacks, len(stacks) == 0 && w.nextLook == w.after // it may have ended meanwhile: look again
}

// write writes the report.
func (w *watch) write(stacks []stack) {
	attrs := []any{"after", time.Since(w.since).Truncate(time.Millisecond), "stage", w.stage.name(w.ctx)}
	n := 0
	for _, s := range stacks {
		n += s.goroutines
	}
	attrs = append(attrs, "goroutines", n)
	if sources := w.rec.Running(); len(sources) > 0 {
		attrs = append(attrs, "sources", strings.Join(sources, ", "))
	}
	for i, s := range stacks[:min(len(stacks), maxStacks)] {
		attrs = append(attrs, fmt.Sprint("stack", i+1), fmt.Sprint(s.goroutines, s.text))
	}
	w.say("turbopipes: cancelled, and still waiting for what does not end", attrs...)
}

// say logs. A panic of a log handler is not ours to die of.
func (w *watch) say(message string, attrs ...any) {
	_ = fault.Call(func() error {
		w.logger().WarnContext(w.ctx, message, attrs...)
		return nil
	})
}
