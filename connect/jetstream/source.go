package jetstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// Source describes the durable consumer of a stream. Open creates the consumer if it
// does not exist, and updates it where the options say otherwise; see [Configure].
//
// The key of a delivery is its subject; see [KeyBy]. Info has the stream as Source, the
// stream sequence as Position, the message id (Nats-Msg-Id) as ID, and the number of
// deliveries as Attempt. In the exclusive modes, Attempt begins at 1 again with each
// session. The headers begin with the subject, as Nats-Subject.
//
// Backpressure: the session pulls no more than [Prefetch] events. Memory: those events,
// and some 150 bytes for each event that was emitted and is not committed. Goroutines:
// one for heartbeats, and one for commits or acks; Close joins both.
//
// Open fails for a stream that does not exist, for a consumer with another ack policy,
// and in the exclusive modes for a server before version 2.14. Receive fails when the
// consumer is deleted and when the connection is closed for good: let the connection
// reconnect for ever, with nats.MaxReconnects(-1). A nil js, an empty name and options
// that do not fit are an ErrInvalidArgument of Open.
func Source(js natsjs.JetStream, stream, consumer string, opts ...Option) delivery.Source[[]byte] {
	s := &source{js: js, stream: stream, consumer: consumer}
	s.o, s.bad = optionsOf(opts)
	switch {
	case js == nil:
		s.bad = "js is nil"
	case stream == "":
		s.bad = "stream is empty"
	case consumer == "":
		s.bad = "consumer is empty"
	}
	return s
}

type source struct {
	js               natsjs.JetStream
	stream, consumer string
	o                options
	bad              string
}

// Requeues implements [delivery.Requeuer].
func (s *source) Requeues() bool { return s.o.mode == sharedMode }

// Open implements [delivery.Source].
func (s *source) Open(ctx context.Context, so delivery.SessionOptions) (delivery.Session[[]byte], error) {
	if s.bad != "" {
		return nil, fmt.Errorf("%w: jetstream.Source: %s", turbopipes.ErrInvalidArgument, s.bad)
	}
	most := so.MaxUncommitted
	if most == 0 {
		most = defaultUncommitted
	}
	batch := s.o.prefetch
	if batch == 0 {
		batch = min(most, defaultPrefetch)
	}
	nc := s.js.Conn()
	if s.o.mode != sharedMode && nc.IsConnected() && !atLeast(nc.ConnectedServerVersion(), 2, 14) {
		return nil, fmt.Errorf("jetstream: the server has version %s, and the mode %s wants 2.14 or later: use Shared",
			nc.ConnectedServerVersion(), modeNames[s.o.mode])
	}
	cfg, err := s.consumerFor(ctx, most+batch)
	if err != nil {
		return nil, fmt.Errorf("jetstream: the consumer %q of the stream %q: %w", s.consumer, s.stream, err)
	}
	p := newPuller(nc, s.api("CONSUMER.MSG.NEXT."), batch, s.o)
	p.gone = s.gone
	if s.o.mode == sharedMode {
		return openShared(ctx, s, p, heartbeatEvery(cfg), most), nil
	}
	return openExclusive(ctx, s, p, cfg, most), nil
}

// consumerFor creates or updates the consumer, and returns its configuration. pending
// is how many events may be open at the server in an exclusive mode.
func (s *source) consumerFor(ctx context.Context, pending int) (cfg natsjs.ConsumerConfig, err error) {
	old, err := s.js.Consumer(ctx, s.stream, s.consumer)
	exists := err == nil
	switch {
	case exists:
		cfg = old.CachedInfo().Config
	case errors.Is(err, natsjs.ErrConsumerNotFound):
		cfg = natsjs.ConsumerConfig{Durable: s.consumer, MaxDeliver: -1, AckWait: defaultAckWait, MaxAckPending: -1, PinnedTTL: defaultPinTTL}
	default:
		return cfg, err
	}
	was := cfg
	if s.o.configure != nil {
		s.o.configure(&cfg)
	}
	if s.o.ackWait > 0 {
		cfg.AckWait = s.o.ackWait
	}
	cfg.AckPolicy = natsjs.AckExplicitPolicy
	if s.o.mode == prefixMode {
		cfg.AckPolicy = natsjs.AckAllPolicy
	}
	pinned := was.PriorityPolicy == natsjs.PriorityPolicyPinned
	switch {
	case exists && was.AckPolicy != cfg.AckPolicy:
		return cfg, fmt.Errorf("its ack policy is %v, and the mode %s wants %v: delete the consumer, or take another name",
			was.AckPolicy, modeNames[s.o.mode], cfg.AckPolicy)
	case s.o.mode == sharedMode && exists && pinned:
		return cfg, errors.New("it is an exclusive one, and the mode is Shared: delete the consumer, or take another name")
	case s.o.mode == sharedMode:
		cfg.PinnedTTL = 0
	case s.o.unpinned && exists && pinned:
		return cfg, errors.New("it is pinned, and the option is Unpinned: delete the consumer, or take another name")
	default:
		s.exclusively(&cfg, pending)
	}
	if exists && reflect.DeepEqual(was, cfg) {
		return cfg, nil
	}
	fresh, err := s.js.CreateOrUpdateConsumer(ctx, s.stream, cfg)
	if err != nil {
		return cfg, err
	}
	return fresh.CachedInfo().Config, nil
}

// ownerKey is where the consumer has the session that has opened it last, if it is not
// pinned.
const ownerKey = "turbopipes-owner"

// exclusively sets what the exclusive modes need.
func (s *source) exclusively(cfg *natsjs.ConsumerConfig, pending int) {
	if cfg.MaxAckPending >= 0 && cfg.MaxAckPending < pending {
		cfg.MaxAckPending = -1 // the session has the bound: a server at its limit delivers slowly
	}
	cfg.MaxDeliver = -1 // the server drops an event after so many deliveries
	cfg.BackOff = nil
	if s.o.unpinned {
		cfg.PinnedTTL = 0
		cfg.Metadata = maps.Clone(cfg.Metadata)
		if cfg.Metadata == nil {
			cfg.Metadata = map[string]string{}
		}
		cfg.Metadata[ownerKey] = nuid.Next()
		return
	}
	if cfg.PriorityPolicy != natsjs.PriorityPolicyPinned || len(cfg.PriorityGroups) == 0 {
		cfg.PriorityPolicy = natsjs.PriorityPolicyPinned
		cfg.PriorityGroups = []string{"turbopipes"}
		if cfg.PinnedTTL == 0 {
			cfg.PinnedTTL = defaultPinTTL
		}
	}
	if s.o.pinTTL > 0 {
		cfg.PinnedTTL = s.o.pinTTL
	}
}

// heartbeatEvery is a third of the time after which the server delivers again.
func heartbeatEvery(cfg natsjs.ConsumerConfig) time.Duration {
	wait := cfg.AckWait
	for _, d := range cfg.BackOff {
		wait = min(wait, d)
	}
	return max(wait/3, time.Millisecond)
}

// gone returns an error if the stream or the consumer does not exist any more. It does
// not know if the server does not answer.
func (s *source) gone(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, question)
	defer cancel()
	_, err := s.js.Consumer(ctx, s.stream, s.consumer)
	if isGone(err) {
		return fmt.Errorf("jetstream: the consumer %q of the stream %q: %w", s.consumer, s.stream, err)
	}
	return nil
}

// api is the subject of a request about the consumer.
func (s *source) api(what string) string {
	prefix := natsjs.DefaultAPIPrefix
	switch o := s.js.Options(); {
	case o.APIPrefix != "":
		prefix = strings.TrimSuffix(o.APIPrefix, ".") + "."
	case o.Domain != "":
		prefix = "$JS." + o.Domain + ".API."
	}
	return prefix + what + s.stream + "." + s.consumer
}

// delivered is an event as an info describes it.
func (s *source) info(m *nats.Msg, epoch int64) delivery.Info {
	r, _ := parseReply(m.Reply)
	return delivery.Info{
		Source: s.stream, Position: r.position, ID: m.Header.Get(natsjs.MsgIDHeader), Attempt: int(r.delivered), //nolint:gosec // a count
		Epoch: epoch, Time: time.Unix(0, r.time), Headers: headersOf(m),
	}
}

// headersOf are the headers of m, after its subject.
func headersOf(m *nats.Msg) delivery.Headers {
	return delivery.NewHeaders(func(yield func(k, v string) bool) {
		if _, ok := m.Header[natsjs.SubjectHeader]; !ok && !yield(natsjs.SubjectHeader, m.Subject) {
			return
		}
		for k, vs := range m.Header {
			if k == pinHeader {
				continue
			}
			for _, v := range vs {
				if !yield(k, v) {
					return
				}
			}
		}
	})
}

// atLeast reports whether version, as in "2.14.0-beta", is major.minor or later. It is
// true for a version that it can't read.
func atLeast(version string, major, minor int) bool {
	first, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	second, _, _ := strings.Cut(rest, ".")
	a, err := strconv.Atoi(first)
	b, err2 := strconv.Atoi(second)
	if err != nil || err2 != nil {
		return true
	}
	return a > major || a == major && b >= minor
}
