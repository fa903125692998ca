package deliverytest

import (
	"testing"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
)

// Harness is how [Run] uses a connector. Publish and Source are needed; a field that is
// nil leaves out the tests that need it.
type Harness struct {
	// Publish appends events to the stream, in order.
	Publish func(t testing.TB, events []Event)
	// Source is the subscription under test. Each Open of it is the same consumer, which
	// goes on where the session before has ended.
	Source delivery.Source[[]byte]

	// Ordered says that order per key survives restarts, as in a log.
	Ordered bool
	// Group says that several sessions may be open at once and share the events.
	Group bool
	// Exclusive says that one session at a time has the events: a second one waits for
	// the end of the first, or ends with an ErrFenced, or ends the first with one.
	Exclusive bool
	// Partitions is how many there are; 0 is 1.
	Partitions int
	// Redelivery is how long events of a session that has crashed may take to come
	// again. 0 is at once.
	Redelivery time.Duration

	// Refuse makes the broker refuse commits and acks for a while, or ends that.
	Refuse func(t testing.TB, refuse bool)
	// Away takes the broker away, or brings it back.
	Away func(t testing.TB, away bool)
	// Crash ends the open sessions as the end of their process would: nothing that they
	// commit from now on has an effect. The suite disposes of the pipelines afterwards.
	Crash func(t testing.TB)
	// Address is where another process finds the broker. The suite then runs the test
	// binary again and kills it. In that process, [Address] returns this address, and the
	// function that was given to Run returns a Harness for the broker that is there. Only
	// its Source is used.
	Address string
}

// maxUncommitted is what the suite sets, so that repetition is bounded.
const maxUncommitted = 64

// repeats is the most that a crash may repeat.
func (h *Harness) repeats() int { return max(1, h.Partitions) * maxUncommitted }
