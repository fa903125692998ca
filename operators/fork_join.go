package operators

import (
	"context"
	"sync/atomic"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// ForkJoin runs upstream and the others at once and gives their last items, as
// one slice, when all have completed.
//
//	a:   a---b-|
//	b:   -1-2|
//	out: ------({b2}|)
//
// Emits when all have completed, upstream's item in front, the others' in the
// order of the arguments. The slice is downstream's to keep. Fails when one fails:
// the others are cancelled and reaped first. Completes behind the slice, or as soon
// as one completes without an item: then there will be no slice, and the others
// are cancelled.
//
// Backpressure: none is needed, and no stream is held. What is lost at an early end
// counts as discarded, which [turbopipes.WithLossHook] hears of. Memory: one item per
// stream. Goroutines: one for each of the others, joined before it ends; upstream runs
// on the subscriber's.
//
// A zero Observable among others is an ErrInvalidArgument. To wait for functions
// rather than streams see [Tasks]. It corresponds to RxJS's forkJoin and Reactor's
// Mono.zip.
func ForkJoin[T any](others ...turbopipes.Observable[T]) turbopipes.Operator[T, []T] {
	if bad := zeroOther(others); bad != "" {
		return turbopipes.Invalid[T, []T]("ForkJoin", bad)
	}
	return turbopipes.Lift(own.Mark+"ForkJoin", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		s := scope.Open(ctx, "ForkJoin")
		f := forkJoin[T]{Scope: s, last: make([]T, len(others)+1), has: make([]bool, len(others)+1), all: make(chan struct{})}
		f.live.Store(int64(len(f.last)))
		run.NoteSlices[T](s.Record())
		defer func() {
			s.Close(&err)
			err = fault.Join(err, run.Keep[T](s.Stage(), nil).Discard(f.left()...))
		}()
		for i, o := range others {
			s.Upstream(func(ctx context.Context) error { return f.run(ctx, i+1, o) }, func(err error) { f.ended(i+1, err) })
		}
		if err := f.run(s.Ctx, 0, in); err != nil {
			return err
		}
		f.ended(0, nil)
		select {
		case <-f.all:
			f.over.Store(true)
			emit(f.last)
		case <-s.Ctx.Done():
		}
		return nil
	})
}

// forkJoin is what the streams of a ForkJoin share. Each writes its own places in
// last and has only, and the subscriber reads them when it has ended.
type forkJoin[T any] struct {
	*scope.Scope
	last []T
	has  []bool
	live atomic.Int64
	all  chan struct{} // closed when all have completed
	over atomic.Bool   // nothing is lost any more
}

func (f *forkJoin[T]) run(ctx context.Context, i int, o turbopipes.Observable[T]) error {
	return o.Push(ctx, func(v T) bool {
		f.last[i], f.has[i] = v, true
		return ctx.Err() == nil
	})
}

// ended is told how a stream has ended.
func (f *forkJoin[T]) ended(i int, err error) {
	switch {
	case err != nil:
		f.Fail(err)
	case !f.has[i]:
		f.over.Store(true)
		f.Stop()
	case f.live.Add(-1) == 0:
		close(f.all)
	}
}

// left returns the items that were kept in vain. It is called when all are joined.
func (f *forkJoin[T]) left() (items []T) {
	if f.over.Load() {
		return nil
	}
	for i, has := range f.has {
		if has {
			items = append(items, f.last[i])
		}
	}
	return items
}
