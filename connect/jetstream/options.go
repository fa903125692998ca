package jetstream

import (
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
)

// The defaults of the options.
const (
	defaultAckWait     = 30 * time.Second
	defaultPinTTL      = 10 * time.Second
	defaultRevokeWait  = 10 * time.Second
	defaultCommitEvery = 20 * time.Millisecond
	defaultPrefetch    = 500
	defaultUncommitted = 1024
)

type mode int

const (
	exclusiveMode mode = iota
	prefixMode
	sharedMode
)

var modeNames = [...]string{"Exclusive", "Prefix", "Shared"}

type options struct {
	mode        mode
	chosen      bool
	unpinned    bool
	configure   func(*natsjs.ConsumerConfig)
	key         func(*nats.Msg) string
	ackWait     time.Duration // 0: that of the consumer
	pinTTL      time.Duration // 0: that of the consumer
	maxHold     time.Duration
	revokeWait  time.Duration
	commitEvery time.Duration
	prefetch    int // 0: the default

	expires, beat, answer time.Duration // of pull requests; of requests to the server
}

// Option is an option of [Source].
type Option func(*options) (bad string)

func optionsOf(opts []Option) (o options, bad string) {
	o = options{
		key: func(m *nats.Msg) string { return m.Subject }, revokeWait: defaultRevokeWait,
		commitEvery: defaultCommitEvery, expires: 30 * time.Second, beat: 5 * time.Second, answer: 2 * time.Second,
	}
	for i, opt := range opts {
		if opt == nil {
			return o, fmt.Sprintf("option %d is nil", i+1)
		}
		if bad := opt(&o); bad != "" {
			return o, bad
		}
	}
	if o.maxHold > 0 && o.mode != sharedMode {
		return o, "MaxHold: the mode is " + modeNames[o.mode] + ", want Shared"
	}
	if o.pinTTL > 0 && o.mode == sharedMode {
		return o, "PinTTL: the mode is Shared, want Exclusive or Prefix"
	}
	if o.unpinned && o.mode == sharedMode {
		return o, "Unpinned: the mode is Shared, want Exclusive or Prefix"
	}
	return o, ""
}

func (o *options) choose(m mode) (bad string) {
	if o.chosen && o.mode != m {
		return modeNames[m] + ": " + modeNames[o.mode] + " was given, too"
	}
	o.mode, o.chosen = m, true
	return ""
}

// Shared lets any number of sessions, in any number of processes, share the consumer.
// Each event goes to one of them, and is settled by itself. An event that is nacked, or
// not settled in time, comes again later, to any session: events with the same key can
// change their order then. It is the mode for work queues, and for
// [delivery.Requeue].
func Shared() Option { return func(o *options) string { return o.choose(sharedMode) } }

// Prefix is the exclusive mode with one ack for all events up to a position, in place
// of one for each event: the consumer has the policy AckAll. It is faster. An ack of an
// AckAll consumer also settles what another process has open, so never read such a
// consumer with another client. A stream with work-queue retention does not allow it.
func Prefix() Option { return func(o *options) string { return o.choose(prefixMode) } }

// Unpinned is for an exclusive mode of which the application makes sure that one process
// at a time has the consumer. The server then does not reserve the consumer for one
// session, which makes each event some 15% cheaper. A session that is opened takes the
// consumer: the one before ends with [delivery.ErrFenced], when it notices, which is
// within a third of [PinTTL]. Nothing is lost. In between, events may run in both, and
// out of order.
func Unpinned() Option {
	return func(o *options) string { o.unpinned = true; return "" }
}

// Configure calls fn with the configuration of the consumer, before the source creates
// or updates the consumer: for filter subjects, replicas, or a start position. If the
// consumer exists, fn gets its configuration. The source sets afterwards what its mode
// needs: the ack policy, and in the exclusive modes also the priority group, MaxDeliver
// (no limit), BackOff (none), and MaxAckPending if it is too small. A nil fn is an ErrInvalidArgument.
func Configure(fn func(*natsjs.ConsumerConfig)) Option {
	return func(o *options) string {
		if o.configure = fn; fn == nil {
			return "Configure: fn is nil"
		}
		return ""
	}
}

// KeyBy sets the key of a delivery. The default is the subject. fn runs on the goroutine
// of the session and must not keep the message. A nil fn is an ErrInvalidArgument.
func KeyBy(fn func(*nats.Msg) string) Option {
	return func(o *options) string {
		if o.key = fn; fn == nil {
			return "KeyBy: fn is nil"
		}
		return ""
	}
}

// AckWait sets after what time without a sign of life the server delivers an event
// again. The source sends such signs for all events that it has, also for those in its
// buffer, so AckWait is not a limit for the time that an event takes. The default is
// that of the consumer, and 30 seconds for a new consumer.
func AckWait(d time.Duration) Option {
	return positive("AckWait", d, func(o *options) *time.Duration { return &o.ackWait })
}

// MaxHold limits how long a [Shared] session holds an event. After that time the event
// is another's: its context ends with [delivery.ErrRevoked], and the server delivers it
// again after AckWait. The default is no limit.
func MaxHold(d time.Duration) Option {
	return positive("MaxHold", d, func(o *options) *time.Duration { return &o.maxHold })
}

// PinTTL sets how long the consumer stays reserved for an exclusive session that gives
// no sign of life. So long does another session wait after a crash. After a graceful
// end it does not wait. The default is that of the consumer, and 10 seconds for a new
// consumer.
func PinTTL(d time.Duration) Option {
	return positive("PinTTL", d, func(o *options) *time.Duration { return &o.pinTTL })
}

// RevokeWait limits how long an exclusive session waits for its open events when it has
// to begin again at the ack floor: after a restart of the server, for example. The
// default is 10 seconds.
func RevokeWait(d time.Duration) Option {
	return positive("RevokeWait", d, func(o *options) *time.Duration { return &o.revokeWait })
}

// CommitEvery sets how long an exclusive session waits at most before it acks events
// that are done. Acks do not wait when a quarter of MaxUncommitted is done. The default is 20
// milliseconds.
func CommitEvery(d time.Duration) Option {
	return positive("CommitEvery", d, func(o *options) *time.Duration { return &o.commitEvery })
}

func positive(name string, d time.Duration, field func(*options) *time.Duration) Option {
	return func(o *options) string {
		if *field(o) = d; d <= 0 {
			return fmt.Sprintf("%s: d is %v, want more than 0", name, d)
		}
		return ""
	}
}

// Prefetch bounds the events in the buffer of the client: those that were asked for or
// have arrived, and were not emitted yet. The default is MaxUncommitted, and 500 at
// most. n < 1 is an ErrInvalidArgument.
func Prefetch(n int) Option {
	return func(o *options) string {
		if o.prefetch = n; n < 1 {
			return fmt.Sprintf("Prefetch: n is %d, want at least 1", n)
		}
		return ""
	}
}
