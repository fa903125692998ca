package chaos

// known tells whether a plan meets a fault that is known, which has to be mended.
func (p plan) known() bool { return false }

// known tells whether a plan meets a fault that is known, which has to be mended.
func (p hotPlan) known() bool { return false }
