package tptest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// naming maps the keys of a diagram to items, and back.
type naming[T any] struct{ values map[string]T }

// value returns the item of key.
func (n naming[T]) value(key string) (v T, err error) {
	if n.values != nil {
		v, ok := n.values[key]
		if !ok {
			return v, fmt.Errorf("tptest: values has no %s", quote(key))
		}
		return v, nil
	}
	to := reflect.ValueOf(&v).Elem()
	switch {
	case to.Kind() == reflect.String:
		to.SetString(key)
		return v, nil
	case to.CanInt():
		i, err := strconv.ParseInt(key, 10, to.Type().Bits())
		if err == nil {
			to.SetInt(i)
			return v, nil
		}
	case to.CanUint():
		u, err := strconv.ParseUint(key, 10, to.Type().Bits())
		if err == nil {
			to.SetUint(u)
			return v, nil
		}
	}
	return v, fmt.Errorf("tptest: values is nil, and %s is no %v", quote(key), reflect.TypeFor[T]())
}

// key returns the name of v in a diagram.
func (n naming[T]) key(v T) string {
	for _, key := range slices.Sorted(maps.Keys(n.values)) {
		if reflect.DeepEqual(n.values[key], v) {
			return key
		}
	}
	return fmt.Sprint(v)
}
