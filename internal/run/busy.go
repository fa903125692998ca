package run

import (
	"context"
	"reflect"
	"strings"
)

// Busy is true while a function of the user's works on an item. An operator sets it
// before the call and clears it after: two stores, which take less than a nanosecond.
type Busy bool

// Failed is deferred around the run of the operator: it counts the item as failed
// where the function has panicked or called Goexit.
func (b *Busy) Failed(ctx context.Context) {
	if *b {
		From(ctx).fail(1)
	}
}

// Work is a Busy where the item may be a slice that a buffer has made, or a stream.
type Work[T any] struct {
	Busy
	heavy bool
	v     T // the one in hand, where it may be one of these
}

// On returns item, which sets Busy. Where a value of type T may count as another number
// of items than one, it has Failed know of the value; all others cost nothing.
func (w *Work[T]) On(item func(v T) bool) func(v T) bool {
	if w.heavy = heavy(reflect.TypeFor[T]()); !w.heavy {
		return item
	}
	return func(v T) bool {
		w.v = v
		more := item(v)
		var none T
		w.v = none
		return more
	}
}

// Failed is that of Busy.
func (w *Work[T]) Failed(ctx context.Context) {
	switch {
	case !bool(w.Busy):
	case w.heavy:
		account := account[T]{Stage: Stage{rec: From(ctx)}}
		From(ctx).fail(account.Weight(w.v))
	default:
		From(ctx).fail(1)
	}
}

// heavy tells whether operators make values of type t of several items, or of none.
func heavy(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return true
	case reflect.Struct:
		return isStream(t) || t.PkgPath() == streamPackage && strings.HasPrefix(t.Name(), "TimeWindow[")
	default:
		return false
	}
}
