package scope

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Reap is how long a join waits, unless the ctx says otherwise, before it says
// what it waits for.
const Reap = 10 * time.Second

type warningKey struct{}

type warning struct {
	after time.Duration
	log   *slog.Logger
}

// WithWarning sets when and where what does not end is reported; after ≤ 0:
// never; a nil log is slog's default.
func WithWarning(ctx context.Context, after time.Duration, log *slog.Logger) context.Context {
	return context.WithValue(ctx, warningKey{}, warning{after, log})
}

func (w warning) logger() *slog.Logger {
	if w.log == nil {
		return slog.Default()
	}
	return w.log
}

func warningOf(ctx context.Context) warning {
	if w, ok := ctx.Value(warningKey{}).(warning); ok {
		return w
	}
	return warning{after: Reap}
}

// Logger is where what does not end is reported; nil where that is turned off.
func Logger(ctx context.Context) *slog.Logger {
	w := warningOf(ctx)
	if w.after <= 0 {
		return nil
	}
	return w.logger()
}

// watch reports the goroutines that a join still waits for when its time is
// over. done ends that, and waits for a report that is being written.
func (s *Scope) watch() (done func()) {
	return after(s.Ctx, func(w warning) {
		stacks := stacksOf(scopeLabel, s.stage.id)
		if len(stacks) == 0 && s.rec.Joins() > 1 {
			return // what is waited for waits for a scope further in, which will report
		}
		report(s.Ctx, w, s.rec, s.stage.name(s.Ctx), stacks)
	})
}

// WatchInline is watch for a subscription that has no scope to wait for: its
// own goroutine, which carries label, is still in a source or a function.
func WatchInline(ctx context.Context, rec *run.Record, label string) (done func()) {
	return after(ctx, func(w warning) {
		if rec.Joins() > 0 {
			return // it waits in a scope, which will report
		}
		var stacks []string
		if label != "" {
			stacks = stacksOf(scopeLabel, label)
		}
		report(ctx, w, rec, Name(ctx), stacks)
	})
}

// Labelled gives the calling goroutine labels by which a report finds it.
func Labelled(ctx context.Context, operator string) (label string) {
	s := stage{operator: operator}
	pprof.SetGoroutineLabels(s.labels(ctx))
	return s.id
}

func after(ctx context.Context, tell func(warning)) (done func()) {
	w := warningOf(ctx)
	if w.after <= 0 {
		return func() {}
	}
	told := make(chan struct{})
	t := time.AfterFunc(w.after, func() {
		defer close(told)
		run.From(ctx).Mark(func() {
			_ = fault.Call(func() error { tell(w); return nil }) // a log handler's panic is not ours to die of
		})
	})
	return func() {
		if !t.Stop() {
			<-told
		}
	}
}

func report(ctx context.Context, w warning, rec *run.Record, stage string, stacks []string) {
	if !rec.FirstReport() {
		return
	}
	attrs := []any{"after", w.after}
	if n := goroutines(stacks); n > 0 {
		attrs = append(attrs, "goroutines", n)
	}
	if stage != "" {
		attrs = append(attrs, "stage", stage)
	}
	if sources := rec.Running(); len(sources) > 0 {
		attrs = append(attrs, "sources", strings.Join(sources, ", "))
	}
	for i, stack := range stacks {
		if i == mostStacks {
			break
		}
		attrs = append(attrs, fmt.Sprint("stack", i+1), stack)
	}
	w.logger().WarnContext(ctx, "turbopipes: cancelled, and still waiting for what does not end", attrs...)
}

// mostStacks is how many different stacks one report shows.
const mostStacks = 4

// goroutines counts those of a profile: each stack begins with its number.
func goroutines(stacks []string) (n int) {
	for _, stack := range stacks {
		same := 0
		_, _ = fmt.Sscan(stack, &same)
		n += same
	}
	return n
}

// stacksOf gives the different stacks of the goroutines with that label, less
// those that wait in a join themselves.
func stacksOf(key, value string) (stacks []string) {
	var all strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&all, 1)
	label := fmt.Sprintf("%q:%q", key, value)
	for g := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(g, label) && !strings.Contains(g, "scope.(*Scope).Join") {
			stacks = append(stacks, readable(g))
		}
	}
	return stacks
}

// readable makes a goroutine's record in a profile, which is a number, addresses,
// labels and frames, the number and the frames above ours.
func readable(record string) string {
	var b strings.Builder
	number, _, _ := strings.Cut(record, " ")
	b.WriteString(number)
	for line := range strings.Lines(record) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[0] != "#" || !strings.HasPrefix(fields[1], "0x") {
			continue
		}
		if strings.Contains(fields[2], "turbopipes/internal/") {
			break
		}
		function, _, _ := strings.Cut(fields[2], "+0x")
		fmt.Fprintf(&b, " < %s %s", function, fields[3])
	}
	return b.String()
}
