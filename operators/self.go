package operators

// Self returns its argument. It is the key function of items that are their own key,
// as in
//
//	operators.ParallelBy(n, operators.Self[string], fn)
func Self[T any](v T) T { return v }
