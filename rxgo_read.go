//go:build !turbopipes_norx

package turbopipes

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/reactivex/rxgo/v2"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/rxv"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// rxReading is one subscription to a stream of rxgo's.
type rxReading struct {
	name    string
	gate    *rxv.Gate // what the stream is observed under
	opts    []rxgo.Option
	open    func() (rxgo.Iterable, error)
	stopped func() bool // tells a stop from another end of ctx; nil: a stop does not come this way
	own     bool        // the stream was made for this subscription alone

	stream rxgo.Iterable
	ch     <-chan rxgo.Item // nil when there is nothing to read any more
}

// read gives each item to take, with its position, until take wants no more. It
// returns when all that is ours has ended.
func (r *rxReading) read(ctx context.Context, take func(n int, i rxgo.Item) (more bool, err error)) (err error) {
	defer func() { err = fault.Join(err, r.leave(ctx, nil)) }() // also when downstream panics
	theirs := rxv.ContextOf(r.opts)
	if err := r.observe(); err != nil {
		return err
	}
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			if r.stopped != nil && r.stopped() {
				return r.flush(ctx, n, take)
			}
			return context.Cause(ctx)
		case <-theirs.Done():
			return context.Cause(theirs)
		case i, ok := <-r.ch:
			if !ok {
				r.ch = nil
				return nil // or ctx was cancelled: Create and Lift look at that
			}
			if more, err := take(n, i); !more || err != nil {
				return err
			}
		}
	}
}

// flush leaves after a stop: what comes then was on its way, and is delivered.
func (r *rxReading) flush(ctx context.Context, n int, take func(n int, i rxgo.Item) (more bool, err error)) (err error) {
	more := true
	lost := r.leave(ctx, func(i rxgo.Item) (taken bool) {
		if !more || err != nil {
			return false
		}
		more, err = take(n, i)
		n++
		return true
	})
	return fault.Join(err, lost)
}

func (r *rxReading) observe() (err error) {
	if r.stream, err = r.open(); err != nil {
		return err
	}
	r.ch = r.stream.Observe(append(slices.Clip(r.opts), rxgo.WithContext(r.gate.Context()))...)
	if r.ch == nil {
		return fault.Invalid(r.name, "Observe has returned a nil channel")
	}
	return nil
}

// leave cancels, reads what rxgo has to get rid of in order to end, and waits
// for what is ours. It returns what a hook for the lost items has failed with. A second
// call finds nothing to do.
func (r *rxReading) leave(ctx context.Context, keep func(rxgo.Item) bool) (failed error) {
	if r.ch != nil && r.shared() {
		r.ch = nil
	}
	lost := run.Keep[any](run.At(ctx, r.name), nil)
	ended := r.gate.Close(r.ch, keep, func(v any) { failed = fault.Join(failed, lost.Discard(v)) })
	r.ch = nil
	if log := scope.ReapLogger(ctx); !ended && log != nil {
		log.WarnContext(ctx, "turbopipes: left an rxgo stream behind, which has not ended within its grace period",
			"operator", r.name, "stream", fmt.Sprintf("%T", r.stream), "grace", rxv.Grace)
	}
	return failed
}

// shared tells whether the stream gives all its observers the same items.
// Reading it for nobody would take items from others, and it may never end.
func (r *rxReading) shared() bool { return !r.own && rxShared(r.stream) }

// rxShared looks at how an rxgo stream is made, which rxgo tells nobody: it reads
// the name of a private type. Where that does not work the stream counts as
// shared.
func rxShared(o rxgo.Iterable) bool {
	switch s := o.(type) {
	case rxgo.GroupedObservable:
		return isNil(s.Observable) || rxShared(s.Observable)
	case *rxgo.ObservableImpl, *rxgo.SingleImpl, *rxgo.OptionalSingleImpl:
	default:
		return false
	}
	of := reflect.ValueOf(o).Elem().FieldByName("iterable")
	if !of.IsValid() || of.Kind() != reflect.Interface || of.IsNil() {
		return true
	}
	switch of.Elem().Type().String() {
	case "*rxgo.deferIterable", "*rxgo.factoryIterable", "*rxgo.justIterable", "*rxgo.rangeIterable", "*rxgo.sliceIterable":
		return false
	}
	return true // a channel, Create, an event source
}

// rxValue gives the conversion of a value at a position to a T.
func rxValue[T any](name string) func(n int, v any) (T, error) {
	want := reflect.TypeFor[T]()
	nilable := isNilable(want.Kind())
	return func(n int, v any) (T, error) {
		t, ok := v.(T)
		switch {
		case ok || v == nil && nilable:
			return t, nil
		case v == nil:
			return t, fmt.Errorf("%w: %s: item %d is nil, want %v", ErrTypeMismatch, name, n, want)
		}
		return t, fmt.Errorf("%w: %s: item %d is %T, want %v", ErrTypeMismatch, name, n, v, want)
	}
}

func isNilable(k reflect.Kind) bool {
	switch k {
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return true
	default:
		return false
	}
}

// isNil tells whether there is nothing in o, a nil pointer included.
func isNil(o rxgo.Iterable) bool {
	if o == nil {
		return true
	}
	v := reflect.ValueOf(o)
	return isNilable(v.Kind()) && v.IsNil()
}
