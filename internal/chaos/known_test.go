package chaos

import tp "github.com/turbopipes/turbopipes"

// known tells whether a plan meets a fault that is known, which has to be mended.
func (p plan) known() bool {
	return has(p.Stages, func(_ *step, _ *op) bool { return false })
}

// known tells whether a plan meets a fault that is known, which has to be mended.
func (p hotPlan) known() bool {
	switch {
	case tp.Overflow(p.Overflow) != tp.Block && p.owned(): // a queue of its own takes items after its end
		return true
	case p.Kind == "ShareReplay" && p.Grace > 0: // what comes during a grace is not reported
		return true
	}
	return false
}
