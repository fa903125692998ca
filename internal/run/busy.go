package run

import (
	"context"
	"reflect"
	"strings"
)

// Busy is true while a user's function works on an item. An operator sets it before
// the call and clears it afterwards. The two stores take less than a nanosecond.
type Busy bool

// Work is a Busy for items that may be slices made by a buffer, or streams.
type Work[T any] struct {
	Busy
	heavy bool
	item  T // the item in work, if heavy
}

// On returns item, the function that sets Busy. If a value of type T may count as
// another number of items than one, On wraps item, so that Failed knows the value.
// For other types it costs nothing.
func (w *Work[T]) On(item func(v T) bool) func(v T) bool {
	if w.heavy = heavy(reflect.TypeFor[T]()); !w.heavy {
		return item
	}
	return func(v T) bool {
		w.item = v
		more := item(v)
		var none T
		w.item = none
		return more
	}
}

// Failed is deferred around the run of the operator. If the function has panicked or
// called Goexit, it counts the item as failed, or the number of items in the value.
func (w *Work[T]) Failed(ctx context.Context) {
	switch {
	case !bool(w.Busy):
	case w.heavy:
		account := account[T]{Stage: Stage{rec: From(ctx)}}
		From(ctx).fail(account.Weight(w.item))
	default:
		From(ctx).fail(1)
	}
}

// heavy reports whether operators make values of type t out of several items, or of
// none.
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
