package operators

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/opt"
)

// BufferWithCountOption is an option of [BufferWithCount]: [WithStep], [FlushOnError]
// and [OnDiscard] are.
type BufferWithCountOption interface{ opt.BufferWithCountOption }

// BufferWithTimeOption is an option of [BufferWithTime] and [BufferWhen]:
// [WithMaxItems], [EmitEmpty], [FlushOnError] and [OnDiscard] are.
type BufferWithTimeOption interface{ opt.BufferWithTimeOption }

// BufferWithTimeOrCountOption is an option of [BufferWithTimeOrCount]: [FlushOnError]
// and [OnDiscard] are.
type BufferWithTimeOrCountOption interface {
	opt.BufferWithTimeOrCountOption
}

// SlidingWindowOption is an option of [SlidingWindow]: [Partial], [FlushOnError] and
// [OnDiscard] are.
type SlidingWindowOption interface{ opt.SlidingWindowOption }

// SessionWindowOption is an option of [SessionWindow]: [WithMaxItems],
// [WithMaxDuration], [FlushOnError] and [OnDiscard] are.
type SessionWindowOption interface{ opt.SessionWindowOption }

// defaultMaxItems bounds a buffer that has no size of its own, unless
// WithMaxItems does.
const defaultMaxItems = 1 << 16

// StepSetting is the type of [WithStep], and lists the operators that take it.
type StepSetting struct {
	opt.Set
	opt.ForBufferWithCount
	opt.ForWindowWithCount
}

// WithStep makes a slice of [BufferWithCount] or a window of [WindowWithCount]
// begin at every n-th item. If n is less than their size they overlap. If n is more
// they leave gaps, whose items are dropped. n < 1 is an ErrInvalidArgument.
func WithStep(n int) StepSetting {
	return StepSetting{Set: func(s *opt.Settings) string {
		s.Step = n
		return opt.AtLeast("WithStep", "n", n, 1)
	}}
}

// MaxItemsSetting is the type of [WithMaxItems], and lists the operators that take it.
type MaxItemsSetting struct {
	opt.Set
	opt.ForBufferWithTime
	opt.ForSessionWindow
	opt.ForToSlice
	opt.ForSort
}

// WithMaxItems bounds the slices of [BufferWithTime], [BufferWhen] and
// [SessionWindow] to n items, and the items that [ToSlice] and [Sort] collect. n < 1
// is an ErrInvalidArgument.
func WithMaxItems(n int) MaxItemsSetting {
	return MaxItemsSetting{Set: func(s *opt.Settings) string {
		s.MaxItems = n
		return opt.AtLeast("WithMaxItems", "n", n, 1)
	}}
}

// FlushSetting is the type of [FlushOnError], and lists the operators that take it.
type FlushSetting struct {
	opt.Set
	opt.ForBufferWithCount
	opt.ForBufferWithTime
	opt.ForBufferWithTimeOrCount
	opt.ForSlidingWindow
	opt.ForSessionWindow
}

// FlushOnError makes an operator emit the slice that is under construction when
// upstream fails or panics, before the error. Without it, the items of that slice are
// discarded. It changes nothing about the end of ctx.
func FlushOnError() FlushSetting {
	return FlushSetting{Set: func(s *opt.Settings) string {
		s.FlushOnError = true
		return ""
	}}
}

// EmptySetting is the type of [EmitEmpty], and lists the operators that take it.
type EmptySetting struct {
	opt.Set
	opt.ForBufferWithTime
	opt.ForWindowWithTime
}

// EmitEmpty makes [BufferWithTime], [BufferWhen] and [WindowWithTime] emit slices and
// windows without an item, too.
func EmitEmpty() EmptySetting {
	return EmptySetting{Set: func(s *opt.Settings) string {
		s.Empties = true
		return ""
	}}
}

// Partial makes [SlidingWindow] emit, at completion, a last slice that is shorter.
func Partial() SlidingWindowOption {
	return slidingSetting{Set: func(s *opt.Settings) string {
		s.Partial = true
		return ""
	}}
}

type slidingSetting struct {
	opt.Set
	opt.ForSlidingWindow
}

// WithMaxDuration makes [SessionWindow] emit a slice when limit has passed since its
// first item, at the latest. limit ≤ 0 is an ErrInvalidArgument.
func WithMaxDuration(limit time.Duration) SessionWindowOption {
	return sessionSetting{Set: func(s *opt.Settings) string {
		s.MaxDuration = limit
		return opt.Positive("WithMaxDuration", "limit", limit)
	}}
}

type sessionSetting struct {
	opt.Set
	opt.ForSessionWindow
}
