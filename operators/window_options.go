package operators

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/opt"
)

// WindowOption is an option of [WindowWithCount] and its kin. The options of
// queues, [turbopipes.WithQueue], [turbopipes.WithOverflow] and [OnDiscard], are
// some: each window has a queue of its own. The function of OnDiscard is called
// where the item is lost: by upstream, and by those whose windows they leave, so
// also at the same time.
type WindowOption interface{ ApplyWindow(*opt.Window) }

// GroupOption is an option of [GroupBy] and [GroupByN]. The options of queues,
// [turbopipes.WithQueue], [turbopipes.WithOverflow] and [OnDiscard], are some:
// each group has a queue of its own. The function of OnDiscard is called where the
// item is lost: by upstream, and by those whose groups they leave, so also at the
// same time.
type GroupOption interface{ ApplyGroup(*opt.Group) }

type (
	maxGroups int
	idleAfter time.Duration
)

func (k maxGroups) ApplyGroup(g *opt.Group) {
	if g.MaxGroups = int(k); k < 1 {
		opt.Note(&g.Bad, "WithMaxGroups's k is less than 1")
	}
}

func (d idleAfter) ApplyGroup(g *opt.Group) {
	if g.Idle = time.Duration(d); d <= 0 {
		opt.Note(&g.Bad, "WithIdle's d is not positive")
	}
}

// WithMaxGroups makes [GroupBy] fail with an ErrTooManyGroups at a key beyond k
// open groups. k < 1 is an ErrInvalidArgument.
func WithMaxGroups(k int) GroupOption { return maxGroups(k) }

// WithIdle makes [GroupBy] complete a group that has got nothing for d; an item
// with its key, later, opens a new one. d ≤ 0 is an ErrInvalidArgument.
func WithIdle(d time.Duration) GroupOption { return idleAfter(d) }

// windowOptionsOf gathers the options. takesEmpties and takesStep tell which of
// those the operator has a use for.
func windowOptionsOf(opts []WindowOption, takes int) (o opt.Window, bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyWindow(&o)
	}
	switch {
	case o.Bad != "":
		return o, o.Bad
	case o.Step > 0 && takes&takesStep == 0:
		return o, "WithStep is no option of it"
	case o.Empties && takes&takesEmpties == 0:
		return o, "EmitEmpty is no option of it"
	}
	return o, ""
}

func groupOptionsOf(opts []GroupOption) (o opt.Group, bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyGroup(&o)
	}
	return o, o.Bad
}
