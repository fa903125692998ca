package operators

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// WithLatestFrom emits fn's result for each item of upstream and the latest item of
// other.
//
//	a:   a--b--c--|
//	b:   -1--2|
//	out: ---{b1}--{c2}--|
//
// Emits when upstream does and other has already emitted. Drops upstream's items
// before other's first item, and does not count them. Fails when a side fails: the
// other side is cancelled and reaped first. An item of upstream that arrives after
// other has failed counts as discarded, and [OnDiscard] reports it. An item on which
// fn panics counts as failed. Completes with upstream, and then cancels other. When
// other completes, its last item stays in use. If other completes without an item,
// the stream completes at once, when upstream was cancelled and reaped; items that
// upstream still emits are not counted.
//
// other is subscribed to first. If both emit in the same instant, other's item may
// come before or after upstream's. Backpressure: upstream's emit is downstream's.
// other is never held; its newer item replaces the older one. Memory: one item.
// Goroutines: one, for other, joined before WithLatestFrom ends; fn runs on the
// subscriber's goroutine.
//
// A nil fn, or the zero Observable as other, is an ErrInvalidArgument. For a result
// at the items of both sides, see [CombineLatest]; for pairs, see [Zip]. It
// corresponds to withLatestFrom in Reactor and in RxJS, which goes on when other has
// completed without an item.
func WithLatestFrom[A, B, R any](other turbopipes.Observable[B], fn func(a A, b B) R, opts ...turbopipes.LossOption) turbopipes.Operator[A, R] {
	o, bad := lossOptions(opts)
	switch {
	case other.IsZero():
		return turbopipes.Invalid[A, R]("WithLatestFrom", "other is the zero Observable")
	case fn == nil:
		return turbopipes.Invalid[A, R]("WithLatestFrom", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[A, R]("WithLatestFrom", bad)
	}
	return turbopipes.Lift(own.Mark+"WithLatestFrom", func(ctx context.Context, in turbopipes.Observable[A], emit func(R) bool) (err error) {
		s := scope.Open(ctx, "WithLatestFrom")
		defer s.Close(&err)
		var newest newestShelf[B]
		var cut atomic.Bool // other has failed, or has completed without an item
		lost := run.Keep[A](s.Stage(), o.Discard)
		s.Upstream(func(ctx context.Context) error {
			return other.Push(ctx, func(v B) bool {
				newest.put(v)
				return ctx.Err() == nil
			})
		}, func(err error) {
			_, useful := newest.get()
			switch {
			case err == nil && useful:
				return
			case err == nil:
				s.Complete()
			}
			cut.Store(true)
			s.Fail(err)
			s.Stop()
		})
		var work run.Work[A]
		defer work.Failed(ctx)
		// Checked again after emit, so that upstream does not fetch an item that is refused.
		return in.Push(s.Ctx, work.On(func(v A) bool {
			if cut.Load() {
				return !s.Completed() && lost.Refuse(v)
			}
			if b, ok := newest.get(); ok {
				work.Busy = true
				r := fn(v, b)
				work.Busy = false
				if !emit(r) {
					s.Stop() // stop other too, while upstream unwinds
					return false
				}
			}
			return !cut.Load()
		}))
	})
}

// newestShelf keeps the newest item. One goroutine puts items, and another one gets them.
type newestShelf[T any] struct {
	mu  sync.Mutex // guards the fields below
	v   T
	has bool
}

func (s *newestShelf[T]) put(v T) {
	s.mu.Lock()
	s.v, s.has = v, true
	s.mu.Unlock()
}

func (s *newestShelf[T]) get() (v T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.v, s.has
}
