//go:build !go1.27

package turbopipes

// Pipe applies op to o. A nil op makes a stream that fails with an
// [ErrInvalidArgument].
//
// In Go 1.26, op must keep the type of the items. With Go 1.27 it may change the
// type. For Go 1.26, [Pipe2] and its kin do that.
func (o Observable[T]) Pipe(op Operator[T, T]) Observable[T] { return pipe(o, op) }
