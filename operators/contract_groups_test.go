package operators_test

// windows are the entries of windows and groups.
func (parts) windows() []entry {
	return nil
}
