package watermill

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/turbopipes/turbopipes/delivery"
)

// The defaults of the options.
const (
	defaultKey         = "key"
	defaultNackPause   = 100 * time.Millisecond
	defaultAckWait     = time.Second
	defaultGrace       = 5 * time.Second
	defaultUncommitted = 1024
)

type options struct {
	key       func(*message.Message) string
	nackPause time.Duration
	ackWait   time.Duration
}

// Option is an option of [Source] and of [Messages].
type Option func(*options) (bad string)

func optionsOf(opts []Option) (o options, bad string) {
	o = options{key: keyIn(defaultKey), nackPause: defaultNackPause, ackWait: defaultAckWait}
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

func keyIn(name string) func(*message.Message) string {
	return func(m *message.Message) string { return m.Metadata.Get(name) }
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

// KeyBy computes the key of a delivery, in place of [KeyField]. fn runs on the goroutine
// of the session, and must not change the message. A nil fn is an ErrInvalidArgument.
func KeyBy(fn func(*message.Message) string) Option {
	return func(o *options) string {
		if o.key = fn; fn == nil {
			return "KeyBy: fn is nil"
		}
		return ""
	}
}

// NackPause sets how long the session keeps a message that was nacked before it nacks the
// message at the subscriber. Most subscribers send such a message again at once, so
// without a pause a message that always fails makes a hot loop. The delay of
// [delivery.Requeue] counts if it is longer. A message that waits counts as one that the
// session has. The default is 100 milliseconds; 0 is no pause. d < 0 is an
// ErrInvalidArgument.
func NackPause(d time.Duration) Option {
	return func(o *options) string {
		if o.nackPause = d; d < 0 {
			return fmt.Sprintf("NackPause: d is %v, want at least 0", d)
		}
		return ""
	}
}

// AckWait sets how long Close waits at most until the subscriber has seen the acks: until
// the contexts of the acked messages have ended, as Watermill's contract wants it. Close
// ends the subscription after that. A subscription that ends earlier can forget the last
// acks. The default is 1 second; 0 is no wait. d < 0 is an ErrInvalidArgument.
func AckWait(d time.Duration) Option {
	return func(o *options) string {
		if o.ackWait = d; d < 0 {
			return fmt.Sprintf("AckWait: d is %v, want at least 0", d)
		}
		return ""
	}
}

type subscriberOptions struct {
	inFlight    int
	resendPause time.Duration
	grace       time.Duration
	keyField    string
	unmarshal   func(delivery.Delivery[[]byte]) (*message.Message, error)
	process     []delivery.Option
	onError     func(topic string, err error)
}

// SubscriberOption is an option of [NewSubscriber].
type SubscriberOption func(*subscriberOptions) (bad string)

func subscriberOptionsOf(opts []SubscriberOption) (o subscriberOptions, bad string) {
	o = subscriberOptions{
		inFlight: 1, resendPause: defaultNackPause, grace: defaultGrace, keyField: defaultKey,
		onError: func(topic string, err error) {
			slog.Error("watermill: the subscription has failed", "topic", topic, "error", err)
		},
	}
	bad = apply(&o, opts)
	return o, bad
}

// InFlight sets how many messages of a subscription are with their consumer at once.
// Messages of one key are there one at a time and in order, also after a nack. The
// default is 1, as Watermill's contract has it: the next message comes after the ack.
// n < 1 is an ErrInvalidArgument.
func InFlight(n int) SubscriberOption {
	return func(o *subscriberOptions) string {
		if o.inFlight = n; n < 1 {
			return fmt.Sprintf("InFlight: n is %d, want at least 1", n)
		}
		return ""
	}
}

// ResendPause sets how long the subscriber waits before it sends a nacked message again.
// The default is 100 milliseconds; 0 is no pause. d < 0 is an ErrInvalidArgument.
func ResendPause(d time.Duration) SubscriberOption {
	return func(o *subscriberOptions) string {
		if o.resendPause = d; d < 0 {
			return fmt.Sprintf("ResendPause: d is %v, want at least 0", d)
		}
		return ""
	}
}

// Grace sets how long the end of a subscription waits for the acks of the messages that
// its consumer has. The default is 5 seconds; 0 is no wait. d < 0 is an
// ErrInvalidArgument.
func Grace(d time.Duration) SubscriberOption {
	return func(o *subscriberOptions) string {
		if o.grace = d; d < 0 {
			return fmt.Sprintf("Grace: d is %v, want at least 0", d)
		}
		return ""
	}
}

// Unmarshal makes the message of an event. fn runs in several goroutines at once, and
// again when a message is sent again; each call returns a new message. An error of fn is
// [delivery.Permanent]. The default makes a message with the event's ID as its UUID, its
// headers as metadata, its key as the metadata "key" unless a header has that name, and
// its value as payload. Where the broker has no ids, the UUID is the position, as in
// "orders/3@1742". A nil fn is an ErrInvalidArgument.
func Unmarshal(fn func(delivery.Delivery[[]byte]) (*message.Message, error)) SubscriberOption {
	return func(o *subscriberOptions) string {
		if o.unmarshal = fn; fn == nil {
			return "Unmarshal: fn is nil"
		}
		return ""
	}
}

// With adds options of [delivery.Process], which runs the subscription: Retry and
// DeadLetter in place of resending for ever, MaxUncommitted, CloseTimeout, OnStall.
func With(opts ...delivery.Option) SubscriberOption {
	return func(o *subscriberOptions) string { o.process = append(o.process, opts...); return "" }
}

// OnError calls fn with the error that has ended a subscription: the channel is closed
// then. fn runs on the goroutine of the subscription. The default writes it to slog. A
// nil fn is an ErrInvalidArgument.
func OnError(fn func(topic string, err error)) SubscriberOption {
	return func(o *subscriberOptions) string {
		if o.onError = fn; fn == nil {
			return "OnError: fn is nil"
		}
		return ""
	}
}
