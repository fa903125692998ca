package watermill

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// Source describes a topic of a Watermill subscriber. Each Open subscribes to the topic.
// The value of a delivery is the payload of the message, and its key is the metadata
// "key"; see [KeyField] and [KeyBy]. Info has the topic as Source, the UUID as Position
// and ID, and the metadata as Headers, sorted by name. Watermill counts no attempts.
//
// A message is acked when its event is done, and nacked when the event was nacked, or is
// open at the end. How many messages are in flight is the subscriber's choice: many send
// the next message after the ack, at least for each partition. Then only one event runs
// at a time, whatever n is, and a Batch waits for its time limit.
//
// The context of a delivery has the values of the message's context, and not its end:
// an ack ends the context of the message. The delivery's context ends with the session,
// and with [delivery.ErrRevoked] when the subscriber gives up the message before that.
//
// Backpressure: a busy pipeline holds the session, which receives no more. The session
// has MaxUncommitted messages at most, 1024 where it is not set. Goroutines: one for acks, which
// Close joins, and those of the subscriber.
//
// Open fails when Subscribe does. Receive is at its end when the subscriber closes the
// channel; Watermill has no error for it. Close waits for the subscriber to see the acks
// ([AckWait]) and to close the channel. The subscriber stays open. A nil subscriber, an
// empty topic and options that do not fit are an ErrInvalidArgument of Open.
func Source(subscriber message.Subscriber, topic string, opts ...Option) delivery.Source[[]byte] {
	s := newSource[[]byte](subscriber, topic, opts)
	s.value = func(it *item) []byte { return it.msg.Payload }
	return s
}

// Messages is [Source] with whole messages as values. Such a value is a copy of the
// subscriber's message: its Ack and Nack do nothing, and its context is that of the
// delivery. [Handler] adapts functions that were written for Watermill.
func Messages(subscriber message.Subscriber, topic string, opts ...Option) delivery.Source[*message.Message] {
	s := newSource[*message.Message](subscriber, topic, opts)
	s.value = func(it *item) *message.Message {
		m := it.msg.Copy()
		m.SetContext(it.ctx)
		return m
	}
	return s
}

// Handler returns a function for [delivery.Process] that calls fn, a handler for
// Watermill's router. Each call has a copy of the message, whose context is that of the
// task.
func Handler(fn message.NoPublishHandlerFunc) func(context.Context, delivery.Delivery[*message.Message]) error {
	return func(ctx context.Context, d delivery.Delivery[*message.Message]) error {
		return fn(copyFor(ctx, d.Value))
	}
}

func copyFor(ctx context.Context, m *message.Message) *message.Message {
	m = m.Copy()
	m.SetContext(ctx)
	return m
}

type source[T any] struct {
	subscriber message.Subscriber
	topic      string
	o          options
	value      func(*item) T
	bad        string
}

func newSource[T any](subscriber message.Subscriber, topic string, opts []Option) *source[T] {
	s := &source[T]{subscriber: subscriber, topic: topic}
	s.o, s.bad = optionsOf(opts)
	switch {
	case subscriber == nil:
		s.bad = "subscriber is nil"
	case topic == "":
		s.bad = "topic is empty"
	}
	return s
}

// Requeues implements [delivery.Requeuer].
func (s *source[T]) Requeues() bool { return true }

// Open implements [delivery.Source].
func (s *source[T]) Open(ctx context.Context, so delivery.SessionOptions) (delivery.Session[T], error) {
	if s.bad != "" {
		return nil, fmt.Errorf("%w: watermill.Source: %s", turbopipes.ErrInvalidArgument, s.bad)
	}
	n, err := s.subscribe(ctx)
	if err != nil {
		return nil, fmt.Errorf("watermill: subscribe to %q: %w", s.topic, err)
	}
	most := so.MaxUncommitted
	if most == 0 {
		most = defaultUncommitted
	}
	n.ledger = delivery.NewLedger(ctx, delivery.LedgerOptions[*item]{
		Ack: n.ack, Nack: n.nack, Info: func(it *item) delivery.Info { return infoOf(s.topic, it.msg) },
		HoldNacks: true, NackPause: s.o.nackPause, MaxOpen: most,
	})
	return n, nil
}

// subscribe opens a subscription that does not end with ctx.
func (s *source[T]) subscribe(ctx context.Context) (*session[T], error) {
	n := &session[T]{src: s}
	n.ctx, n.end = context.WithCancel(context.WithValue(context.WithoutCancel(ctx), mark{}, n))
	limit := context.AfterFunc(ctx, n.end)
	ch, err := s.subscriber.Subscribe(n.ctx, s.topic)
	ended := !limit()
	switch {
	case err == nil && ended:
		err = context.Cause(ctx)
	case err == nil && ch == nil:
		err = errors.New("it has returned neither a channel nor an error")
	}
	if err != nil {
		n.end()
		return nil, err
	}
	n.ch = ch
	return n, nil
}

func infoOf(topic string, m *message.Message) delivery.Info {
	return delivery.Info{
		Source: topic, Position: m.UUID, ID: m.UUID,
		Headers: delivery.NewHeaders(func(yield func(k, v string) bool) {
			for _, k := range slices.Sorted(maps.Keys(m.Metadata)) {
				if !yield(k, m.Metadata[k]) {
					return
				}
			}
		}),
	}
}
