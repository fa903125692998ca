package run

import (
	"reflect"
	"strings"
)

// An operator that merges items, such as a buffer, notes in the Record which values
// it makes. If such a value is lost later, in any stage of the subscription, it
// counts as its items. A stream, such as a group, counts as no item: its items are
// counted where they wait.

// batch is a type whose values are made of several items.
type batch struct {
	of    reflect.Type
	items func(v any, yield func(item any))
}

// NoteSlices notes that the stage of r makes slices of items.
func NoteSlices[T any](r *Record) {
	NoteBatches(r, func(v []T, yield func(item any)) {
		for _, item := range v {
			yield(item)
		}
	})
}

// NoteBatches notes that the stage of r makes values of type B. items yields the
// items that a value is made of.
func NoteBatches[B any](r *Record, items func(v B, yield func(item any))) {
	of := reflect.TypeFor[B]()
	for ; r != nil && r != none; r = r.parent {
		r.note(of, func(v any, yield func(any)) { items(v.(B), yield) }) //nolint:forcetypeassert // walk checks its type
	}
}

func (r *Record) note(of reflect.Type, items func(v any, yield func(any))) {
	for {
		old := r.batches.Load()
		var all []batch
		if old != nil {
			all = *old
		}
		for _, b := range all {
			if b.of == of {
				return
			}
		}
		all = append(all[:len(all):len(all)], batch{of, items})
		if r.batches.CompareAndSwap(old, &all) {
			return
		}
	}
}

// merges reports whether a stage of the subscription makes values of several items.
func (r *Record) merges() bool {
	for ; r != nil && r != none; r = r.parent {
		if r.batches.Load() != nil {
			return true
		}
	}
	return false
}

// walk calls yield with each item in v. If v is not a batch, the item is v itself.
func (r *Record) walk(v any, yield func(item any)) {
	of := reflect.TypeOf(v)
	for c := r; c != nil && c != none; c = c.parent {
		all := c.batches.Load()
		if all == nil {
			continue
		}
		for _, b := range *all {
			if b.of == of {
				b.items(v, func(item any) { r.walk(item, yield) })
				return
			}
		}
	}
	if !isStream(of) {
		yield(v)
	}
}

// items is the number of items in v. It is not part of Weight, where its n would be
// allocated for each plain item too.
func (r *Record) items(v any) (n int64) {
	r.walk(v, func(any) { n++ })
	return n
}

// streamPackage is the package of the stream types.
const streamPackage = "github.com/turbopipes/turbopipes"

// isStream reports whether values of type t are streams: turbopipes.Observable or
// turbopipes.Group.
func isStream(t reflect.Type) bool {
	if t == nil || t.Kind() != reflect.Struct || t.PkgPath() != streamPackage {
		return false
	}
	name := t.Name()
	return strings.HasPrefix(name, "Observable[") || strings.HasPrefix(name, "Group[")
}

// mayBeStream reports whether a value of type t can be a stream.
func mayBeStream(t reflect.Type) bool { return t.Kind() == reflect.Interface || isStream(t) }
