package handoff

import (
	"context"
	"errors"
)

// store is a slot.
type store struct {
	item int
	full bool
}

func (s *store) put(v int) func() bool {
	return func() bool {
		if s.full {
			return false
		}
		s.item, s.full = v, true
		return true
	}
}

// through runs up through a Desk whose store is one slot.
func through(ctx context.Context, up func(ctx context.Context, put func(int) bool) error, emit func(int) bool) (left store, err error) {
	err = func() (err error) {
		d := OpenDesk(ctx, "test")
		defer d.Close(&err)
		d.Start(func(ctx context.Context) error {
			return up(ctx, func(v int) bool {
				if v < 0 {
					return d.Refuse(errors.New("negative"))
				}
				return d.Put(left.put(v))
			})
		})
		for {
			var v int
			if !d.Take(func() bool {
				if !left.full {
					return false
				}
				v, left.full = left.item, false
				d.Room()
				return true
			}) {
				return d.Err()
			}
			if !emit(v) {
				return nil
			}
		}
	}()
	return left, err
}
