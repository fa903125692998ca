package turbopipes

import "github.com/turbopipes/turbopipes/internal/opt"

// Overflow is what a full queue does with one more item.
type Overflow int

// The strategies of a full queue.
const (
	// Block holds whoever has the item until there is room. A full queue loses nothing.
	Block Overflow = iota
	// DropNewest drops the item that arrives.
	DropNewest
	// DropOldest drops the item that has waited longest.
	DropOldest
	// Fail ends the stream with an [ErrOverflow], behind what is in the queue.
	Fail
)

// String gives the strategy's name.
func (s Overflow) String() string {
	switch s {
	case Block:
		return "Block"
	case DropNewest:
		return "DropNewest"
	case DropOldest:
		return "DropOldest"
	case Fail:
		return "Fail"
	}
	return "invalid"
}

func (s Overflow) valid() bool { return s >= Block && s <= Fail }

// QueueOption is an option of everything that has a bounded queue and no other
// options: [WithQueue], [WithOverflow] and [OnDiscard] are.
type QueueOption interface{ opt.QueueOption }

// QueueSetting is the type of [WithQueue] and [WithOverflow], and lists what takes them.
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
		if s.Overflow = int(strategy); !strategy.valid() {
			return "WithOverflow: " + opt.BadOverflow(int(strategy))
		}
		return ""
	}}
}
