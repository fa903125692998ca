package operators

// MaxPending is what [WithMaxPending] returns.
type MaxPending struct{ k int }

const badMaxPending = "WithMaxPending's k is less than 1"

// WithMaxPending bounds the items that an operator lets wait to k: one more is
// an ErrOverflow. k < 1 is an ErrInvalidArgument.
func WithMaxPending(k int) MaxPending { return MaxPending{k} }
