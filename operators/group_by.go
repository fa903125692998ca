package operators

import (
	"context"
	"math"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/split"
)

// GroupBy emits a stream for each key: a group, with the items that have the key.
//
//	in:  a-b-A-B-c-|   key: the letter
//	out: a-b-----c-|   a: a---A-----|, b: b---B---|, c: c-|
//
// Emits when a key comes for the first time. A group has a queue of its own, from
// its first item on. A group takes one subscriber, at any time; a second subscriber
// gets an ErrAlreadySubscribed. When the subscriber of a group leaves, later items
// of that key are discarded. Fails and completes with upstream, and so do the
// groups, after the items that wait in them. When downstream stops, upstream is
// stopped and the groups complete. When ctx ends, the groups fail with its cause.
// [WithIdle] completes groups that get no items for a while. [WithMaxGroups] limits
// the number of groups; with more groups it fails with an ErrTooManyGroups.
//
// Backpressure: a new group never makes upstream wait. A full queue does, and then
// the other groups wait too. So consume all groups at once: with [FlatMap] and an n
// of at least the number of groups, or with [turbopipes.Infinite]. With a smaller n,
// the first n groups are read until upstream ends while the other groups wait in
// their queues. Once one of these queues is full, nothing goes on until ctx ends. To
// get an error instead, set [WithMaxGroups] to that n, or [turbopipes.WithOverflow]
// to Fail, which ends the stream with an ErrOverflow. To let the stream go on, set
// WithIdle, which completes the groups that get no items meanwhile, or a strategy
// that drops. [OnDiscard] is called for the items that a strategy drops, and for the
// items that are discarded: because their subscriber has left, or because the stream
// ends early.
//
// Memory: the queues ([turbopipes.WithQueue], 256 items each without it), which
// allocate room only for the items that wait, and a few hundred bytes for each key.
// Goroutines: one, for upstream, and one more with WithIdle, joined before the
// stream ends; key runs on upstream's goroutine.
//
// Keys are compared with ==. A key that is not equal to itself, such as NaN, makes a
// new group each time, which completes after its one item. With WithIdle that group
// counts for WithMaxGroups only until then. A key that can't be hashed ends the
// stream with a PanicError. A nil key function is an ErrInvalidArgument. For a fixed
// number of groups, see [GroupByN]; to run one task at a time for each key,
// [ParallelBy]. It corresponds to groupBy in RxJS and Reactor and to RxGo's
// GroupByDynamic.
func GroupBy[T any, K comparable](key func(v T) K, opts ...GroupByOption) turbopipes.Operator[T, turbopipes.Group[K, T]] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case key == nil:
		return turbopipes.Invalid[T, turbopipes.Group[K, T]]("GroupBy", "key is nil")
	case bad != "":
		return turbopipes.Invalid[T, turbopipes.Group[K, T]]("GroupBy", bad)
	}
	return turbopipes.Lift(own.Mark+"GroupBy", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.Group[K, T]) bool) (err error) {
		// A group that had to wait before its first item would block the groups
		// that its consumer reads to their end. With Idle, groups end meanwhile.
		waiting := math.MaxInt
		if o.Idle > 0 {
			waiting = defaultQueue
		}
		s := split.Open[K](ctx, splitConfig[T]("GroupBy", o.Queue, waiting))
		defer s.Close(&err)
		if o.Idle > 0 {
			g := newIdleGroups(s, o.MaxGroups, o.Idle)
			defer g.clock.Stop()
			s.Scope.Go(g.tick)
			startKeyed(s, in, key, g.put)
		} else {
			g := groupsByKey[K, T]{split: s, most: o.MaxGroups, byKey: map[K]*split.Part[K, T]{}}
			startKeyed(s, in, key, g.put)
		}
		handOutGroups(s, emit)
		return nil
	})
}

// startKeyed starts s with the upstream in. put is called with each item and its
// key. An item for which key panics counts as failed.
func startKeyed[K comparable, T any](s *split.Split[K, T], in turbopipes.Observable[T], key func(v T) K, put func(k K, v T) bool) {
	var work run.Work[T]
	item := work.On(func(v T) bool {
		work.Busy = true
		k := key(v)
		_ = map[K]struct{}(nil)[k] // a key that can't be hashed panics here
		work.Busy = false
		return put(k, v)
	})
	s.Start(func(ctx context.Context, emit func(T) bool) error {
		defer work.Failed(ctx)
		return in.Push(ctx, emit)
	}, item)
}

func handOutGroups[K comparable, T any](s *split.Split[K, T], emit func(turbopipes.Group[K, T]) bool) {
	s.Loop(func(p *split.Part[K, T]) bool {
		return emit(turbopipes.Group[K, T]{Key: p.Key, Items: streamOf(s.Name, p)})
	})
}
