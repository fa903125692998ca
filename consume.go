package turbopipes

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

var errStolen = errors.New("turbopipes: a source recovered a panic that was the consumer's")

// terminal is the end of a pipeline: where its items go, and what makes it end.
type terminal[T any] struct {
	rec   *run.Record
	over  *atomic.Bool // refuses items once it is set
	label string       // by which a report finds the goroutine; empty where it isn't ours
	body  func(T) bool // the consumer's own code; false: it wants no more
}

// consume runs o on the calling goroutine. The consumer's own panic and Goexit
// are never recovered here, so they go on with their own stack, after the
// defers of every operator have reaped. stopped tells that body wanted no more.
func (c terminal[T]) consume(ctx context.Context, o Observable[T]) (stopped bool, err error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	late, left := func() {}, func() {}
	defer func() { late(); left() }()
	defer scope.OnDone(ctx, func() {
		c.over.Store(true)
		late = scope.WatchInline(ctx, c.rec, c.label)
	})()
	inside := false
	defer func() {
		if inside {
			return // without a recover
		}
		if p := recover(); p != nil {
			err = fault.FromPanic(p)
		}
	}()
	err = o.Push(c.rec.With(ctx), func(v T) bool {
		if c.over.Load() {
			c.rec.Discard(1) // it may come out of a queue, for which it is delivered
			return false
		}
		inside = true
		ok := c.body(v)
		inside = false
		if !ok {
			stopped = true
			c.over.Store(true) // also for an operator that goes on
			left()
			left = scope.WatchInline(ctx, c.rec, c.label)
		}
		return ok
	})
	if inside {
		inside = false
		return stopped, errStolen
	}
	if stopped {
		return stopped, fault.Strip(ctx, err)
	}
	return stopped, fault.Settle(ctx, err)
}

// each runs o on the calling goroutine, for the calls that have no handle.
func each[T any](ctx context.Context, call string, o Observable[T], body func(T) bool) (stopped bool, err error) {
	if ctx == nil {
		return false, fault.Invalid(call, "ctx is nil")
	}
	return terminal[T]{rec: run.New(ctx, false), over: new(atomic.Bool), body: body}.consume(ctx, o)
}

// Each calls fn for every item, on the calling goroutine, and returns when o
// has ended and everything that it started has, too.
//
// An error of fn stops the stream and is returned; what clean-up failed with is
// joined behind it. Otherwise Each returns nil when o has completed, o's error,
// or context.Cause(ctx) when ctx has ended it. A panic of fn goes through Each
// once all is reaped; a panic of o is returned as a [*PanicError]. A nil fn or
// ctx is an [ErrInvalidArgument].
//
// It corresponds to RxJS's and RxGo's forEach, and Reactor's
// doOnNext(…).blockLast.
func (o Observable[T]) Each(ctx context.Context, fn func(T) error) error {
	if fn == nil {
		return fault.Invalid("Each", "fn is nil")
	}
	var own error
	_, err := each(ctx, "Each", o, func(v T) bool { own = fn(v); return own == nil })
	switch {
	case own == nil:
		return err
	case err == nil || errors.Is(err, own):
		return own
	}
	return errors.Join(own, err)
}

// Seq is o for a range loop:
//
//	for v, err := range o.Seq(ctx) {
//
// A failure comes as the last pair, with a zero value. The loop's body runs on
// the goroutine of the loop, within the stream's emit, and no other goroutine
// is started. Leaving the loop stops the stream, and the statement behind the
// loop runs when everything is reaped. What clean-up fails with then is
// dropped, but a panic of it is raised as a [*PanicError]; to get the error,
// use [Observable.Each]. A panic of the body goes through once all is reaped.
//
// A return statement in the body sets the results before the tasks are reaped:
// what they share with named results must be guarded.
func (o Observable[T]) Seq(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		stopped, err := each(ctx, "Seq", o, func(v T) bool { return yield(v, nil) })
		if stopped {
			if p := (*PanicError)(nil); errors.As(err, &p) {
				panic(p) // there is nobody left to give an error to
			}
			return
		}
		if err != nil {
			var zero T
			yield(zero, err)
		}
	}
}

// Collect gives all items. What arrived before an error comes back with it; no
// items are a nil slice. Memory: all items. It corresponds to RxJS's toArray,
// Reactor's collectList and RxGo's ToSlice.
func (o Observable[T]) Collect(ctx context.Context) ([]T, error) {
	var all []T
	_, err := each(ctx, "Collect", o, func(v T) bool { all = append(all, v); return true })
	return all, err
}

// Drain runs o for its effects, and returns how it ended. [Run] is Drain as a
// function.
func (o Observable[T]) Drain(ctx context.Context) error {
	_, err := each(ctx, "Drain", o, func(T) bool { return true })
	return err
}

// Run runs o for its effects, and returns how it ended. It corresponds to
// Reactor's blockLast and RxGo's Run.
func Run[T any](ctx context.Context, o Observable[T]) error {
	_, err := each(ctx, "Run", o, func(T) bool { return true })
	return err
}

// Pull is o for a consumer that asks for one item after another. next gives an
// item, nil and true; a failure, once, as a zero value, the error and true; and
// false when o has ended. stop ends o and returns when everything is reaped; it
// must be called unless next has given false. Both must be called from one
// goroutine at a time.
//
// It is iter.Pull2 over [Observable.Seq].
func (o Observable[T]) Pull(ctx context.Context) (next func() (T, error, bool), stop func()) {
	return iter.Pull2(o.Seq(ctx))
}
