package delivery

import (
	"errors"
	"time"
)

var (
	// ErrRevoked is the cause with which the context of a delivery ends when its
	// partition was taken away.
	ErrRevoked = errors.New("delivery: the partition was taken away")
	// ErrForgotten is for a stream that has completed while deliveries were open that
	// nobody has settled.
	ErrForgotten = errors.New("delivery: deliveries were dropped without being settled")
	// ErrFenced is for a session whose consumer another process has taken.
	ErrFenced = errors.New("delivery: another process has this consumer")
	// ErrPoison is for an event whose processing has begun as often as [Attempts]
	// allows, and each time the process has ended before the function had returned.
	ErrPoison = errors.New("delivery: the process has ended each time that this event was processed")
)

type permanentError struct{ error }

func (p permanentError) Unwrap() error { return p.error }

// Permanent marks err as one that no retry will change: the event goes to the dead
// letters at once. The text stays that of err, and errors.Is looks through the mark. A
// connector marks an error of its commit function so, to end the retries of
// [Committing.CommitNow]. For a nil err, Permanent returns nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanentError{err}
}

func isPermanent(err error) bool {
	var p permanentError
	return errors.As(err, &p)
}

type requeueError struct {
	error
	after time.Duration
}

func (r requeueError) Unwrap() error { return r.error }

// RequeueDelay returns how long a queue should wait before it delivers an event again
// that was nacked with err. ok is false if err does not say so. Connectors call it.
func RequeueDelay(err error) (after time.Duration, ok bool) {
	var r requeueError
	if errors.As(err, &r) {
		return r.after, true
	}
	return 0, false
}
