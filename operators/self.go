package operators

// Self gives what it is given: the key of items that are their own key, as in
//
//	operators.ParallelBy(n, operators.Self[string], fn)
func Self[T any](v T) T { return v }
