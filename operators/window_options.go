package operators

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/opt"
)

// WindowWithCountOption is an option of [WindowWithCount]: [WithStep] and the options
// of queues, [turbopipes.WithQueue], [turbopipes.WithOverflow] and [OnDiscard], are.
// Each window has a queue of its own. The function of OnDiscard is called where the
// item is lost: by upstream, and by the consumers that leave their windows. So it may
// run on several goroutines at the same time.
type WindowWithCountOption interface{ opt.WindowWithCountOption }

// WindowWithTimeOption is an option of [WindowWithTime]: [EmitEmpty] and the options
// of queues, as for [WindowWithCountOption].
type WindowWithTimeOption interface{ opt.WindowWithTimeOption }

// GroupByOption is an option of [GroupBy]: [WithMaxGroups], [WithIdle] and the options
// of queues, as for [WindowWithCountOption], with groups in place of windows.
type GroupByOption interface{ opt.GroupByOption }

type groupSetting struct {
	opt.Set
	opt.ForGroupBy
}

// WithMaxGroups makes [GroupBy] fail with an ErrTooManyGroups at a key beyond n
// open groups. n < 1 is an ErrInvalidArgument.
func WithMaxGroups(n int) GroupByOption {
	return groupSetting{Set: func(s *opt.Settings) string {
		s.MaxGroups = n
		return opt.AtLeast("WithMaxGroups", "n", n, 1)
	}}
}

// WithIdle makes [GroupBy] complete a group that has got no item for idle. A later item
// with its key opens a new one. idle ≤ 0 is an ErrInvalidArgument.
func WithIdle(idle time.Duration) GroupByOption {
	return groupSetting{Set: func(s *opt.Settings) string {
		s.Idle = idle
		return opt.Positive("WithIdle", "idle", idle)
	}}
}
