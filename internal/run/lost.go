package run

import "github.com/turbopipes/turbopipes/internal/fault"

// Lost counts items that an early end has lost and gives each to hook, which
// may be nil. A panic of hook becomes the error, the first one if there are
// several; the items behind it are told all the same.
func Lost[T any](r *Record, hook func(T), items ...T) (err error) {
	r.Discard(int64(len(items)))
	return tell(hook, items)
}

// Fell is Lost for items that a strategy has dropped.
func Fell[T any](r *Record, hook func(T), items ...T) (err error) {
	r.Drop(int64(len(items)))
	return tell(hook, items)
}

func tell[T any](hook func(T), items []T) (err error) {
	if hook == nil {
		return nil
	}
	for _, v := range items {
		if e := fault.Call(func() error { hook(v); return nil }); err == nil {
			err = e
		}
	}
	return err
}
