//go:build !turbopipes_norx

package turbopipes

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/reactivex/rxgo/v2"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/rxv"
)

var _ rxgo.Observable = Observable[int]{}

// rxView makes an Observable an rxgo.Observable. It is an alias, so that the
// embedded field has an unexported name.
type rxView = rxv.Lazy

func viewOf[T any](src Source[T]) rxView { return rxv.MakeLazy(rxSource[T](src)) }

// viewOfPart is viewOf for a part of another stream; see [Observable.LetGo].
func viewOfPart[T any](src Source[T]) rxView { return rxv.MakeLazy(rxPart{rxSource[T](src)}) }

// rxPart marks the source of a part.
type rxPart struct{ rxv.Producer }

// viewOfReady is viewOf for a stream that never waits.
func viewOfReady[T any](src Source[T]) rxView { return rxv.MakeLazy(rxReady[T](src)) }

// rxReady is the rxSource of a stream that never waits.
type rxReady[T any] Source[T]

// Produce runs the source as a subscription of its own, on rxgo's goroutine.
func (s rxReady[T]) Produce(ctx context.Context, next chan<- rxgo.Item) {
	rxSource[T](s).Produce(ctx, next)
}

// isReady reports whether o is a stream that never waits.
func isReady[T any](o Observable[T]) bool {
	_, ok := rxv.SourceOf(o.rxView).(rxReady[T])
	return ok
}

// isPart reports whether o is a part of another stream.
func isPart[T any](o Observable[T]) bool {
	_, ok := rxv.SourceOf(o.rxView).(rxPart)
	return ok
}

// ToRx returns o as an rxgo.Observable, which it already is. Use it where a
// conversion reads better.
//
// Each Observe subscribes to o once, on a goroutine of its own. An item comes as
// Item{V: v}. A failure comes as a last Item{E: err}; so do a [*PanicError] and an
// [ErrGoexit]. When the ctx of rxgo.WithContext ends, the stream closes its channel
// early and without an error, as rxgo does. If you leave the channel of Observe
// before its end, you must end such a ctx, because Go can't tell that nobody reads.
// rxgo's operators need no ctx for that: when the output of an rxgo operator ends,
// the rest of o has been cancelled and has ended.
//
// rxgo.WithObservationStrategy(rxgo.Eager) and rxgo.WithPublishStrategy change
// nothing: o stays cold. It corresponds to RxGo's Observe and Defer.
func (o Observable[T]) ToRx() rxgo.Observable { return o }

// rxSource is a source in the form that rxgo's view needs. It is a func, so that it
// becomes an interface without an allocation.
type rxSource[T any] Source[T]

// Produce runs the source as a subscription of its own, on rxgo's goroutine.
func (s rxSource[T]) Produce(ctx context.Context, next chan<- rxgo.Item) {
	produceRx(ctx, next, func(emit func(any) bool) error {
		_, err := consumeEach(ctx, "Observe", Observable[T]{src: Source[T](s)}, func(v T) bool { return emit(v) })
		return err
	})
}

// rxUpstream is the upstream of an rxgo pipeline that is an operator of ours. It
// belongs to the operator's subscription, whose Stop reaches it.
type rxUpstream[T any] struct {
	in  Observable[T]
	rec *run.Record
}

// Produce runs the upstream on rxgo's goroutine.
func (u rxUpstream[T]) Produce(ctx context.Context, next chan<- rxgo.Item) {
	produceRx(ctx, next, func(emit func(any) bool) error {
		_, err := Guard(u.rec.With(ctx), u.in, func(v T) bool { return emit(v) })
		return err
	})
}

// produceRx sends the items of a stream to next, and its error as the last item.
// push pushes the items. No panic and no Goexit of push gets past produceRx.
func produceRx(ctx context.Context, next chan<- rxgo.Item, push func(emit func(any) bool) error) {
	// A Dispose on this goroutine is a call from within.
	run.From(ctx).Mark(func() {
		fault.Foot(func() error {
			return push(func(v any) bool { return rxgo.Of(v).SendContext(ctx, next) })
		}, func(err error) {
			if err != nil && ctx.Err() == nil {
				rxgo.Error(err).SendContext(ctx, next)
			}
		})
	})
}

// LiftRx makes an operator of fn, a piece of an rxgo pipeline. fn gets upstream, and
// returns the stream for downstream. It is called once for each subscription.
//
// The result of fn is read as by [FromRx]. Upstream ends with the operator, however
// fn has observed it, even if fn passes it to rxgo.Merge or rxgo.Amb without a ctx.
// A graceful stop lets the pipeline flush. The functions in it run on rxgo's
// goroutines. There a panic ends the process, and Dispose waits for itself, so use
// Cancel.
//
// A nil fn, or a fn that returns nil, is an [ErrInvalidArgument].
func LiftRx[T, R any](fn func(rxgo.Observable) rxgo.Observable) Operator[T, R] {
	if fn == nil {
		return Invalid[T, R]("LiftRx", "fn is nil")
	}
	return Lift("LiftRx", func(ctx context.Context, in Observable[T], emit func(R) bool) error {
		gate := rxv.Open(ctx)
		rec := run.From(ctx)
		upstream := rxv.Of(rxUpstream[T]{in, rec}, gate)
		r := rxReading{name: "LiftRx", gate: gate, own: true}
		r.open = func() (rxgo.Iterable, error) {
			o := fn(upstream)
			if isNil(o) {
				return nil, fault.Invalid("LiftRx", "fn has returned nil")
			}
			return o, nil
		}
		as := rxValue[R]("LiftRx")
		return r.read(ctx, func(n int, i rxgo.Item) (more bool, err error) {
			if i.E != nil {
				return false, i.E
			}
			v, err := as(n, i.V)
			return err == nil && emit(v), err
		})
	})
}

// FromRx is the stream of an rxgo.Observable, or of a Single or any other Iterable
// of rxgo. Each subscription observes o again, with opts, under the subscriber's
// ctx. If rxgo sends all observers of o the same items, FromRx does so too.
//
// The first item with an error ends the stream with that error, whatever value is
// beside it. A value that is not a T ends it with an [ErrTypeMismatch] that has both
// types and the position. nil is a T if T has a nil. The end of the ctx is its cause
// and never a completion, although rxgo closes its channel for both. When a ctx in
// opts ends, it ends the stream with its cause too.
//
// When the stream is left early, rxgo's ctx is cancelled. Items that rxgo still
// sends are read for 100 ms, on the subscriber's goroutine, because many rxgo
// producers need that in order to end. A producer that has not ended after this time is left
// behind: it belongs to rxgo, and is reported to slog. Streams of ours that rxgo
// runs under that ctx are waited for in any case. rxgo.FromChannel, Create and event
// sources send all observers the same items, so from these nothing is read except
// items to deliver. When a graceful stop ends the stream, the items that it reads
// are delivered.
//
// FromRx of an Observable[T] without opts is that Observable. A nil o or option is
// an [ErrInvalidArgument].
//
// Goroutines: none of its own; rxgo starts one or more for each operator.
func FromRx[T any](o rxgo.Iterable, opts ...rxgo.Option) Observable[T] {
	if t, ok := o.(Observable[T]); ok && len(opts) == 0 {
		return t
	}
	as := rxValue[T]("FromRx")
	return fromRx("FromRx", o, opts, func(n int, i rxgo.Item) (v T, err error) {
		if i.E != nil {
			return v, i.E
		}
		return as(n, i.V)
	})
}

// FromRxResults is [FromRx] that keeps an error of an item as a [Result]. It is for
// rxgo streams that continue after an error (rxgo.ContinueOnError). A value that is
// not a T still ends the stream.
func FromRxResults[T any](o rxgo.Iterable, opts ...rxgo.Option) Observable[Result[T]] {
	as := rxValue[T]("FromRxResults")
	return fromRx("FromRxResults", o, opts, func(n int, i rxgo.Item) (r Result[T], err error) {
		if i.E != nil {
			return Result[T]{Err: i.E}, nil
		}
		r.Value, err = as(n, i.V)
		return r, err
	})
}

// fromRx is the leaf that reads o. convert returns the item to emit, or the error
// that ends the stream.
func fromRx[R any](name string, o rxgo.Iterable, opts []rxgo.Option, convert func(n int, i rxgo.Item) (R, error)) Observable[R] {
	switch {
	case isNil(o):
		return failing[R](fault.Invalid(name, "o is nil"))
	case slices.Contains(opts, nil):
		return failing[R](fault.Invalid(name, fmt.Sprintf("option %d is nil", slices.Index(opts, nil)+1)))
	}
	opts = slices.Clone(opts)
	return observable(func(ctx context.Context, emit func(R) bool) error {
		refused := false // downstream has refused, and not because of a stop
		source := leaf(name, func(ctx context.Context, deliver func(R) bool) error {
			r := rxReading{name: name, gate: rxv.Open(ctx), opts: opts}
			r.open = func() (rxgo.Iterable, error) { return o, nil }
			r.stopped = func() bool { return errors.Is(context.Cause(ctx), errStop) }
			return r.read(ctx, func(n int, i rxgo.Item) (more bool, err error) {
				v, err := convert(n, i)
				if err != nil {
					return false, err
				}
				deliver(v)
				return !refused, nil
			})
		})
		return source.Push(ctx, func(v R) bool {
			refused = refused || !emit(v)
			return !refused
		})
	})
}
