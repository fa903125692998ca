package operators

import "github.com/turbopipes/turbopipes/internal/opt"

// MaxPendingSetting is the type of [WithMaxPending], and lists the operators that take it.
type MaxPendingSetting struct {
	opt.Set
	opt.ForExpand
	opt.ForSerialize
}

// WithMaxPending lets at most n items wait in [Expand] or [Serialize]. One more ends
// the stream with an ErrOverflow. n < 1 is an ErrInvalidArgument.
func WithMaxPending(n int) MaxPendingSetting {
	return MaxPendingSetting{Set: func(s *opt.Settings) string {
		s.MaxPending = n
		return opt.AtLeast("WithMaxPending", "n", n, 1)
	}}
}
