//go:build go1.27

package turbopipes

// Pipe applies op to o. A nil op makes a stream that fails with an
// [ErrInvalidArgument].
//
// Go 1.26 has no generic methods. There, op must keep the type of the items, and
// [Pipe2] and its kin change it.
func (o Observable[T]) Pipe[R any](op Operator[T, R]) Observable[R] { return pipe(o, op) }
