package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// SwitchMap runs the stream that fn makes of the newest item, and emits what it
// emits.
//
//	in:    a---b-------|
//	inner: -x-y-z|     of each item
//	out:   -{ax}-{ay}-{bx}-{by}-{bz}--|
//
// Emits when the inner stream that runs does. A new item cancels it, and when it
// has unwound, fn is called for that item: two inner streams never overlap. Of
// items that come meanwhile only the newest is kept, so those between may never
// be subscribed. Once a newer item is there, nothing of the old stream is emitted.
// Fails when upstream or an inner stream fails. Completes when upstream and the
// last inner stream have. A graceful stop lets that one come to its own end.
//
// Backpressure: upstream is never held; an inner stream waits while downstream is
// busy. Memory: one item. Goroutines: two, for upstream and for the inner streams
// and fn, joined before it ends.
//
// A nil fn is an ErrInvalidArgument. For all the streams see [FlatMap] and
// [ConcatMap]; to keep the old one instead, [ExhaustMap]. It corresponds to switchMap in RxJS and Reactor, which do not wait
// for the old stream to unwind.
func SwitchMap[T, R any](fn func(v T) turbopipes.Observable[R]) turbopipes.Operator[T, R] {
	if fn == nil {
		return turbopipes.Invalid[T, R]("SwitchMap", "fn is nil")
	}
	return switchMap("SwitchMap", fn)
}

func switchMap[T, R any](name string, fn func(v T) turbopipes.Observable[R]) turbopipes.Operator[T, R] {
	return turbopipes.Lift(name, func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) (err error) {
		newest := newSwitch[T]()
		s := scope.Open(ctx, name)
		defer func() {
			s.Close(&err)
			run.From(ctx).Discard(newest.left())
		}()
		out, ended := make(chan switched[R]), make(chan struct{})
		s.Go(func(ctx context.Context) error {
			if err := in.Push(ctx, func(v T) bool { return ctx.Err() == nil && newest.accept(v) }); err != nil {
				return err
			}
			newest.close()
			return nil
		})
		s.Go(func(ctx context.Context) error {
			if err := runNewest(ctx, newest, fn, out); err != nil {
				return err
			}
			close(ended)
			return nil
		})
		for {
			select {
			case r := <-out:
				if !newest.is(r.turn) {
					run.From(ctx).Discard(1) // a newer item came while this was handed over
				} else if !emit(r.v) {
					return nil
				}
			case <-ended:
				return nil
			case <-s.Ctx.Done():
				return nil
			}
		}
	})
}

// switched is what an inner stream has emitted.
type switched[R any] struct {
	v    R
	turn uint64
}

// runNewest runs one inner stream after another until upstream has ended.
func runNewest[T, R any](ctx context.Context, newest *newestItem[T], fn func(T) turbopipes.Observable[R], out chan<- switched[R]) error {
	shielded := turbopipes.Shield(ctx)
	for {
		v, turn, ok := newest.next(ctx)
		if !ok {
			return nil
		}
		own, cancel := context.WithCancelCause(shielded)
		newest.running(turn, cancel)
		err := fn(v).Push(own, func(r R) bool {
			select {
			case out <- switched[R]{r, turn}:
				return newest.is(turn)
			case <-own.Done():
				return false
			}
		})
		err = fault.Strip(own, err) // it was switched away from, or ctx is done
		cancel(nil)
		if err != nil {
			return err
		}
	}
}
