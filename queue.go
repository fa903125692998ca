package turbopipes

import (
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Overflow is what a full queue does with one more item: [Block], [DropNewest],
// [DropOldest] or [Fail]. Its String is the strategy's name.
type Overflow = handoff.Overflow

// The strategies of a full queue.
const (
	// Block holds whoever has the item until there is room. A full queue loses nothing.
	Block Overflow = handoff.Block
	// DropNewest drops the item that arrives.
	DropNewest Overflow = handoff.DropNewest
	// DropOldest drops the item that has waited longest.
	DropOldest Overflow = handoff.DropOldest
	// Fail ends the stream with an [ErrOverflow], behind what is in the queue.
	Fail Overflow = handoff.Fail
)

// QueueOption is an option of what has a bounded queue.
type QueueOption interface{ ApplyQueue(*opt.Queue) }

// QueueSize is what [WithQueue] returns: an option of everything that has a
// queue, with windows and groups.
type QueueSize struct{ n int }

// WithQueue sets how many items a queue holds. n < 1 is an
// [ErrInvalidArgument].
func WithQueue(n int) QueueSize { return QueueSize{n} }

// ApplyQueue makes n an option of queues.
func (n QueueSize) ApplyQueue(q *opt.Queue) {
	if q.Size = n.n; n.n < 1 {
		opt.Note(&q.Bad, "the queue's size is less than 1")
	}
}

// ApplyWindow makes n an option of windows.
func (n QueueSize) ApplyWindow(w *opt.Window) { n.ApplyQueue(&w.Queue) }

// ApplyGroup makes n an option of groups.
func (n QueueSize) ApplyGroup(g *opt.Group) { n.ApplyQueue(&g.Queue) }

// QueueOverflow is what [WithOverflow] returns: an option of everything that has
// a queue, with windows and groups.
type QueueOverflow struct{ s Overflow }

// WithOverflow sets what a full queue does: [Block], which is the default, holds
// whoever has the item; [DropNewest] drops that one, and [DropOldest] the one that
// has waited longest; [Fail] ends the stream with an [ErrOverflow].
func WithOverflow(s Overflow) QueueOverflow { return QueueOverflow{s} }

// ApplyQueue makes s an option of queues.
func (s QueueOverflow) ApplyQueue(q *opt.Queue) {
	if q.Overflow = s.s; !s.s.Valid() {
		opt.Note(&q.Bad, "the overflow strategy is unknown")
	}
}

// ApplyWindow makes s an option of windows.
func (s QueueOverflow) ApplyWindow(w *opt.Window) { s.ApplyQueue(&w.Queue) }

// ApplyGroup makes s an option of groups.
func (s QueueOverflow) ApplyGroup(g *opt.Group) { s.ApplyQueue(&g.Queue) }

// DiscardHook is what [OnDiscard] returns: an option of nearly everything that can
// lose an item.
type DiscardHook struct{ fn func(item any) }

// OnDiscard calls fn with each item that one operator or hot stream loses: what a
// strategy drops, what is refused or left when the stream ends early, and the inputs
// of tasks that were cancelled. [Stats] counts them with or without it. A slice or
// window that a buffering operator has made counts as its items: fn is called once
// for each of them.
//
// It is an option of what has a queue and an [Overflow], of the operators that run
// tasks or inner streams, of buffers, windows, groups and aggregates, of what holds an
// item until its time has come, and of all that takes a [LossOption]. The operators
// that say what becomes of items while downstream is busy take [OnDrop] in its place.
// Operators whose last parameter is a list of streams take neither. For these, and to
// hear of all operators at once, see [WithLossHook].
//
// fn runs where the item is lost, and never under a lock. What is left when the stream
// ends is reported on the subscriber's goroutine, once everything is reaped. What is
// dropped or refused before that is reported on the goroutine that has the item, and
// these may be several at the same time. A panic of fn becomes the stream's error, or
// is joined into it.
func OnDiscard(fn func(item any)) DiscardHook { return DiscardHook{fn} }

// ApplyQueue makes h an option of queues.
func (h DiscardHook) ApplyQueue(q *opt.Queue) { q.Discard = h.fn }

// ApplyWindow makes h an option of windows.
func (h DiscardHook) ApplyWindow(w *opt.Window) { h.ApplyQueue(&w.Queue) }

// ApplyGroup makes h an option of groups.
func (h DiscardHook) ApplyGroup(g *opt.Group) { h.ApplyQueue(&g.Queue) }

// ApplyParallel makes h an option of the Parallel group.
func (h DiscardHook) ApplyParallel(p *opt.Parallel) { p.Discard = h.fn }

// ApplyFlatMap makes h an option of FlatMap and its kin.
func (h DiscardHook) ApplyFlatMap(f *opt.FlatMap) { f.Discard = h.fn }

// ApplyInner makes h an option of operators with inner streams.
func (h DiscardHook) ApplyInner(i *opt.Inner) { i.Discard = h.fn }

// ApplyDelayWhen makes n an option of DelayWhen.
func (n QueueSize) ApplyDelayWhen(d *opt.DelayWhen) { n.ApplyQueue(&d.Queue) }

// ApplyDelayWhen makes s an option of DelayWhen.
func (s QueueOverflow) ApplyDelayWhen(d *opt.DelayWhen) { s.ApplyQueue(&d.Queue) }

// ApplyDelayWhen makes h an option of DelayWhen.
func (h DiscardHook) ApplyDelayWhen(d *opt.DelayWhen) { h.ApplyQueue(&d.Queue) }

// LossOption is an option of what can lose items at an early end, and has no other
// option: [OnDiscard] is one.
type LossOption interface{ ApplyLoss(*opt.Loss) }

// ApplyLoss makes h an option of what has no other.
func (h DiscardHook) ApplyLoss(l *opt.Loss) { l.Discard = h.fn }

func lossOptionsOf(opts []LossOption) (o opt.Loss, bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyLoss(&o)
	}
	return o, ""
}

func applyQueue(operator string, opts []QueueOption, q *opt.Queue) error {
	for _, o := range opts {
		if o == nil {
			return fault.Invalid(operator, "an option is nil")
		}
		o.ApplyQueue(q)
	}
	if q.Bad != "" {
		return fault.Invalid(operator, q.Bad)
	}
	return nil
}
