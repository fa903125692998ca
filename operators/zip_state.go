package operators

// side is one side of a Zip: what it gives, and the item that is not paired yet.
type side[T any] struct {
	in    <-chan T
	v     T
	has   bool
	ended bool
}

// open is what to receive from; nil while an item waits for the other side.
func (s *side[T]) open() <-chan T {
	if s.has || s.ended {
		return nil
	}
	return s.in
}

// receive takes what was received.
func (s *side[T]) receive(v T, more bool) {
	s.v, s.has, s.ended = v, more, !more
}

// take gives the item to a pair, and keeps nothing of it alive.
func (s *side[T]) take() (v T) {
	s.has = false
	v, s.v = s.v, v
	return v
}

// over tells whether there will be no pair any more.
func (s *side[T]) over() bool { return s.ended && !s.has }
