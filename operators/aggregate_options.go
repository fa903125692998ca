package operators

import "github.com/turbopipes/turbopipes/internal/opt"

// ToSliceOption is an option of [ToSlice].
type ToSliceOption interface{ ApplyToSlice(*opt.Gather) }

// SortOption is an option of [Sort].
type SortOption interface{ ApplySort(*opt.Gather) }

// gatherOptions are of what collects a whole stream.
type gatherOptions = opt.Gather

// roomOf is how many items are expected.
func roomOf(o gatherOptions) int {
	if o.MaxItems > 0 {
		return min(o.Capacity, o.MaxItems)
	}
	return o.Capacity
}

type withCapacity int

func (n withCapacity) ApplyToSlice(o *gatherOptions) {
	if o.Capacity = int(n); n < 0 {
		opt.Note(&o.Bad, "WithCapacity's n is negative")
	}
}

// WithCapacity has [ToSlice] allocate room for n items at each subscription, before
// the first item. Room for more than 1,024 is allocated on the way, each time four
// times what has come, so that an n that is far too large costs little. n < 0 is an
// ErrInvalidArgument.
func WithCapacity(n int) ToSliceOption { return withCapacity(n) }

func (m MaxItems) ApplyToSlice(o *gatherOptions) { m.gather(o) }
func (m MaxItems) ApplySort(o *gatherOptions)    { m.gather(o) }

func (m MaxItems) gather(o *gatherOptions) {
	if o.MaxItems = m.k; m.k < 1 {
		opt.Note(&o.Bad, "WithMaxItems's k is less than 1")
	}
}

func toSliceOptions(opts []ToSliceOption) (o gatherOptions, bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyToSlice(&o)
	}
	return o, o.Bad
}

func sortOptions(opts []SortOption) (o gatherOptions, bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplySort(&o)
	}
	return o, o.Bad
}
