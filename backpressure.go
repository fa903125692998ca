package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// BackpressureOption is an option of the operators that say what becomes of items
// while downstream is busy. [OnDrop] is one of all of them; one that an operator
// does not take is an [ErrInvalidArgument].
type BackpressureOption[T any] interface {
	ApplyBackpressure(*opt.Backpressure[T])
}

type backpressureOption[T any] func(*opt.Backpressure[T])

func (f backpressureOption[T]) ApplyBackpressure(o *opt.Backpressure[T]) { f(o) }

// OnDrop has fn called for each item that a strategy drops, on upstream's
// goroutine, and, on the subscriber's, once everything is reaped, for each that
// is left when the stream ends early. [Stats] counts the former as Dropped, the
// latter as Discarded.
func OnDrop[T any](fn func(T)) BackpressureOption[T] {
	return backpressureOption[T](func(o *opt.Backpressure[T]) { o.Drop = fn })
}

// special is an option that only some operators take. bad is what is wrong with
// its argument, or "".
func special[T any](name, bad string, set func(*opt.Backpressure[T])) BackpressureOption[T] {
	return backpressureOption[T](func(o *opt.Backpressure[T]) {
		o.Given = append(o.Given, name)
		if bad != "" {
			opt.Note(&o.Bad, bad)
		}
		set(o)
	})
}

// OnBackpressureBuffer lets upstream run up to capacity items ahead of
// downstream. overflow is what a full queue does: [Block] holds upstream,
// [DropNewest] and [DropOldest] drop an item, and [Fail] cancels upstream and
// ends the stream with an [ErrOverflow]; the item that found no room counts as
// dropped.
//
//	in:  abcde-|              capacity: 2, overflow: DropOldest
//	out: a----d----e----|     downstream takes 5 for an item
//
// Emits when downstream is free and an item waits. What is in the queue is
// delivered before a completion or an error. Conservation: what upstream has
// emitted is delivered, dropped, or left at an early end, never anything else.
// Memory: capacity items. Goroutines: one, for upstream. A capacity below 1 or
// an unknown overflow is an [ErrInvalidArgument].
//
// It corresponds to Reactor's onBackpressureBuffer, Pekko's buffer and RxGo's
// WithBackPressureStrategy.
func OnBackpressureBuffer[T any](capacity int, overflow Overflow, opts ...BackpressureOption[T]) Operator[T, T] {
	return withOptions("OnBackpressureBuffer", "", opts, func(o opt.Backpressure[T]) Operator[T, T] {
		return onBackpressureBuffer("OnBackpressureBuffer", capacity, overflow, dropping(o))
	})
}

// dropping are the hooks of an operator with those options.
func dropping[T any](o opt.Backpressure[T]) run.Hooks[T] { return run.Hooks[T]{Whole: o.Drop} }

func onBackpressureBuffer[T any](name string, capacity int, overflow Overflow, hooks run.Hooks[T]) Operator[T, T] {
	switch {
	case capacity < 1:
		return Invalid[T, T](name, "the capacity is less than 1")
	case !overflow.valid():
		return Invalid[T, T](name, "the overflow strategy is unknown")
	}
	return Lift(own.Mark+name, func(ctx context.Context, in Observable[T], emit func(T) bool) error {
		return handoff.Decouple(ctx, name, capacity, handoff.Full(overflow), hooks, ErrOverflow, in.Push, emit)
	})
}

// OnBackpressureDrop passes an item if downstream waits for one, and drops it
// otherwise. Upstream is never held.
//
//	in:  a-b-c--d-|
//	out: a------d----|     downstream takes 5 for an item
//
// Emits when an item meets a downstream that waits. Memory: one item.
// Goroutines: one, for upstream. It corresponds to Reactor's onBackpressureDrop
// and RxGo's Drop strategy.
func OnBackpressureDrop[T any](opts ...BackpressureOption[T]) Operator[T, T] {
	return withOptions("OnBackpressureDrop", "", opts, func(o opt.Backpressure[T]) Operator[T, T] {
		return decoupled("OnBackpressureDrop", dropping(o), func(b *handoff.Boundary[T], v T) bool {
			return b.Outcome(v, b.Queue.OfferIdle(v))
		})
	})
}

// OnBackpressureLatest keeps the newest item while downstream is busy: a newer
// one takes the place of the one that waits, which is dropped. Upstream is never
// held; the last item of all is always delivered.
//
//	in:  a-b-c--d-|
//	out: a----c----d----|     downstream takes 5 for an item
//
// Emits when downstream is free and an item waits. Memory: one item.
// Goroutines: one, for upstream. It corresponds to Reactor's
// onBackpressureLatest and Pekko's conflate with a function that keeps the newer
// item.
func OnBackpressureLatest[T any](opts ...BackpressureOption[T]) Operator[T, T] {
	return withOptions("OnBackpressureLatest", "", opts, func(o opt.Backpressure[T]) Operator[T, T] {
		return onBackpressureBuffer("OnBackpressureLatest", 1, DropOldest, dropping(o))
	})
}

// OnBackpressureError ends the stream with an [ErrOverflow] when an item meets a
// busy downstream. That item counts as dropped. Upstream is never held.
//
//	in:  a-b-c--d-|
//	out: a----#     downstream takes 5 for an item
//
// Emits when an item meets a downstream that waits. Memory: one item.
// Goroutines: one, for upstream. It corresponds to Reactor's
// onBackpressureError.
func OnBackpressureError[T any](opts ...BackpressureOption[T]) Operator[T, T] {
	return withOptions("OnBackpressureError", "", opts, func(o opt.Backpressure[T]) Operator[T, T] {
		return decoupled("OnBackpressureError", dropping(o), func(b *handoff.Boundary[T], v T) bool {
			out := b.Queue.OfferIdle(v)
			if out == handoff.Dropped {
				out = handoff.Overflow
			}
			return b.Outcome(v, out)
		})
	})
}

// OnBackpressureBatch gives a downstream that waits each item at once, in a
// slice of its own, and a busy one, when it is free again, all that have piled
// up, at most max. When max wait, upstream is held.
//
//	in:  a-b-c--d-|          max: 3
//	out: a----{bc}----d----|     downstream takes 5 for an item
//
// Emits when downstream is free and an item waits; what waits is delivered
// before a completion or an error. Downstream owns the slice. Memory: two times
// max items. Goroutines: one, for upstream. A max below 1 is an
// [ErrInvalidArgument]. It corresponds to Pekko's batch.
func OnBackpressureBatch[T any](max int, opts ...BackpressureOption[T]) Operator[T, []T] {
	const name = "OnBackpressureBatch"
	o, bad := backpressureOptions("", opts)
	switch {
	case max < 1:
		return Invalid[T, []T](name, "max is less than 1")
	case bad != "":
		return Invalid[T, []T](name, bad)
	}
	return Lift(own.Mark+name, func(ctx context.Context, in Observable[T], emit func([]T) bool) (err error) {
		b := handoff.OpenBoundary[T](ctx, name, max, nil)
		b.Lost = dropping(o).At(b.Scope.Stage())
		run.NoteSlices[T](b.Scope.Record())
		defer b.Close(&err)
		b.Start(in.Push, b.Put)
		b.Scope.Settle()
		for {
			batch, ok := b.Queue.NextAll()
			if !ok {
				return b.Queue.End()
			}
			if !emit(batch) {
				return nil
			}
		}
	})
}

// withOptions applies opts. special is the option besides OnDrop that operator
// takes, or "".
func withOptions[T, R any](operator, special string, opts []BackpressureOption[T], make func(opt.Backpressure[T]) Operator[T, R]) Operator[T, R] {
	o, bad := backpressureOptions(special, opts)
	if bad != "" {
		return Invalid[T, R](operator, bad)
	}
	return make(o)
}

// backpressureOptions gathers opts.
func backpressureOptions[T any](special string, opts []BackpressureOption[T]) (o opt.Backpressure[T], bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyBackpressure(&o)
	}
	for _, name := range o.Given {
		if name != special {
			return o, "it has no option " + name
		}
	}
	return o, o.Bad
}

// decoupled is an operator whose upstream runs on a goroutine of its own, one
// item ahead at most; put decides what becomes of an item.
func decoupled[T any](name string, hooks run.Hooks[T], put func(*handoff.Boundary[T], T) bool) Operator[T, T] {
	return Lift(own.Mark+name, func(ctx context.Context, in Observable[T], emit func(T) bool) (err error) {
		b := handoff.OpenBoundary[T](ctx, name, 1, ErrOverflow)
		b.Lost = hooks.At(b.Scope.Stage())
		defer b.Close(&err)
		b.Start(in.Push, func(v T) bool { return put(b, v) })
		return b.Loop(emit)
	})
}

// deliver emits what next takes out of the store of d, under whose lock it is
// called.
func deliver[T any](d *handoff.Desk, next func() (T, bool), emit func(T) bool) error {
	for {
		var v T
		if !d.Take(func() (ok bool) {
			v, ok = next()
			return ok
		}) {
			return d.Err()
		}
		if !emit(v) {
			return nil
		}
	}
}

// unlessItPanics runs f, which calls a function of the user's for v, on upstream's
// goroutine. Where f panics, v has fallen; the panic goes on.
func unlessItPanics[T any](v T, fell func(T) error, f func()) {
	done := false
	defer func() {
		if !done {
			_ = fell(v) // the panic is what the stream ends with
		}
	}()
	f()
	done = true
}
