package operators_test

// conditional are the entries of what decides.
func (parts) conditional() []entry {
	return nil
}
