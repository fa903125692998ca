package operators

import (
	"fmt"

	"github.com/turbopipes/turbopipes/internal/opt"
)

// Edge is which item of a burst or of a window [Debounce] and [Throttle] emit.
type Edge int

// The edges.
const (
	// LeadingEdge is the first item, which is emitted at once. It is the default of
	// [Throttle].
	LeadingEdge Edge = 1 + iota
	// TrailingEdge is the last item, which is emitted at the end. It is the default of
	// [Debounce].
	TrailingEdge
	// BothEdges is the first item, and the last one if it is another.
	BothEdges = LeadingEdge | TrailingEdge
)

// EdgeSetting is the type of [WithEdge], and lists the operators that take it.
type EdgeSetting struct {
	opt.Set
	opt.ForDebounce
	opt.ForThrottle
}

// WithEdge sets which items [Debounce] and [Throttle] emit: [LeadingEdge] is the first
// item of a burst or window, [TrailingEdge] is the last one, and [BothEdges] is the
// two. Another edge is an ErrInvalidArgument.
func WithEdge(edge Edge) EdgeSetting {
	return EdgeSetting{Set: func(s *opt.Settings) string {
		if s.Edge = int(edge); edge < LeadingEdge || edge > BothEdges {
			return fmt.Sprintf("WithEdge: edge is %d, want LeadingEdge, TrailingEdge or BothEdges", edge)
		}
		return ""
	}}
}
