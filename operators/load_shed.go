package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// LoadShedOption is an option of [LoadShed]: [WithShedPriority] and [OnDrop] are.
type LoadShedOption[T any] interface{ opt.LoadShedOption[T] }

type loadShedSetting[T any] struct {
	opt.Func[opt.Typed[T]]
	opt.ForLoadShed
}

// WithShedPriority makes a full [LoadShed] drop the item of the lowest priority,
// of equal ones the oldest, which may be the one that arrives. fn runs on
// upstream's goroutine. A nil fn is an ErrInvalidArgument.
func WithShedPriority[T any](priority func(v T) int) LoadShedOption[T] {
	return loadShedSetting[T]{Func: func(s *opt.Typed[T]) string {
		s.Priority = priority
		return opt.NotNil("WithShedPriority", "priority", priority == nil)
	}}
}

// LoadShed drops what a downstream that is too slow could only get too late:
// beyond n waiting items the oldest one, and each item that has waited longer than
// maxAge when its turn comes. Upstream is never held.
//
//	in:  abcde---|    n: 2   maxAge: 4   downstream takes 5 for an item
//	out: a----d----|
//
// Emits when downstream is free and an item waits that is not too old, in the
// order in which they came. What waits is delivered before a completion or an
// error, as long as it is not too old. Fails and completes with upstream.
// [WithShedPriority] chooses what a full queue drops.
//
// What is dropped is counted and goes to [OnDrop]: on upstream's goroutine when
// the queue is full or the priority's function panics, on the subscriber's when
// it is too old, one call at a time; a panic of the hook there ends the stream at
// once. Memory: n items. Goroutines: one, for upstream, joined before it ends.
//
// An n below 1, maxAge ≤ 0 and a bad option are an ErrInvalidArgument. Without
// an age, see [OnBackpressureBuffer] with [turbopipes.DropOldest]. It has no counterpart in
// RxJS, Reactor and Pekko, but is what a queue with CoDel or a time to live does
// in servers.
func LoadShed[T any](n int, maxAge time.Duration, opts ...LoadShedOption[T]) turbopipes.Operator[T, T] {
	const name = "LoadShed"
	switch {
	case n < 1:
		return turbopipes.Invalid[T, T](name, opt.TooSmall("n", n, 1))
	case maxAge <= 0:
		return turbopipes.Invalid[T, T](name, opt.NotPositive("maxAge", maxAge))
	}
	return withOptions(name, opts, func(o opt.Typed[T]) turbopipes.Operator[T, T] {
		return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
			s := shedding[T]{
				Desk:    handoff.OpenDesk(ctx, name),
				queue:   shedQueue[T]{most: n, ranked: o.Priority != nil},
				options: o, maxAge: maxAge, telling: make(chan struct{}, 1),
			}
			s.lost = dropping(o).At(s.Stage())
			defer func() { err = fault.Join(err, s.lost.Discard(append(s.queue.left(), s.refused.Take()...)...)) }()
			defer s.Close(&err)
			s.Start(func(ctx context.Context) error { return in.Push(ctx, s.put) })
			return s.loop(emit)
		})
	})
}

// shedding is one run of a LoadShed. queue is guarded by the Desk.
type shedding[T any] struct {
	*handoff.Desk
	queue   shedQueue[T]
	options opt.Typed[T]
	maxAge  time.Duration
	lost    run.Account[T]
	refused run.Refused[T]
	telling chan struct{} // cap 1: who holds it may call the drop hook
}

// put stores v, on upstream's goroutine.
func (s *shedding[T]) put(v T) bool {
	rank := 0
	if s.options.Priority != nil {
		run.DropOnPanic(v, s.fell, func() { rank = s.options.Priority(v) })
	}
	var lost T
	full := false
	if !s.Put(func() bool {
		lost, full = s.queue.put(v, rank, time.Now())
		return true
	}) {
		return s.refused.Keep(v)
	}
	if !full {
		return true
	}
	return s.Refuse(s.fell(lost))
}

// fell accounts for an item that was dropped.
func (s *shedding[T]) fell(v T) error { return s.tell(v) }

func (s *shedding[T]) tell(dropped ...T) error {
	if s.options.Drop != nil {
		s.telling <- struct{}{}
		defer func() { <-s.telling }()
	}
	return s.lost.DropAll(dropped)
}

func (s *shedding[T]) loop(emit func(T) bool) error {
	for {
		var v T
		var old []T
		found := false
		if !s.Take(func() bool {
			v, found, old = s.queue.take(time.Now().Add(-s.maxAge))
			return found || len(old) > 0
		}) {
			return s.Err()
		}
		if len(old) > 0 {
			if err := s.tell(old...); err != nil {
				if found {
					err = fault.Join(err, s.lost.Discard(v))
				}
				return err
			}
		}
		if found && !emit(v) {
			return nil
		}
	}
}
