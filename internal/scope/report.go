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

// watch observes one wait that may not end: that of a scope for its goroutines, or
// that of a consuming call for its source. If the wait takes too long, it is
// reported.
type watch struct {
	warning
	ctx      context.Context //nolint:containedctx // of the wait
	rec      *run.Record
	operator string
	label    string // the number of a scope: it identifies the goroutines that are waited for
	tag      uint64 // identifies them if label is empty
	ownJoins int64  // joins of the record that belong to this wait

	mu       sync.Mutex // guards the fields below
	timer    *time.Timer
	over     bool
	since    time.Time     // when the wait began; set when the wait is late
	nextLook time.Duration // time until the next look at a wait that has nothing to report
	dueIn    *reports      // the reports in which it is due; nil: it is not due
}

// watch observes the scope's join.
func (s *Scope) watch() *watch {
	return (&watch{ctx: s.Ctx, rec: s.rec, operator: s.stage.operator, label: s.stage.id(), ownJoins: 1}).start()
}

// Watch observes a goroutine of the scope that was told to end, before the scope is
// joined. done is as with [WatchInline].
func (s *Scope) Watch() (done func()) {
	s.Labelled() // from now on it has a number
	return (&watch{ctx: s.Ctx, rec: s.rec, operator: s.stage.operator, label: s.stage.id()}).start().end
}

// WatchInline observes a consuming call that was told to end, while its own
// goroutine is still in a source or a function. label identifies the goroutine, or
// tag if label is empty. done ends the watch; it does not wait for a report that is
// being written.
func WatchInline(ctx context.Context, rec *run.Record, call, label string, tag uint64) (done func()) {
	return (&watch{ctx: ctx, rec: rec, operator: call, label: label, tag: tag}).start().end
}

// Labelled sets labels on the calling goroutine, by which a report finds it. It frees
// them when it is about to end.
func Labelled(ctx context.Context, operator string) *Labels {
	l := labelsFor(ctx, operator)
	pprof.SetGoroutineLabels(l.ctx)
	return l
}

// Limited runs wait, which waits on the calling goroutine for a limited time, such
// as a grace. This wait is not reported. The next wait has its full time before it
// is reported.
//
//go:noinline
func Limited(rec *run.Record, wait func()) { // a report looks for this frame in a profile
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

// late runs on a timer's goroutine, which nobody waits for.
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

// maxPause ends the looks at a wait that is never reported, because it contains an
// inner wait that has a limit.
const maxPause = 365 * 24 * time.Hour

// again looks at the wait once more, after twice the time.
func (w *watch) again() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.nextLook *= 2; !w.over && w.nextLook < maxPause {
		w.timer.Reset(w.nextLook)
	}
}

// stacks returns the stacks of the goroutines that are waited for. wait is true if
// nothing is to be reported now.
func (w *watch) stacks(p *profile) (stacks []stack, wait bool) {
	if w.rec.SinceLimit() < w.after {
		return nil, true
	}
	all := p.byTag[w.tag]
	if w.label != "" {
		all = p.byLabel[w.label]
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
		return nil, true // they wait for a scope further inside, or for a limited time
	}
	stacks = slices.Concat(p.strays, others)
	return stacks, len(stacks) == 0 && w.nextLook == w.after // the wait may have ended meanwhile: look again
}

// write writes the report.
func (w *watch) write(stacks []stack) {
	attrs := []any{"after", time.Since(w.since).Truncate(time.Millisecond), "stage", run.StageName(w.ctx, w.operator)}
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

// say logs. It recovers a panic of the log handler.
func (w *watch) say(message string, attrs ...any) {
	_ = fault.Call(func() error {
		w.logger().WarnContext(w.ctx, message, attrs...)
		return nil
	})
}
