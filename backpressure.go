package turbopipes

import (
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Overflow is the strategy of a full queue: [Block], [DropNewest], [DropOldest] or
// [Fail]. String returns its name.
//
// # Where a queue is
//
// A chain of plain operators has no queue. Its emit blocks while downstream is busy, so
// the source waits: this is the backpressure. A queue is only where two goroutines meet:
//
//   - in operators.ObserveOn, Prefetch, LimitRate and the OnBackpressure operators, which
//     run upstream on a goroutine of its own;
//   - in front of each subscriber of a hot stream, such as a [Subject] or a [Publish];
//   - in front of the reader of each group and each window;
//   - in front of the channel of [Observable.ToChannel].
//
// Every queue has a limit: a parameter of the operator, or the size that [WithQueue] sets.
// [WithOverflow] sets the strategy.
//
// # When the queue is full
//
// [Block] is the default. It loses no item, and the slowest consumer sets the pace. The
// other strategies are for a source that can't wait: [DropNewest] keeps the oldest items,
// [DropOldest] keeps the newest, and [Fail] ends the stream. A source that can't wait
// has more choices in package operators: OnBackpressureLatest keeps one item,
// ConflateByKey one for each key, OnBackpressureBatch and Conflate combine items,
// LoadShed drops the items that are too old, and SpillToDisk keeps them in files.
//
// # What is counted
//
// An item that comes to a queue is delivered downstream, or it is lost and counted once
// in [Stats]:
//
//   - Dropped: a strategy gave the item up. Under [Fail] this is the item that found no
//     room.
//   - Discarded: the item still waited when the stream ended early, because downstream
//     wanted no more, a ctx ended, or the subscription was disposed of.
//
// A completion or an error of upstream comes after the items in the queue, so it
// discards nothing. A graceful [Subscription.Stop] discards nothing either: the queue is
// delivered first. [OnDiscard] reports each lost item of one operator, OnDrop those of an
// operator for backpressure, and [WithLossHook] those of all operators.
type Overflow = handoff.Overflow

// The strategies of a full queue.
const (
	// Block makes the sender wait until there is room. A full queue loses nothing.
	Block Overflow = handoff.Block
	// DropNewest drops the item that arrives.
	DropNewest Overflow = handoff.DropNewest
	// DropOldest drops the item that has waited longest.
	DropOldest Overflow = handoff.DropOldest
	// Fail ends the stream with an [ErrOverflow], after the items in the queue.
	Fail Overflow = handoff.Fail
)

// QueueOption is an option of everything that has a bounded queue and no other
// options: [WithQueue], [WithOverflow] and [OnDiscard] are.
type QueueOption interface{ opt.QueueOption }

// QueueSetting is the type of [WithQueue] and [WithOverflow], and lists the functions
// that take them.
type QueueSetting struct {
	opt.Set
	opt.ForQueue
	opt.ForReplay
	opt.ForShare
	opt.ForShareReplay
	opt.ForDelayWhen
	opt.ForWindowWithCount
	opt.ForWindowWithTime
	opt.ForGroupBy
}

// WithQueue sets how many items a queue holds. Each window and each group has a queue
// of its own. n < 1 is an [ErrInvalidArgument].
func WithQueue(n int) QueueSetting {
	return QueueSetting{Set: func(s *opt.Settings) string {
		s.Size = n
		return opt.AtLeast("WithQueue", "n", n, 1)
	}}
}

// WithOverflow sets what a full queue does with one more item. [Block], which is the
// default, holds the sender until there is room. [DropNewest] drops the item that
// arrives, and [DropOldest] drops the item that has waited longest. [Fail] ends the
// stream with an [ErrOverflow]. Another strategy is an [ErrInvalidArgument].
func WithOverflow(strategy Overflow) QueueSetting {
	return QueueSetting{Set: func(s *opt.Settings) string {
		if s.Overflow = strategy; !strategy.Valid() {
			return "WithOverflow: " + opt.BadOverflow(strategy)
		}
		return ""
	}}
}
