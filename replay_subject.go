package turbopipes

import (
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// ReplaySubject is a [Subject] that remembers: a new subscriber first gets the
// newest items, and then what comes, without a gap and without an item twice.
// That is so after the end as well, which comes behind them. [NewReplaySubject]
// makes one.
//
//	in:   -a--b-------c-|     n: 2
//	out:  -a--b-------c-|
//	late: ------(ab)--c-|     subscribes at 6
//
// What is replayed does not go through the subscriber's queue, which may be
// smaller; while it is being replayed, what comes waits there. Memory: the items
// that are remembered, and as many for each subscriber that they are replayed
// to, until that has had them.
//
// It corresponds to RxJS's ReplaySubject and Reactor's
// Sinks.many().replay().limit.
type ReplaySubject[T any] struct{ inlet[T] }

// NewReplaySubject makes a ReplaySubject that remembers the newest n items; with
// [WithTTL] those that are not too old when a subscriber comes. The other options
// are those of [NewSubject]. n < 1 is an [ErrInvalidArgument].
func NewReplaySubject[T any](n int, opts ...ReplayOption) *ReplaySubject[T] {
	o, err := hotSettings("NewReplaySubject", opts)
	if n < 1 {
		err = fault.Invalid("NewReplaySubject", opt.TooSmall("n", n, 1))
	}
	history := &hot.History[T]{N: n, TTL: o.TTL, Late: true}
	return &ReplaySubject[T]{inlet[T]{hub: hot.New(hotConfig("ReplaySubject", o.Queue, history)), bad: err}}
}
