package delivery

import (
	"context"
	"time"
)

// Receipt says what has become of an event. It is emitted after the event was settled.
type Receipt struct {
	Info    Info
	Key     string
	Outcome Outcome
	Tries   int   // calls of the function for this event, in this session
	Err     error // the last one, where there was one
	Took    time.Duration
}

// Outcome is what has become of an event.
type Outcome int

// The outcomes.
const (
	// Done events were acked after the function has returned nil.
	Done Outcome = iota
	// DeadLettered events were acked after the dead-letter sink has returned nil.
	DeadLettered
	// Requeued events were given back to the queue.
	Requeued
	// Skipped events have failed, and were acked all the same.
	Skipped
	// Revoked events are not settled: their partition was taken away. Its next owner
	// gets them.
	Revoked
)

// String returns the name of the outcome.
func (o Outcome) String() string {
	switch o {
	case Done:
		return "Done"
	case DeadLettered:
		return "DeadLettered"
	case Requeued:
		return "Requeued"
	case Skipped:
		return "Skipped"
	case Revoked:
		return "Revoked"
	}
	return "invalid"
}

// Dead is an event that has failed for good. Delivery is the one that has come to the
// stage: in Process, the one from the source, also where decoding has failed. The
// stage settles it.
type Dead[T any] struct {
	Delivery Delivery[T]
	Err      error
	Tries    int
}

// Source describes a subscription at a broker. Nothing runs before Open.
type Source[T any] interface {
	// Open connects. ctx limits how long that may take, and ends no later than the
	// stream. The session must not depend on the end of ctx: see context.WithoutCancel.
	Open(ctx context.Context, o SessionOptions) (Session[T], error)
}

// Requeuer is implemented by a [Source] whose broker can deliver a nacked event again
// while the session lasts. [Requeue] needs such a source.
type Requeuer interface {
	Requeues() bool
}

// Session is an open subscription at a broker. It has a ctx of its own, which only
// Close ends.
type Session[T any] interface {
	// Receive notes and emits events until ctx ends, emit refuses, or the source is at
	// its end. It calls emit on one goroutine. It never waits for settlements, but for
	// room in the tail of a partition. A broker that is away is no end: Receive
	// reconnects. It returns errors that can't be mended: no such stream, no permission,
	// [ErrFenced].
	Receive(ctx context.Context, emit func(Delivery[T]) bool) error
	// Close is called once, when nothing downstream is left. It commits what is done,
	// gives back what is open, and leaves the broker. It returns no later than ctx
	// ends. how says how the stream has ended.
	Close(ctx context.Context, how End) error
}

// SessionOptions is what a [Source] learns about the pipeline when it is opened.
type SessionOptions struct {
	// Window is how many events the pipeline holds at once; 0 if that is not known.
	Window int
	// MaxUncommitted bounds, for each partition, the events that were emitted and are
	// not committed. 0: the connector has a default. It is that of the option
	// [MaxUncommitted], or else 4 times Window.
	MaxUncommitted int
}
