package tptest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes"
	engine "github.com/turbopipes/turbopipes/internal/fault"
)

// patience is how long a stream may continue after its last column. After that, the
// stream counts as one that does not end.
const patience = 1000 * Step

// surplus is how many items a job takes in addition to the items of the diagram.
const surplus = 1000

// note is a signal at its exact time, counted from the origin of its diagram.
type note struct {
	at   time.Duration
	kind kind
	key  string
}

// outcome is the result of a run to the end.
type outcome struct {
	once      bool
	unstopped bool
	exact     bool          // each item that a source handed over was delivered
	from      time.Duration // start of the subscription
	until     time.Duration // the job was not cut short before this time
	notes     []note        // the last one is the end
	busy      map[int]bool  // columns in which the stream or a source has signalled
}

// has reports whether there is a signal at exactly that time.
func (o *outcome) has(at time.Duration) bool {
	for _, n := range o.notes {
		if n.at == at {
			return true
		}
	}
	return false
}

// job is one subscription of an expectation.
type job struct {
	s       *Scenario
	x       *expectation
	run     func(ctx context.Context) error
	mark    mark
	place   string    // place of the call of Expect, if the report can't show it
	origin  time.Time // origin of the diagram
	from    time.Time // start of the subscription
	runner  string    // the goroutine of the subscriber
	cancel  context.CancelCauseFunc
	endless bool          // a graceful stop need not end it
	ended   chan struct{} // run has returned
	watched chan struct{} // watch has returned
	left    []string      // stacks of goroutines that outlive the job

	busy atomic.Bool // in take

	mu        sync.Mutex               // guards the fields below; never held during a wait
	sub       *turbopipes.Subscription // set if the variant stops the job gracefully
	notes     []note
	delivered []any
	items     int
	refused   bool
	over      bool
	problems  []string
	text      string // text of the error at the end
}

func newJob(s *Scenario, x *expectation) *job {
	return &job{s: s, x: x, mark: newMark(s.Name()), ended: make(chan struct{}), watched: make(chan struct{})}
}

// cut returns how the variant ends this job early, or nil.
func (j *job) cut() *cut {
	if j.s.variant.cut == nil || j.s.variant.expect != j.x.index {
		return nil
	}
	return j.s.variant.cut
}

func (j *job) start() {
	j.from = time.Now()
	j.origin = j.from
	if j.x.at >= 0 {
		j.origin = j.s.begin
	}
	var ctx context.Context
	ctx, j.cancel = context.WithCancelCause(turbopipes.WithLossHook(j.s.Context(), func(turbopipes.Loss) { j.s.lost.Add(1) }))
	go j.mark.do(ctx, func(ctx context.Context) {
		defer close(j.ended)
		err := errors.New("runtime.Goexit was called")
		defer func() { j.end(ctx, err) }()
		err = j.run(ctx)
	})
	go func() {
		defer close(j.watched)
		j.watch()
	}()
}

// watch cancels j when it is time to, and gives up when j does not end.
func (j *job) watch() {
	if c := j.cut(); j.stops() {
		if j.await(time.Until(j.origin.Add(c.after))) {
			return
		}
		j.stop()
	}
	if after, ok := j.cancelAfter(); ok && !j.stops() {
		if j.await(time.Until(j.origin.Add(after))) {
			return
		}
		j.s.cutting.Store(true)
		// Labelled, because goroutines that start at the end of ctx belong to the stream.
		j.mark.do(context.Background(), func(context.Context) { j.cancel(errCut) })
	}
	last := time.Duration(j.x.want[len(j.x.want)-1].at) * Step
	limit := last + j.x.busy*time.Duration(len(j.x.want)) + j.slack() + patience
	if j.await(time.Until(j.origin.Add(limit))) {
		return
	}
	if j.endless = j.mayGoOn(); !j.endless {
		j.problem(fmt.Sprintf("it had not ended %v after its last column:", patience), j.mark.alive()...)
	}
	j.cancel(errCut)
	if !j.await(j.slack() + patience) {
		j.problem("it did not end when it was cancelled then")
	}
}

// await waits for the end of j, and reports whether it came within d.
func (j *job) await(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-j.ended:
		return true
	case <-timer.C:
		return false
	}
}

// cancelAfter reports whether ctx is to be cancelled, and after which time.
func (j *job) cancelAfter() (after time.Duration, ok bool) {
	if c := j.cut(); c != nil && c.items == 0 && !c.stops {
		return c.after, true
	}
	if end := j.x.want[len(j.x.want)-1]; end.kind == cancelled {
		return time.Duration(end.at)*Step + Step/2, true
	}
	return 0, false
}

// hasEnded reports whether run has returned.
func (j *job) hasEnded() bool {
	select {
	case <-j.ended:
		return true
	default:
		return false
	}
}

func (j *job) slack() time.Duration { return j.x.lingers + j.s.slack() }

// take is downstream. name returns the key of the item, which is the nth.
func (j *job) take(name func(n int) string) error {
	if !j.busy.CompareAndSwap(false, true) {
		j.problem("emit was called from two goroutines at once")
		return errLeft
	}
	defer j.busy.Store(false)
	err := j.note(name)
	time.Sleep(j.x.busy)
	return err
}

func (j *job) note(name func(n int) string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	key := name(j.items)
	switch shown := (signal{kind: item, key: key}); {
	case j.over:
		j.problems = append(j.problems, fmt.Sprintf("emit was called with %v after the end", shown))
		return errLeft
	case j.refused:
		j.problems = append(j.problems, fmt.Sprintf("emit was called with %v though it had refused", shown))
		return errLeft
	}
	j.items++
	j.notes = append(j.notes, note{time.Since(j.origin), item, key})
	c := j.cut()
	switch {
	case j.elsewhere():
		j.refused = true
		j.problems = append(j.problems, "emit was called on another goroutine than the subscriber's")
	case c != nil && c.items == j.items:
		j.refused = true
		j.s.cutting.Store(true)
	case j.items >= len(j.x.want)+surplus:
		j.refused = true
		j.problems = append(j.problems, fmt.Sprintf("it went on: %d items", j.items))
	}
	if j.refused {
		return errLeft
	}
	return nil
}

// end records how the stream has ended.
func (j *job) end(ctx context.Context, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.over = true
	how := failure
	switch {
	case err == nil:
		how = complete
	case err == errLeft || err == errCut, cutWaiting(ctx, err): //nolint:errorlint // the error itself, as the contract says
		how = cancelled
	case !errors.Is(err, j.x.target) && !j.failsStopped(err):
		j.text = fmt.Sprintf("it ended with the error: %v", err)
		if p := (*turbopipes.PanicError)(nil); errors.As(err, &p) {
			j.text += "\n" + string(p.Stack)
		}
	}
	j.notes = append(j.notes, note{at: time.Since(j.origin), kind: how})
}

// cutWaiting reports whether the end of ctx has cut short a wait after a failure.
// The failure is then joined to the cause.
func cutWaiting(ctx context.Context, err error) bool {
	waited := (*engine.Waited)(nil)
	return errors.Is(err, errCut) && errors.As(err, &waited) && engine.Cut(ctx, err)
}

func (j *job) problem(text string, stacks ...string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, stack := range stacks {
		text += "\n" + stack
	}
	j.problems = append(j.problems, text)
}

// elsewhere reports whether the caller is on another goroutine than the subscriber.
// The check is expensive, so runs under Checked do not use it; Checked has a check
// of its own.
func (j *job) elsewhere() bool {
	return (!j.s.variant.checked || j.stops()) && goroutineID() != j.runner
}
