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
// Where the metadata is missing, the ID is the LoggableID of the message. SQS, Google Cloud
// Pub/Sub and Azure Service Bus have a unique id there, and other drivers may not: that of
// Kafka has the key of the record. [delivery.Dedup] and [delivery.Attempts] need IDs that
// differ between events. An empty name is an ErrInvalidArgument.
func IDField(name string) Option {
	return func(o *options) string {
		if o.idField = name; name == "" {
			return "IDField: the name is empty"
		}
		return ""
	}
}

// AttemptBy sets the function that returns the number of a delivery of the message, from 1.
// Use it if the service counts deliveries: SQS has ApproximateReceiveCount. Without it,
// Attempt of Info is 0. fn is called each time that Info is read, on any goroutine. A nil fn
// is an ErrInvalidArgument.
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

// AckDeadline ends the context of a delivery with [delivery.ErrRevoked] when the session has
// had the message for d, or up to an eighth longer, and the function has not returned. The
// service then delivers the message again. The session counts from its own Receive, and the
// service from the fetch into the buffer of gocloud.dev, which is earlier. So d is less than
// the service's limit, such as the visibility timeout of SQS. The default is 0: no end. d < 0
// is an ErrInvalidArgument.
func AckDeadline(d time.Duration) Option {
	return func(o *options) string {
		if o.deadline = d; d < 0 {
			return fmt.Sprintf("AckDeadline: d is %v, want at least 0", d)
		}
		return ""
	}
}

// Heartbeat calls fn with the messages that are open, every d, so that it asks the service
// for more time: by ChangeMessageVisibility of SQS, for example. d should be a third of the
// time that the service waits for an ack. fn runs on a goroutine of its own, one call at a
// time. It must return when its ctx ends, because Close waits for it. Its error is ignored:
// the next heartbeat tries again. With a Heartbeat, AckDeadline is how long a message is held
// at most. A nil fn and d ≤ 0 are an ErrInvalidArgument.
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
