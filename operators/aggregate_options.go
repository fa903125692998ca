package operators

import "github.com/turbopipes/turbopipes/internal/opt"

// ToSliceOption is an option of [ToSlice].
type ToSliceOption interface{ toSlice(*gatherOptions) }

// SortOption is an option of [Sort].
type SortOption interface{ sort(*gatherOptions) }

// gatherOptions are of what collects a whole stream.
type gatherOptions struct {
	capacity int
	maxItems int // 0: no limit
	bad      string
}

// room is how many items are expected.
func (o gatherOptions) room() int {
	if o.maxItems > 0 {
		return min(o.capacity, o.maxItems)
	}
	return o.capacity
}

type withCapacity int

func (n withCapacity) toSlice(o *gatherOptions) {
	if o.capacity = int(n); n < 0 {
		opt.Note(&o.bad, "WithCapacity's n is negative")
	}
}

// WithCapacity has [ToSlice] allocate room for n items at each subscription, before
// the first item. Room for more than 1,024 is allocated on the way, each time four
// times what has come, so that an n that is far too large costs little. n < 0 is an
// ErrInvalidArgument.
func WithCapacity(n int) ToSliceOption { return withCapacity(n) }

func (m MaxItems) toSlice(o *gatherOptions) { m.gather(o) }
func (m MaxItems) sort(o *gatherOptions)    { m.gather(o) }

func (m MaxItems) gather(o *gatherOptions) {
	if o.maxItems = m.k; m.k < 1 {
		opt.Note(&o.bad, "WithMaxItems's k is less than 1")
	}
}

func toSliceOptions(opts []ToSliceOption) (o gatherOptions, bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.toSlice(&o)
	}
	return o, o.bad
}

func sortOptions(opts []SortOption) (o gatherOptions, bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.sort(&o)
	}
	return o, o.bad
}
