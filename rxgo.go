package turbopipes

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/turbopipes/turbopipes/internal/fault"
)

var _ rxgo.Observable = Observable[int]{}

const rxGrace = 100 * time.Millisecond

type rxSource[T any] Source[T]

// Produce is the rxgo side of a source: items, then at most one error item.
func (s rxSource[T]) Produce(ctx context.Context, next chan<- rxgo.Item) {
	err := error(ErrGoexit)
	defer func() {
		if err != nil && ctx.Err() == nil {
			rxgo.Error(err).SendContext(ctx, next)
		}
	}()
	_, err = each(ctx, "Observe", Observable[T]{src: Source[T](s)}, func(v T) bool { return rxgo.Of(v).SendContext(ctx, next) })
}

type rxTyped[T any] interface{ typed() Observable[T] }

func (o Observable[T]) typed() Observable[T] { return o }

// FromRx is the way back from rxgo.
func FromRx[T any](o rxgo.Iterable, opts ...rxgo.Option) Observable[T] {
	if o == nil {
		return failing[T](fault.Invalid("FromRx", "the iterable is nil"))
	}
	if t, ok := o.(rxTyped[T]); ok && len(opts) == 0 {
		return t.typed()
	}
	want := reflect.TypeFor[T]()
	nilable := slices.Contains([]reflect.Kind{reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func,
		reflect.Chan, reflect.UnsafePointer}, want.Kind())
	return leaf("FromRx", func(ctx context.Context, emit func(T) bool) error {
		rctx, cancel := context.WithCancel(ctx)
		ch := o.Observe(append(slices.Clip(opts), rxgo.WithContext(rctx))...)
		ended := ch == nil
		defer func() { // also when downstream panics
			cancel()
			if !ended && !rxShared(o) {
				rxDrain(ch)
			}
		}()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case i, ok := <-ch:
				if !ok {
					ended = true
					return nil // or cancelled, silently: leaf looks at ctx
				}
				if i.E != nil {
					return i.E
				}
				v, ok := i.V.(T)
				if !ok && !(i.V == nil && nilable) {
					return fmt.Errorf("%w: rxgo item %d is %T, want %v", ErrTypeMismatch, n, i.V, want)
				}
				if !emit(v) {
					return nil
				}
			}
		}
	})
}

func rxDrain(ch <-chan rxgo.Item) {
	t := time.NewTimer(rxGrace)
	defer t.Stop()
	for {
		select {
		case _, ok := <-ch:
			if !ok {
				return
			}
		case <-t.C:
			return
		}
	}
}

// rxShared reports whether o hands the same channel to all: draining would take items from others.
func rxShared(o rxgo.Iterable) bool {
	impl, ok := o.(*rxgo.ObservableImpl)
	if !ok {
		return false
	}
	switch reflect.ValueOf(impl).Elem().FieldByName("iterable").Elem().Type().String() {
	case "*rxgo.channelIterable", "*rxgo.createIterable", "*rxgo.eventSourceIterable":
		return true
	}
	return false
}
