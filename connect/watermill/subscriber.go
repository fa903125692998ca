package watermill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// Subscriber is a [message.Subscriber] of delivery sources.
type Subscriber struct {
	source func(topic string) delivery.Source[[]byte]
	o      subscriberOptions
	bad    string

	mu      sync.Mutex
	closed  bool
	closing chan struct{}
	running sync.WaitGroup
}

var _ message.Subscriber = (*Subscriber)(nil)

// NewSubscriber returns a subscriber. source returns the source of a topic, and is called
// for each subscription.
//
// An event is settled at its broker after its message was acked. A message that is nacked
// is sent again after [ResendPause], as a new message, and events of its key wait
// meanwhile. It goes on until the message is acked, or as the options of [With] say.
//
// A nil source and options that do not fit are an ErrInvalidArgument of Subscribe.
func NewSubscriber(source func(topic string) delivery.Source[[]byte], opts ...SubscriberOption) *Subscriber {
	s := &Subscriber{source: source, closing: make(chan struct{})}
	s.o, s.bad = subscriberOptionsOf(opts)
	if source == nil {
		s.bad = "source is nil"
	}
	if s.o.unmarshal == nil {
		s.o.unmarshal = messageOf
	}
	return s
}

// messageOf is the default of [Unmarshal].
func messageOf(d delivery.Delivery[[]byte]) (*message.Message, error) {
	info := d.Info()
	if info.ID == "" {
		info.ID = info.String()
	}
	m := message.NewMessage(info.ID, d.Value)
	for k, v := range info.Headers.All() {
		if _, ok := m.Metadata[k]; !ok {
			m.Metadata.Set(k, v)
		}
	}
	if _, ok := m.Metadata[defaultKey]; !ok && d.Key != "" {
		m.Metadata.Set(defaultKey, d.Key)
	}
	return m, nil
}

// Subscribe opens a session of the topic's source, and returns when it is open. The
// messages have [InFlight] as their limit; their contexts end with their acks, with the
// end of ctx, and when their partition was taken away.
//
// The end of ctx ends the subscription. Acks of messages that the consumer has count for
// [Grace] longer. The channel is closed after that, when the session is closed. It is
// closed, too, when the source is at its end or has failed, see [OnError]. Goroutines:
// those of [delivery.Process] and one more, joined before the channel is closed.
func (s *Subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	if s.bad != "" {
		return nil, fmt.Errorf("%w: watermill.NewSubscriber: %s", turbopipes.ErrInvalidArgument, s.bad)
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, ErrClosed
	}
	s.running.Add(1) // before Close waits
	s.mu.Unlock()
	u := &subscription{s: s, topic: topic, out: make(chan *message.Message), hard: make(chan struct{})}
	if err := u.open(ctx); err != nil {
		s.running.Done()
		return nil, err
	}
	go func() {
		defer s.running.Done()
		u.live(ctx)
	}()
	return u.out, nil
}

// Close ends all subscriptions: no more messages come, and those that consumers have may
// be acked for [Grace] longer, with contexts that go on. Then the contexts end, the
// sessions are closed, and the channels. Close may be called again. It returns nil.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	s.mu.Unlock()
	s.running.Wait()
	return nil
}

// subscription is one that runs.
type subscription struct {
	s      *Subscriber
	topic  string
	out    chan *message.Message
	hard   chan struct{} // closed when acks do not count any more
	stream *turbopipes.Subscription
}

var (
	errNacked  = errors.New("watermill: the message was nacked")
	errClosing = errors.New("watermill: the subscriber is closing")
)

// open starts the stream, and waits until its session is open.
func (u *subscription) open(ctx context.Context) error {
	src := u.s.source(u.topic)
	if src == nil {
		return fmt.Errorf("%w: watermill.NewSubscriber: the source of %q is nil", turbopipes.ErrInvalidArgument, u.topic)
	}
	opened := make(chan struct{})
	o := []delivery.Option{delivery.Retry(turbopipes.Infinite, operators.Constant(u.s.o.resendPause))}
	stream := delivery.Process[[]byte](opening{src, opened}, u.s.o.inFlight, u.handle, append(o, u.s.o.process...)...)
	u.stream = stream.Subscribe(ctx, turbopipes.Observer[delivery.Receipt]{Error: func(error) {}})
	select {
	case <-opened:
		return nil
	case <-u.stream.Done():
	}
	if err := u.stream.Err(); err != nil {
		return fmt.Errorf("watermill: subscribe to %q: %w", u.topic, err)
	}
	return fmt.Errorf("watermill: subscribe to %q: %w", u.topic, context.Cause(ctx))
}

// live closes the channel at the end.
func (u *subscription) live(ctx context.Context) {
	defer close(u.out)
	select {
	case <-u.stream.Done():
	case <-u.s.closing:
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), u.s.o.grace)
		context.AfterFunc(grace, func() { close(u.hard) })
		_ = u.stream.Stop(grace) // its error is that of Err
		cancel()
	}
	if err := u.stream.Err(); err != nil && ctx.Err() == nil && !errors.Is(err, errClosing) {
		u.s.o.onError(u.topic, err)
	}
}

// handle sends the message of d, and waits for its ack.
func (u *subscription) handle(ctx context.Context, d delivery.Delivery[[]byte]) error {
	select {
	case <-u.s.closing:
		return errClosing
	default:
	}
	m, err := u.s.o.unmarshal(d)
	switch {
	case err != nil:
		return delivery.Permanent(fmt.Errorf("watermill: unmarshal: %w", err))
	case m == nil:
		return delivery.Permanent(errors.New("watermill: unmarshal: it has returned neither a message nor an error"))
	}
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	m.SetContext(own)
	select {
	case u.out <- m:
	case <-u.s.closing:
		return errClosing
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-m.Acked():
		return nil
	case <-m.Nacked():
		return errNacked
	case <-ctx.Done():
	}
	return u.late(ctx, m)
}

// late waits for the ack of a message whose context has ended: its consumer may be about
// to finish.
func (u *subscription) late(ctx context.Context, m *message.Message) error {
	if errors.Is(context.Cause(ctx), delivery.ErrRevoked) {
		return context.Cause(ctx)
	}
	grace := time.NewTimer(u.s.o.grace)
	defer grace.Stop()
	select {
	case <-m.Acked():
		return nil
	case <-m.Nacked():
		return errNacked
	case <-grace.C:
	case <-u.hard:
	}
	return context.Cause(ctx)
}

// opening is a source that says when it is open.
type opening struct {
	delivery.Source[[]byte]
	opened chan struct{}
}

func (o opening) Open(ctx context.Context, so delivery.SessionOptions) (delivery.Session[[]byte], error) {
	s, err := o.Source.Open(ctx, so)
	if err == nil {
		close(o.opened)
	}
	return s, err
}

// Requeues implements [delivery.Requeuer].
func (o opening) Requeues() bool {
	q, ok := o.Source.(delivery.Requeuer)
	return ok && q.Requeues()
}
