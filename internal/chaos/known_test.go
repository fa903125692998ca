package chaos

import tp "github.com/turbopipes/turbopipes"

// known tells whether a plan meets a fault that is known, which has to be mended.
func (p plan) known() bool { return false }

// known tells whether a plan meets a fault that is known, which has to be mended.
func (p hotPlan) known() bool {
	// What overflows before a subscriber that has joined runs is counted nowhere.
	return p.owned() && tp.Overflow(p.Overflow) != tp.Block && p.Kind != "Balance"
}
