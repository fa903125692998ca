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

// rxReading is one subscription to an rxgo stream.
type rxReading struct {
	name    string
	gate    *rxv.Gate // the stream is observed under its ctx
	opts    []rxgo.Option
	open    func() (rxgo.Iterable, error)
	stopped func() bool // reports whether ctx has ended by a stop; nil: a stop does not end ctx
	own     bool        // the stream was made for this subscription only

	stream rxgo.Iterable
	ch     <-chan rxgo.Item // nil when there is nothing more to read
}

// read calls take with each item and its position, until take wants no more. It
// returns when all streams of ours have ended.
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
				return nil // or ctx was cancelled: Create and Lift check that
			}
			if more, err := take(n, i); !more || err != nil {
				return err
			}
		}
	}
}

// flush leaves after a stop: items that still come were on their way, and are
// delivered.
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

// leave cancels, reads the items that rxgo has to send in order to end, and waits
// for streams of ours. It returns the error of a hook for the lost items. A second
// call does nothing.
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

// shared reports whether the stream sends all its observers the same items. Reading
// such a stream for nobody would take items from others, and the stream may never
// end.
func (r *rxReading) shared() bool { return !r.own && rxShared(r.stream) }

// rxShared finds out how an rxgo stream was made. rxgo has no function for that, so
// rxShared reads the name of a private type. If that does not work, the stream
// counts as shared.
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

// rxValue returns the conversion of a value at a position to a T.
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

// isNil reports whether o is nil or a nil pointer.
func isNil(o rxgo.Iterable) bool {
	if o == nil {
		return true
	}
	v := reflect.ValueOf(o)
	return isNilable(v.Kind()) && v.IsNil()
}
