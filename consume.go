package turbopipes

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

var errStolen = errors.New("turbopipes: a source recovered a panic that was the consumer's")

// terminal is the end of a pipeline: it knows when to end, and whose code runs.
type terminal struct {
	rec     *run.Record
	over    atomic.Bool // refuses items once it is set
	inside  bool        // true while the consumer's own code runs
	stopped bool        // the consumer wants no more
	call    string      // name of the consuming call
	label   string      // a report finds the goroutine by it; empty if the goroutine isn't ours: then tag does
	tag     uint64
	ctx     context.Context //nolint:containedctx // ctx of the call
	hook    scope.Hook      // on the end of ctx
	left    func()          // ends the watch over a pipeline that has been left; nil: there is none

	mu       sync.Mutex // guards the fields below
	late     func()     // ends the watch over a pipeline whose ctx has ended; nil: there is none
	released bool       // the pipeline has ended
}

// refuse is emit's answer to an item that comes after the end. The item is lost: it
// may come out of a queue, which counts it as delivered.
func refuse[T any](c *terminal, v T) bool { return lost[T](c, nil).Refuse(v) }

// lost accounts for items of the call. It calls hook, which may be nil, with each
// item.
func lost[T any](c *terminal, hook func(item any)) run.Account[T] {
	return run.Keep[T](run.At(c.rec.Context(), c.call), hook)
}

// watch reports a pipeline that should have ended and does not end.
func (c *terminal) watch() (done func()) {
	return scope.WatchInline(c.ctx, c.rec, c.call, c.label, c.tag)
}

// leave is emit's answer when the consumer wants no more.
func (c *terminal) leave() bool {
	c.stopped = true
	c.over.Store(true) // also for an operator that continues
	if c.left == nil {
		c.left = c.watch()
	}
	return false
}

// CtxEnded is called when ctx has ended. Calls after the first one change nothing.
func (c *terminal) CtxEnded() {
	c.over.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.late == nil && !c.released {
		c.late = c.watch()
	}
}

// release is called when the pipeline has ended, or has not begun.
func (c *terminal) release() {
	c.hook.Release()
	c.mu.Lock()
	c.released = true
	late := c.late
	c.mu.Unlock()
	if late != nil {
		late()
	}
	if c.left != nil {
		c.left()
	}
}

// emitTo returns an emit that calls body with each item. [Observable.Each] and
// [Observable.Drain] have emits of their own, because a call is a third of the cost
// of an item there.
func emitTo[T any](c *terminal, body func(T) bool) func(T) bool {
	return func(v T) bool {
		if c.over.Load() {
			return refuse(c, v)
		}
		c.inside = true
		ok := body(v)
		c.inside = false
		return ok || c.leave()
	}
}

// consume runs o on the calling goroutine. It never recovers the consumer's own
// panic and Goexit, so they continue with their own stack, after the defers of every
// operator have reaped.
//
// push is Observable.Push. consume has no type parameter, so it is compiled once,
// and not for each item type.
func consume(c *terminal, push func(ctx context.Context) error) (err error) {
	return consumeUntil(c.ctx, c, c, push)
}

// consumeUntil is consume for a call whose ctx ends with outer, and by itself. e is
// called when outer ends, and calls c.CtxEnded.
func consumeUntil(outer context.Context, e scope.Ender, c *terminal, push func(ctx context.Context) error) (err error) {
	ctx := c.ctx
	defer c.release()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.hook.On(outer, e)
	defer func() {
		if c.inside {
			return // without a recover
		}
		if p := recover(); p != nil {
			err = fault.FromPanic(p)
		}
	}()
	if c.label != "" {
		err = push(c.rec.Context())
	} else {
		scope.Tagged(c.tag, func() { err = push(c.rec.Context()) })
	}
	if c.inside {
		c.inside = false
		return errStolen
	}
	if c.stopped {
		return fault.Strip(ctx, err)
	}
	return fault.Settle(ctx, err)
}

// call is a consuming call that has no handle.
type call struct {
	terminal
	record run.Record
}

// begin begins the call with the given name.
func (c *call) begin(ctx context.Context, name string) error {
	if ctx == nil {
		return fault.Invalid(name, "ctx is nil")
	}
	c.record.Init(ctx)
	c.record.Begin(ctx)
	c.rec, c.ctx, c.call, c.tag = &c.record, ctx, name, scope.NewTag()
	return nil
}

// beginCall returns the terminal of a call that has no handle.
func beginCall(ctx context.Context, name string) (*terminal, error) {
	c := &call{}
	err := c.begin(ctx, name)
	return &c.terminal, err
}

// consumeEach runs o on the calling goroutine, and reports whether body has stopped
// it.
func consumeEach[T any](ctx context.Context, call string, o Observable[T], body func(T) bool) (stopped bool, err error) {
	c, err := beginCall(ctx, call)
	if err != nil {
		return false, err
	}
	err = consume(c, func(ctx context.Context) error { return o.Push(ctx, emitTo(c, body)) })
	return c.stopped, err
}

// consumeEachOr is consumeEach for a body that may refuse an item. body then
// accounts for the item.
func consumeEachOr[T any](ctx context.Context, call string, o Observable[T], hook func(item any), body func(v T, lost run.Account[T]) bool) (stopped bool, err error) {
	c, err := beginCall(ctx, call)
	if err != nil {
		return false, err
	}
	account := lost[T](c, hook)
	err = consume(c, func(ctx context.Context) error {
		return o.Push(ctx, emitTo(c, func(v T) bool { return body(v, account) }))
	})
	return c.stopped, err
}

// Each calls fn for every item, on the calling goroutine. It returns when o has
// ended and everything that o started has ended too.
//
// An error of fn stops the stream, and Each returns it; an error of the clean-up is
// joined after it. Otherwise Each returns nil when o has completed, o's error, or
// context.Cause(ctx) when ctx has ended the stream. A panic of fn goes through Each
// after everything is reaped. A panic of o is returned as a [*PanicError]. A nil fn
// or ctx is an [ErrInvalidArgument].
//
// It corresponds to RxJS's and RxGo's forEach, and Reactor's doOnNext(…).blockLast.
func (o Observable[T]) Each(ctx context.Context, fn func(T) error) error {
	if fn == nil {
		return fault.Invalid("Each", "fn is nil")
	}
	c, err := beginCall(ctx, "Each")
	if err != nil {
		return err
	}
	var own error
	err = consume(c, func(ctx context.Context) error {
		return o.Push(ctx, func(v T) bool {
			if c.over.Load() {
				return refuse(c, v)
			}
			c.inside = true
			err := fn(v)
			c.inside = false
			if err == nil {
				return true
			}
			own = err
			return c.leave()
		})
	})
	switch {
	case own == nil:
		return err
	case err == nil || errors.Is(err, own):
		return own
	}
	return errors.Join(own, err)
}

// Seq returns o for a range loop:
//
//	for v, err := range o.Seq(ctx) {
//
// A failure comes as the last pair, with a zero value. A loop over the values alone
// takes a failure for a zero value: check err. The loop's body runs on the goroutine
// of the loop, within the stream's emit, and no other goroutine is started. Leaving
// the loop stops the stream, and the statement after the loop runs when everything
// is reaped. An error of the clean-up is then dropped, but a panic of the clean-up
// is raised as a [*PanicError]. To get the error, use [Observable.Each]. A panic of
// the body continues after everything is reaped.
//
// A return statement in the body sets the results before the tasks are reaped. If
// tasks share data with named results, guard that data.
//
//go:noinline
func (o Observable[T]) Seq(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		stopped, err := consumeEach(ctx, "Seq", o, func(v T) bool { return yield(v, nil) })
		if stopped {
			if p := (*PanicError)(nil); errors.As(err, &p) {
				panic(p) // nobody is left to get an error
			}
			return
		}
		if err != nil {
			var zero T
			yield(zero, err)
		}
	}
}

// Collect returns all items. When o fails, it returns the items that arrived before
// the error, and the error. Without items, the slice is nil. Memory: all items. It
// corresponds to RxJS's toArray, Reactor's collectList and RxGo's ToSlice.
func (o Observable[T]) Collect(ctx context.Context) ([]T, error) {
	c := &collecting[T]{}
	if err := c.begin(ctx, "Collect"); err != nil {
		return nil, err
	}
	err := consume(&c.terminal, func(ctx context.Context) error { return o.Push(ctx, c.add) })
	return c.all, err
}

// collecting is a call of Collect.
type collecting[T any] struct {
	call
	all []T
}

// firstItems is the size of the slice, in bytes, that Collect begins with.
const firstItems = 128

func (c *collecting[T]) add(v T) bool {
	if c.over.Load() {
		return refuse(&c.terminal, v)
	}
	if c.all == nil {
		c.all = make([]T, 0, 1+firstItems/(1+unsafe.Sizeof(v)))
	}
	c.all = append(c.all, v)
	return true
}

// Drain runs o for its effects, and returns its error, or nil when it has completed.
// [Run] is Drain as a function.
func (o Observable[T]) Drain(ctx context.Context) error {
	return drain(ctx, "Drain", o)
}

// Run runs o for its effects, and returns its error, or nil when it has completed. It
// corresponds to Reactor's then().block() and RxGo's Run.
func Run[T any](ctx context.Context, o Observable[T]) error {
	return drain(ctx, "Run", o)
}

func drain[T any](ctx context.Context, call string, o Observable[T]) error {
	c, err := beginCall(ctx, call)
	if err != nil {
		return err
	}
	return consume(c, func(ctx context.Context) error {
		return o.Push(ctx, func(v T) bool { return !c.over.Load() || refuse(c, v) })
	})
}

// Errors runs o for its effects, and returns the errors that o ended with. There are
// none when o has completed. An error that errors.Join has made counts as its parts,
// at any depth. An error that wraps others under its own text stays whole. It
// corresponds to RxGo's Errors.
func Errors[T any](ctx context.Context, o Observable[T]) []error {
	return appendJoined(nil, drain(ctx, "Errors", o))
}

// appendJoined appends the parts of a joined err to all.
func appendJoined(all []error, err error) []error {
	if err == nil {
		return all
	}
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // a wrapper around a join has a text to keep
	if !ok {
		return append(all, err)
	}
	parts := joined.Unwrap()
	if plain := errors.Join(parts...); plain == nil || plain.Error() != err.Error() {
		return append(all, err)
	}
	for _, part := range parts {
		all = appendJoined(all, part)
	}
	return all
}

// Pull returns o for a consumer that takes one item after another. next returns an
// item, nil and true. It returns a failure once, as a zero value, the error and
// true. It returns false when o has ended. stop ends o and returns when everything
// is reaped. It must be called unless next has returned false. Call both from one
// goroutine at a time.
//
// It works like iter.Pull2 over [Observable.Seq].
func (o Observable[T]) Pull(ctx context.Context) (next func() (T, error, bool), stop func()) {
	var v T
	var err error
	step, stop := iter.Pull(func(yield func(struct{}) bool) { // not Pull2, which is compiled for each item type
		for v, err = range o.Seq(ctx) {
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return func() (item T, failure error, more bool) {
		if _, more = step(); !more {
			return item, nil, false
		}
		item, v = v, item // do not keep the item until the next call
		return item, err, true
	}, stop
}
