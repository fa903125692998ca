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

// ForkJoin runs upstream and the others at once, and emits their last items as one
// slice when all have completed.
//
//	a:   a---b-|
//	b:   -1-2|
//	out: ------({b2}|)
//
// Emits when all streams have completed. Upstream's item is the first of the slice,
// and the items of the others follow in the order of the arguments. Downstream owns
// the slice. Fails when a stream fails; the others are cancelled and reaped first.
// Completes after the slice. It also completes as soon as a stream completes without
// an item: there can be no slice then, and the others are cancelled.
//
// Backpressure: none is needed, and no stream waits. Items that are lost when the
// stream ends early count as discarded, and [turbopipes.WithLossHook] reports them.
// Memory: one item for each stream. Goroutines: one for each of the others, joined
// before the stream ends; upstream runs on the subscriber's goroutine.
//
// A zero Observable among others is an ErrInvalidArgument. To wait for functions
// instead of streams, see [Tasks]. It corresponds to RxJS's forkJoin and Reactor's
// Mono.zip.
func ForkJoin[T any](others ...turbopipes.Observable[T]) turbopipes.Operator[T, []T] {
	if bad := zeroOtherText(others); bad != "" {
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

// forkJoin is the state that the streams of a ForkJoin share. Each stream writes
// only its own places in last and has. The subscriber reads them when that stream
// has ended.
type forkJoin[T any] struct {
	Scope *scope.Scope
	last  []T
	has   []bool
	live  atomic.Int64
	all   chan struct{} // closed when all have completed
	over  atomic.Bool   // from now on no item counts as lost
}

func (f *forkJoin[T]) run(ctx context.Context, i int, o turbopipes.Observable[T]) error {
	return o.Push(ctx, func(v T) bool {
		f.last[i], f.has[i] = v, true
		return ctx.Err() == nil
	})
}

// ended is called when stream i has ended. err is nil if it has completed.
func (f *forkJoin[T]) ended(i int, err error) {
	switch {
	case err != nil:
		f.Scope.Fail(err)
	case !f.has[i]:
		f.over.Store(true)
		f.Scope.Stop()
	case f.live.Add(-1) == 0:
		close(f.all)
	}
}

// left returns the items that were kept and will not be emitted. It is called when
// all streams are joined.
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
