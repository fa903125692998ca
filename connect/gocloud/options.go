package gocloud

import (
	"context"
	"fmt"
	"time"

	"gocloud.dev/pubsub"
)

// The defaults of the options.
const (
	defaultKey         = "key"
	defaultID          = "id"
	defaultNackPause   = 100 * time.Millisecond
	defaultUncommitted = 1024
)

type options struct {
	key       func(*pubsub.Message) string
	idField   string
	attempt   func(*pubsub.Message) int
	nackPause time.Duration
	deadline  time.Duration
	heartbeat func(ctx context.Context, ms []*pubsub.Message) error
	every     time.Duration
}

// Option is an option of [Source] and of [Messages].
type Option func(*options) (bad string)

func optionsOf(opts []Option) (o options, bad string) {
	o = options{key: keyIn(defaultKey), idField: defaultID, nackPause: defaultNackPause}
	return o, apply(&o, opts)
}

// apply calls opts, which are options of any kind.
func apply[O any, F ~func(*O) string](o *O, opts []F) (bad string) {
	for i, opt := range opts {
		if opt == nil {
			return fmt.Sprintf("option %d is nil", i+1)
		}
		if bad := opt(o); bad != "" {
			return bad
		}
	}
	return ""
}

func keyIn(name string) func(*pubsub.Message) string {
	return func(m *pubsub.Message) string { return m.Metadata[name] }
}

// KeyField sets the metadata whose value is the key of the delivery. The default is
// "key". A message without that metadata has no key. An empty name is an
// ErrInvalidArgument.
func KeyField(name string) Option {
	return func(o *options) string {
		if o.key = keyIn(name); name == "" {
			return "KeyField: the name is empty"
		}
		return ""
	}
}

// KeyBy computes the key of a delivery, in place of [KeyField]: the message group of SQS,
// for example, which As has. fn runs on the goroutine of the session, and must not change
// the message. A nil fn is an ErrInvalidArgument.
func KeyBy(fn func(*pubsub.Message) string) Option {
	return func(o *options) string {
		if o.key = fn; fn == nil {
			return "KeyBy: fn is nil"
		}
		return ""
	}
}

// IDField sets the metadata whose value is the ID of the event. The default is "id".
// Where the metadata is missing, the ID is the LoggableID of the message, which most
// services keep when the message comes again. [delivery.Dedup] and [delivery.Attempts]
// need IDs that differ between events. An empty name is an ErrInvalidArgument.
func IDField(name string) Option {
	return func(o *options) string {
		if o.idField = name; name == "" {
			return "IDField: the name is empty"
		}
		return ""
	}
}

// AttemptBy sets the function that returns how often a message was delivered, the first
// time being 1, where the service counts it and As has it: ApproximateReceiveCount of SQS,
// for example. Without it, Attempt of Info is 0. fn may run on any goroutine. A nil fn is
// an ErrInvalidArgument.
func AttemptBy(fn func(*pubsub.Message) int) Option {
	return func(o *options) string {
		if o.attempt = fn; fn == nil {
			return "AttemptBy: fn is nil"
		}
		return ""
	}
}

// NackPause sets how long the session keeps a message that was nacked before it nacks the
// message at the service. Most services send such a message again at once, so without a
// pause a message that always fails makes a hot loop. The delay of [delivery.Requeue]
// counts if it is longer. A message that waits counts as one that the session has. The
// default is 100 milliseconds; 0 is no pause. d < 0 is an ErrInvalidArgument.
func NackPause(d time.Duration) Option {
	return func(o *options) string {
		if o.nackPause = d; d < 0 {
			return fmt.Sprintf("NackPause: d is %v, want at least 0", d)
		}
		return ""
	}
}

// AckDeadline tells the session how long the service waits for an ack: the visibility
// timeout of SQS, for example. When d has passed since the message was received, the
// service delivers the message again, and so the context of the delivery ends with
// [delivery.ErrRevoked]. The time in the buffer of gocloud.dev does not count, because it
// is unknown here. The default is 0: no end. d < 0 is an ErrInvalidArgument.
func AckDeadline(d time.Duration) Option {
	return func(o *options) string {
		if o.deadline = d; d < 0 {
			return fmt.Sprintf("AckDeadline: d is %v, want at least 0", d)
		}
		return ""
	}
}

// Heartbeat calls fn with the messages that are open, every d, so that it asks the service
// for more time: ChangeMessageVisibility of SQS, for example, whose receipt handle As has.
// d should be a third of the time that the service waits for an ack. fn runs on the
// goroutine of the session that acks. With a Heartbeat, AckDeadline is how long a message
// is held at most. A nil fn and d ≤ 0 are an ErrInvalidArgument.
func Heartbeat(d time.Duration, fn func(ctx context.Context, ms []*pubsub.Message) error) Option {
	return func(o *options) string {
		o.heartbeat, o.every = fn, d
		switch {
		case fn == nil:
			return "Heartbeat: fn is nil"
		case d <= 0:
			return fmt.Sprintf("Heartbeat: d is %v, want more than 0", d)
		}
		return ""
	}
}
