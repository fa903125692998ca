package operators

// zipSide is one side of a Zip: the item that is not paired yet.
type zipSide[T any] struct {
	v     T
	has   bool
	ended bool
}

// wants reports whether to receive an item: none waits for the other side.
func (s *zipSide[T]) wants() bool { return !s.has && !s.ended }

// receive stores the result of a receive.
func (s *zipSide[T]) receive(v T, more bool) {
	s.v, s.has, s.ended = v, more, !more
}

// take returns the item for a pair, and clears it so that it is not kept alive.
func (s *zipSide[T]) take() (v T) {
	s.has = false
	v, s.v = s.v, v
	return v
}

// over reports that this side makes no further pair possible.
func (s *zipSide[T]) over() bool { return s.ended && !s.has }
