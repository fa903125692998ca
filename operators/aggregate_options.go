package operators

import "github.com/turbopipes/turbopipes/internal/opt"

// ToSliceOption is an option of [ToSlice]: [WithCapacity], [WithMaxItems] and
// [OnDiscard] are.
type ToSliceOption interface{ opt.ToSliceOption }

// SortOption is an option of [Sort]: [WithMaxItems] and [OnDiscard] are.
type SortOption interface{ opt.SortOption }

// WithCapacity makes [ToSlice] allocate room for n items at each subscription, before
// the first item. Room for more than 1,024 is allocated on the way, each time four
// times what has come, so that an n that is far too large costs little. n < 0 is an
// ErrInvalidArgument.
func WithCapacity(n int) ToSliceOption {
	return toSliceSetting{Set: func(s *opt.Settings) string {
		s.Capacity = n
		return opt.AtLeast("WithCapacity", "n", n, 0)
	}}
}

type toSliceSetting struct {
	opt.Set
	opt.ForToSlice
}

// expectedItems is how many items are expected.
func expectedItems(o opt.Settings) int {
	if o.MaxItems > 0 {
		return min(o.Capacity, o.MaxItems)
	}
	return o.Capacity
}
