package handoff

// Overflow is the strategy of a full queue for one more item. The root package
// exports it, with its values, as turbopipes.Overflow.
type Overflow int

// The strategies of a full queue.
const (
	// Block makes the producer wait for room.
	Block Overflow = iota
	// DropNewest drops the item that arrives.
	DropNewest
	// DropOldest drops the item that has waited longest.
	DropOldest
	// Fail ends the stream with an error after the items in the queue.
	Fail
)

// String returns the strategy's name.
func (s Overflow) String() string {
	switch s {
	case Block:
		return "Block"
	case DropNewest:
		return "DropNewest"
	case DropOldest:
		return "DropOldest"
	case Fail:
		return "Fail"
	}
	return "invalid"
}

// Valid reports whether s is one of the strategies.
func (s Overflow) Valid() bool { return s >= Block && s <= Fail }
