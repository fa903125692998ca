package turbopipes

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Source runs one subscription of a stream. It pushes items into emit until it has
// no more, and returns nil or the error that ended the stream.
//
// This is the contract that the whole library rests on. [Checked] reports a breach
// of it.
//
//   - It is cold: each call runs the stream from the beginning.
//   - It runs on the subscriber's goroutine. It calls emit there, one call at a time.
//     emit blocks while downstream is busy. This block is the backpressure.
//   - When emit has returned false, downstream wants no more: the Source unwinds and
//     returns, without another call of emit. The item may have been delivered all the
//     same, as the last item of a Take is.
//   - When ctx is done, it stops and returns context.Cause(ctx).
//   - It returns only after everything that it has started has ended: goroutines,
//     tasks, timers, its own upstream.
//
// A Source that waits must select on ctx.Done(). A Source that can run for long
// without a wait checks ctx now and then, because downstream may swallow every item
// and so never refuse one.
type Source[T any] func(ctx context.Context, emit func(T) bool) error

// Observable is a typed stream, described but not yet running. It is a small value:
// copy it, keep it, subscribe to it as often as you like, also at the same time.
// Each subscription runs on its own. An Observable holds no state and needs no
// clean-up. The zero Observable is a stream that fails with an [ErrInvalidArgument].
//
// Every Observable is also an rxgo.Observable (RxGo v2), so that rxgo's functions
// take it and rxgo's operators apply to it. That is where its methods Map, Filter
// and so on come from. The typed operators are functions in package operators. Two
// Observables can't be compared: as two rxgo.Observables, == panics.
type Observable[T any] struct {
	src Source[T]
	rxView
}

// LetGo gives up a stream that is a part of another stream, such as a group or a
// window, and that nobody will subscribe to. The items that wait in it are discarded
// and counted, and so are later items. Without LetGo, upstream would wait for ever
// when the queue of such a part is full. LetGo does nothing when o has had its
// subscriber, and nothing for any other stream.
//
// FlatMap and its kin call LetGo for the groups and windows that were not read.
// Filters, such as Filter and Skip, call it for those that they leave out. Operators
// that drop by a clock or by backpressure, such as Debounce, do not.
func (o Observable[T]) LetGo() {
	if isPart(o) {
		_ = o.src(own.LettingGo(), nil) // an error is a panic of a hook, which nobody can get here
	}
}

// Operator turns one stream into another. [Lift] makes one.
type Operator[In, Out any] func(Observable[In]) Observable[Out]

func observable[T any](src Source[T]) Observable[T] {
	return Observable[T]{src: src, rxView: viewOf(src)}
}

// part makes a stream that is a part of another stream; see [Observable.LetGo].
func part[T any](src Source[T]) Observable[T] {
	return Observable[T]{src: src, rxView: viewOfPart(src)}
}

// ready makes a stream that never waits, and has no effect but its items; see
// [own.AtOnce].
func ready[T any](src Source[T]) Observable[T] {
	return Observable[T]{src: src, rxView: viewOfReady(src)}
}

func failing[T any](err error) Observable[T] {
	return observable(func(ctx context.Context, _ func(T) bool) error {
		settle(ctx)
		return err
	})
}

// Push runs o on the calling goroutine. Operators are made of it. It returns when o
// has ended and nothing of o is left. nil means that the stream has completed, or
// that emit has refused. A source that hides cancellation can't turn it into nil.
//
// Push recovers nothing: a panic of o goes through it. A program that consumes a
// stream uses [Observable.Each] or another consuming call, which turns panics into
// errors.
func (o Observable[T]) Push(ctx context.Context, emit func(T) bool) error {
	if o.src == nil {
		return fault.Invalid("Observable", "it is the zero value, want one from a constructor")
	}
	if ctx == own.AtOnce && !isReady(o) {
		return own.ErrWaits
	}
	return o.src(ctx, emit)
}

// IsZero reports whether o is the zero Observable. Operators that take other streams
// refuse a zero Observable before they subscribe to anything.
func (o Observable[T]) IsZero() bool { return o.src == nil }

// Create makes a stream of a source.
//
// Create makes the source's result trustworthy: when its ctx is done, a nil, or an
// error that only repeats the cancellation, becomes context.Cause(ctx). Once emit
// has refused, or source has returned, emit refuses every further item. When the
// subscription is stopped gracefully ([Subscription.Stop]), source sees its ctx
// cancelled and emit refusing, and the stream completes. The item that source had in
// hand at that moment is delivered.
//
// A source that runs other streams belongs in a [Defer], a [Using] or a [Lift]:
// under Create a graceful stop would cancel the operators in it, and they could not
// flush. A nil source is an [ErrInvalidArgument].
//
// It corresponds to RxJS's new Observable, Reactor's Flux.create and RxGo's Create.
func Create[T any](source Source[T]) Observable[T] {
	if source == nil {
		return failing[T](fault.Invalid("Create", "source is nil"))
	}
	return leaf("Create", func(ctx context.Context, emit func(T) bool) error {
		if isChecked(ctx) {
			return runStrict(ctx, &inspection{name: "Create"}, source, emit)
		}
		var over atomic.Bool // emit has refused, or the source has returned
		defer over.Store(true)
		lost := run.Keep[T](run.At(ctx, "Create"), nil)
		return source(ctx, func(v T) bool {
			if over.Load() {
				return lost.Refuse(v) // a breach of the contract, but still a loss
			}
			if emit(v) {
				return true
			}
			over.Store(true)
			return false
		})
	})
}

var errStop = errors.New("turbopipes: stopped")

// leaf makes a source that Stop reaches: the source sees a cancelled ctx and an emit that
// refuses, and downstream sees a completion. Reports use name.
//
// leaf is not inlined, nor are Lift and Invalid. Inlining would compile their closures
// once more for each call. Without it, a binary that assembles many streams is a fifth
// smaller (the operators' tests: 29.4 MB with it, and 23.9 without), and there is no cost
// per item.
//
//go:noinline
func leaf[T any](name string, src Source[T]) Observable[T] {
	return observable(func(ctx context.Context, emit func(T) bool) error {
		return runLeaf(ctx, name, src, emit)
	})
}

// runLeaf is one run of a leaf. src does not escape: a constructor that makes src for
// each run, on the stack, saves the allocation of a second closure. That counts where
// each item has its own stream.
//
//go:noinline
func runLeaf[T any](ctx context.Context, name string, src Source[T], emit func(T) bool) error {
	rec := run.From(ctx)
	rec.Settle(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx) // also when only this leaf is late: do not call the source
	}
	if !rec.Stoppable() {
		defer rec.Leave(rec.Enter(name, noStop))
		return fault.Settle(ctx, src(ctx, emit))
	}
	if rec.Stopping() {
		return nil
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer rec.Leave(rec.Enter(name, func() { cancel(errStop) }))
	// The item that a source has in hand at a Stop is delivered, because the source
	// may have taken it out of a channel or a queue.
	err := src(inner, func(v T) bool { return emit(v) && !rec.Stopping() })
	// inner first: a Dispose may have followed the Stop.
	return fault.Settle(ctx, fault.Strip(inner, err))
}

// noStop is the stop of a leaf that no Stop reaches. A literal in runLeaf would be
// allocated for each run, since it would refer to T.
func noStop() {}

// settle is called before the user's code runs: see run.Start.
func settle(ctx context.Context) { run.Settle(ctx) }

// compound is for functions that run other streams without an upstream, such as
// Defer and Using: a Stop passes through to these streams.
func compound[T any](src Source[T]) Observable[T] {
	return observable(func(ctx context.Context, emit func(T) bool) error {
		if ctx.Err() != nil {
			settle(ctx)
			return context.Cause(ctx)
		}
		err := src(ctx, emit)
		settle(ctx) // the user's code may come next
		return fault.Settle(ctx, err)
	})
}

// Lift makes an operator of run. run subscribes to in, by Push, and emits the items for
// downstream. Errors, reports and pprof labels use name.
//
// run follows the contract of a [Source]. It creates its state itself, so that each
// subscription has its own. It returns upstream's error unchanged. Lift makes the result
// of run trustworthy, as [Create] does, so an operator that flushes at the end has to
// check only
//
//	err == nil && !refused
//
// When the subscription is stopped gracefully, sources end as if complete, and operators
// made by Lift flush as at a completion. A nil run is an [ErrInvalidArgument].
//
//go:noinline
func Lift[In, Out any](name string, run func(ctx context.Context, in Observable[In], emit func(Out) bool) error) Operator[In, Out] {
	name, ours, isPart := own.Name(name)
	if run == nil {
		return Invalid[In, Out](name, "run is nil")
	}
	return func(in Observable[In]) Observable[Out] {
		if in.src == nil {
			return failing[Out](fault.Invalid(name, "upstream is the zero Observable"))
		}
		src := func(ctx context.Context, emit func(Out) bool) error {
			if !ours {
				settle(ctx) // run may wait before it subscribes
			}
			if isChecked(ctx) {
				return runChecked(ctx, name, ours, in, run, emit)
			}
			return fault.Settle(ctx, run(ctx, in, emit))
		}
		if isPart {
			return part(src)
		}
		return observable(src)
	}
}

// runChecked runs an operator under [Checked]. It is not inlined, because a fused
// pipeline has the frame of its caller once for each stage, and a goroutine's first
// stack is small.
//
//go:noinline
func runChecked[In, Out any](ctx context.Context, name string, ours bool, in Observable[In],
	run func(ctx context.Context, in Observable[In], emit func(Out) bool) error, emit func(Out) bool,
) error {
	if !ours {
		return runStrictLift(ctx, name, in, run, emit)
	}
	return runStrict(ctx, &inspection{name: name}, func(ctx context.Context, emit func(Out) bool) error {
		return fault.Settle(ctx, run(ctx, in, emit))
	}, emit)
}

// Invalid returns the operator that a constructor returns for a bad argument. Its streams
// fail with an [ErrInvalidArgument] that names operator and says why. They do not
// subscribe to upstream.
//
//go:noinline
func Invalid[In, Out any](operator, why string) Operator[In, Out] {
	return func(Observable[In]) Observable[Out] {
		return failing[Out](fault.Invalid(operator, why))
	}
}
