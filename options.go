package turbopipes

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/opt"
)

// LossOption is an option of operators that can lose items at an early end, and have no other
// options: [OnDiscard] is one.
type LossOption interface{ opt.LossOption }

// DiscardHook is the type of [OnDiscard], and lists the functions that take it.
type DiscardHook struct {
	opt.Set
	opt.ForQueue
	opt.ForReplay
	opt.ForShare
	opt.ForShareReplay
	opt.ForLoss
	opt.ForGate
	opt.ForParallel
	opt.ForFlatMap
	opt.ForCombine
	opt.ForInner
	opt.ForDelayWhen
	opt.ForExpand
	opt.ForSerialize
	opt.ForToSlice
	opt.ForSort
	opt.ForBufferWithCount
	opt.ForBufferWithTime
	opt.ForBufferWithTimeOrCount
	opt.ForSlidingWindow
	opt.ForSessionWindow
	opt.ForWindowWithCount
	opt.ForWindowWithTime
	opt.ForGroupBy
	opt.ForDebounce
	opt.ForThrottle
	opt.ForSample
	opt.ForDistinct
}

// OnDiscard calls fn with each item that one operator or hot stream loses: an item that
// a strategy drops, an item that is refused or left when the stream ends early, and the
// input of a task that was cancelled. [Stats] counts them with or without it. A slice or
// window that a buffering operator has made counts as its items: fn is called once
// for each of them.
//
// All operators that can lose items take it, except for two kinds. Operators whose
// options know the item's type take operators.OnDrop in its place: its function gets
// the item as it is. Operators whose last parameter is a list of streams take neither.
// For these, and to hear of all operators at once, see [WithLossHook].
//
// fn runs where the item is lost, and never under a lock. Items that are left when the
// stream ends are reported on the subscriber's goroutine, once everything is reaped.
// Items that are dropped or refused before that are reported on the goroutine that has
// the item, and these may be several at the same time. A panic of fn becomes the
// stream's error, or is joined into it.
func OnDiscard(fn func(item any)) DiscardHook {
	return DiscardHook{Set: func(s *opt.Settings) string {
		s.Discard = fn
		return ""
	}}
}

// ReplayOption is an option of [NewReplaySubject]: [WithTTL] and the options of queues,
// [WithQueue], [WithOverflow] and [OnDiscard], are.
type ReplayOption interface{ opt.ReplayOption }

// TTLSetting is the type of [WithTTL], and lists the functions that take it.
type TTLSetting struct {
	opt.Set
	opt.ForReplay
	opt.ForShareReplay
}

// WithTTL makes a [ReplaySubject], or operators.ShareReplay, leave out items that are
// older than age when a subscriber comes. age ≤ 0 is an [ErrInvalidArgument].
func WithTTL(age time.Duration) TTLSetting {
	return TTLSetting{Set: func(s *opt.Settings) string {
		s.TTL = age
		return opt.Positive("WithTTL", "age", age)
	}}
}

// RefCountOption is an option of [Connectable.RefCount]: [WithMinSubscribers],
// [WithGrace], and KeepOnComplete, KeepOnError and KeepConnected in package operators
// are.
type RefCountOption interface{ opt.RefCountOption }

// ShareSetting is the type of the options of shared streams, and lists the functions that
// take them.
type ShareSetting struct {
	opt.Set
	opt.ForRefCount
	opt.ForShare
	opt.ForShareReplay
}

// WithMinSubscribers makes a shared stream connect when n subscribers are there,
// instead of at the first. n < 1 is an [ErrInvalidArgument].
func WithMinSubscribers(n int) ShareSetting {
	return ShareSetting{Set: func(s *opt.Settings) string {
		s.MinSubscribers = n
		return opt.AtLeast("WithMinSubscribers", "n", n, 1)
	}}
}

// WithGrace makes a shared stream stay connected for idle after its last subscriber
// has left, in case another one comes. The subscriber that leaves waits for that: its
// call, and a Dispose, last as much longer. idle ≤ 0 is an [ErrInvalidArgument].
func WithGrace(idle time.Duration) ShareSetting {
	return ShareSetting{Set: func(s *opt.Settings) string {
		s.Grace = idle
		return opt.Positive("WithGrace", "idle", idle)
	}}
}
