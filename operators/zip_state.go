package operators

// side is one side of a Zip: its stream, and its item that is not paired yet.
type side[T any] struct {
	in    <-chan T
	v     T
	has   bool
	ended bool
}

// open returns the channel to receive from. It is nil while an item waits for the
// other side.
func (s *side[T]) open() <-chan T {
	if s.has || s.ended {
		return nil
	}
	return s.in
}

// receive stores the result of a receive.
func (s *side[T]) receive(v T, more bool) {
	s.v, s.has, s.ended = v, more, !more
}

// take returns the item for a pair, and clears it so that it is not kept alive.
func (s *side[T]) take() (v T) {
	s.has = false
	v, s.v = s.v, v
	return v
}

// over reports that this side makes no further pair possible.
func (s *side[T]) over() bool { return s.ended && !s.has }
