package chaos

import (
	"slices"

	tp "github.com/turbopipes/turbopipes"
)

// known tells whether a plan meets a fault that is known, which has to be mended.
func (p plan) known() bool { return false }

// known tells whether a plan meets a fault that is known, which has to be mended.
func (p hotPlan) known() bool {
	if !p.owned() || p.Kind == "Balance" {
		return false
	}
	switch {
	case tp.Overflow(p.Overflow) == tp.Fail: // what comes after the overflow is not reported, and a newcomer may join a run that is cut
		return true
	case slices.ContainsFunc(p.Members, func(m member) bool { return m.Cut.How == "stop" || m.Cut.How == "stopShort" }):
		return true // what comes when some are being stopped and the others leave is not reported
	}
	return false
}
