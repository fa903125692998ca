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

// WithLatestFrom gives fn's result for each item of upstream and the latest one
// of other.
//
//	a:   a--b--c--|
//	b:   -1--2|
//	out: ---{b1}--{c2}--|
//
// Emits when upstream does and other has. Drops what comes before other's first
// item. Fails when a side fails: the other one is cancelled and reaped first.
// Completes with upstream, which cancels other. When other completes, its last
// item stays in use; if it had none, the stream completes at once, with upstream
// cancelled and reaped.
//
// other is subscribed to first; what it emits in the instant of upstream's item
// may come before it or behind it. Backpressure: upstream's emit is
// downstream's; other is never held, and a newer item of it overtakes. Memory: one
// item. Goroutines: one, for other, joined before it ends; fn runs on the
// subscriber's.
//
// A nil fn, or the zero Observable as other, is an ErrInvalidArgument. For a
// result at the items of both, see [CombineLatest]; for pairs, [Zip]. It
// corresponds to withLatestFrom in RxJS, which goes on when other is of no use,
// and Reactor.
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
		var newest shelf[B]
		var cut atomic.Bool // other has failed, or is of no use
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
		// Asked again after emit: upstream must not fetch an item to be refused.
		return in.Push(s.Ctx, work.On(func(v A) bool {
			if cut.Load() {
				return !s.Completed() && lost.Refuse(v)
			}
			if b, ok := newest.get(); ok {
				work.Busy = true
				r := fn(v, b)
				work.Busy = false
				if !emit(r) {
					s.Stop() // other, too, while upstream unwinds
					return false
				}
			}
			return !cut.Load()
		}))
	})
}

// shelf keeps the newest item, for a goroutine that puts and one that gets.
type shelf[T any] struct {
	mu  sync.Mutex // guards both below
	v   T
	has bool
}

func (s *shelf[T]) put(v T) {
	s.mu.Lock()
	s.v, s.has = v, true
	s.mu.Unlock()
}

func (s *shelf[T]) get() (v T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.v, s.has
}
