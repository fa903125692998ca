package delivery

import (
	"context"
	"sync"
	"time"
)

// taskContext is the ctx of a task whose event has a tenure: it ends with either. Most
// tasks never look at their ctx, so the two are joined at the first look.
type taskContext struct {
	task   context.Context   //nolint:containedctx // it is a context
	tenure context.Context   //nolint:containedctx // that of the event, if it has one
	others []context.Context // of a joined delivery of several tenures

	mu     sync.Mutex
	joined context.Context //nolint:containedctx // task and tenures, once somebody has looked
	end    context.CancelCauseFunc
	stops  []func() bool
}

// under sets up t for the tasks of c, and returns the ctx for them. Call t.done when they
// have ended.
func (t *taskContext) under(task context.Context, c *claim) context.Context {
	t.task = task
	if c != nil && c.settler != nil { // most are
		t.tenure = c.settler.Context()
	} else if all := c.tenures(nil); len(all) > 0 {
		t.tenure, t.others = all[0], all[1:]
	}
	if t.tenure == nil || t.tenure.Done() == nil && len(t.others) == 0 {
		return task
	}
	return t
}

func (t *taskContext) look() context.Context {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.joined == nil {
		t.joined, t.end = context.WithCancelCause(t.task)
		t.join(t.tenure)
		for _, ctx := range t.others {
			t.join(ctx)
		}
	}
	return t.joined
}

// join makes the end of ctx that of t. The caller holds mu.
func (t *taskContext) join(ctx context.Context) {
	if ctx.Err() != nil { // AfterFunc would say so later
		t.end(context.Cause(ctx))
	}
	t.stops = append(t.stops, context.AfterFunc(ctx, func() { t.end(context.Cause(ctx)) }))
}

func (t *taskContext) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.joined == nil {
		return
	}
	for _, stop := range t.stops {
		stop()
	}
	t.end(nil)
}

func (t *taskContext) Deadline() (time.Time, bool) { return t.task.Deadline() }
func (t *taskContext) Done() <-chan struct{}       { return t.look().Done() }
func (t *taskContext) Err() error                  { return t.look().Err() }

// Value looks through the joined ctx, since package context finds the cause by it.
func (t *taskContext) Value(key any) any { return t.look().Value(key) }

// jointOf returns the taskContext for a task of c: for the first task the one that was
// allocated with c. Its ctx may be kept, so the next task has another one.
func jointOf(c *claim) *taskContext {
	if c != nil {
		if t := c.joint.Swap(nil); t != nil {
			return t
		}
	}
	return &taskContext{}
}
