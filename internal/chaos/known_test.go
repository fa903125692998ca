package chaos

// known tells whether a plan meets a fault that is known, which has to be mended.
func (p plan) known() bool { return false }

// known tells whether a plan meets a fault that is known, which has to be mended.
func (p hotPlan) known() bool {
	return p.Grace > 0 // the item that comes between the end of the last one and its leaving is not reported
}
