package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/run"
)

// LossReason says why an item was lost.
type LossReason int

// The reasons.
const (
	// Dropped items were dropped by a strategy, or by an operator that chose to drop them.
	Dropped LossReason = iota
	// Discarded items were lost because the stream ended early.
	Discarded
	// Cancelled items were the inputs of tasks that were cancelled. [Stats] counts
	// them as Discarded.
	Cancelled
)

// String returns the name of the reason.
func (r LossReason) String() string {
	switch r {
	case Dropped:
		return "Dropped"
	case Discarded:
		return "Discarded"
	case Cancelled:
		return "Cancelled"
	}
	return "invalid"
}

// Loss is an item that will never be delivered.
type Loss struct {
	Item   any        // the item; for a cancelled task, its input
	Stage  string     // the operator that has lost the item, after the name that operators.Name has set
	Reason LossReason // why
	Err    error      // the error that has caused the loss, if any
}

// WithLossHook returns a ctx under which every subscription, and every other
// consuming call, reports each item that it loses: fn is called once for each item
// that [Stats] counts as Dropped or Discarded.
//
// A slice or window that a buffering operator has made counts as its items, and fn
// is called once for each of them. A value that a user's function has made of
// several items counts as one item. A stream, such as a group, counts as none: its
// items are counted where they wait.
//
// fn runs where the item is lost: on the goroutines of the pipeline, also on several
// at once, and never under a lock. A panic of fn becomes the stream's error. If ctx
// has hooks already, they are called after fn. A nil fn changes nothing. Without a
// hook there is no cost per item.
//
// An item that a shared stream emits while nobody is subscribed, as during
// [WithGrace], counts as Dropped. If the stream has a history, a later subscriber
// may still receive that item.
//
// [OnDiscard] and operators.OnDrop do the same for one operator.
func WithLossHook(ctx context.Context, fn func(Loss)) context.Context {
	if fn == nil {
		return ctx
	}
	return run.WithHook(ctx, func(item any, stage string, why run.Reason, cause error) {
		fn(Loss{Item: item, Stage: stage, Reason: LossReason(why), Err: cause})
	})
}

// Lost counts an item that an operator has lost, and reports it to the hooks of
// [WithLossHook]. It is for authors of operators that [Lift] makes. ctx is the ctx
// with which their function was called.
//
// An operator calls Lost for an item that it refuses, when it neither delivers nor
// keeps the item, and for each item that it still keeps when the stream ends early.
// It does not call Lost for an item that downstream has refused: downstream has
// counted that item. It does not call Lost for an item that it leaves out by its
// nature, as a filter does, nor for an item that it refuses because it has
// completed.
//
// Stage is the operator's own name. The hooks get it after the name that
// operators.Name has set, as in fetch/Lag. A panic of a hook goes through Lost.
// [Checked] and package tptest find an operator that forgets to call Lost.
func Lost(ctx context.Context, l Loss) {
	if err := run.Lose(run.At(ctx, l.Stage), l.Item, run.Reason(l.Reason), l.Err); err != nil {
		panic(err)
	}
}

// Stats has the counts of a subscription. They include pipelines within its tasks
// and callbacks, except for Delivered.
//
// When all is over, each item that a source has handed over is in one of the first
// four counts, if the operators emit one item for each item. [WithLossHook] reports
// the items that are Dropped or Discarded. An operator that merges items, such as a
// buffer, delivers fewer items than it has got, and counts the items that it loses.
// Items that a filter leaves out, and items that an operator refuses because it has
// completed, are counted nowhere.
type Stats struct {
	Delivered int64 // items with which Next was called
	Dropped   int64 // items dropped by a strategy, or by an operator that chose to drop them
	Discarded int64 // items lost to an early end, including the inputs of cancelled tasks
	Failed    int64 // items whose task or function has failed
	Running   int64 // tasks that run now
}

// Stats returns the counts so far.
func (s *Subscription) Stats() Stats {
	return Stats{
		Delivered: s.rec.Delivered.Load(),
		Dropped:   s.rec.Dropped.Load(),
		Discarded: s.rec.Discarded.Load(),
		Failed:    s.rec.Failed.Load(),
		Running:   s.rec.Tasks(),
	}
}
