package turbopipes

// Result is a value, or the error in its place.
type Result[T any] struct {
	Value T
	Err   error
}
