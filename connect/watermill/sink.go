package watermill

import (
	"context"
	"fmt"
	"strconv"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// The metadata of a dead letter. The first two names are those of Watermill's poison
// queue.
const (
	DeadErrorField = "reason_poisoned" // the error of the last try
	DeadTopicField = "topic_poisoned"  // the source of the event
	DeadTriesField = "delivery-tries"  // how many there were
	DeadEventField = "delivery-event"  // the source, the partition and the position
)

// Sink publishes messages to a topic. An event that is acked after its message was
// published is lost neither here nor there, as far as the publisher returns after the
// broker has the message. Some publishers can be set up to return earlier; do not use
// them so.
//
// Watermill does not recognise a repetition: an event that comes again is published
// again, with the same UUID.
type Sink struct {
	publisher message.Publisher
	topic     string
	o         sinkOptions
	bad       string
}

type sinkOptions struct{ keyField string }

// SinkOption is an option of [NewSink].
type SinkOption func(*sinkOptions) (bad string)

// SetKey sets the metadata that [Sink.Each] and the dead letters have for the key of the
// delivery. The default is "key". An empty name leaves the key out.
func SetKey(name string) SinkOption {
	return func(o *sinkOptions) string { o.keyField = name; return "" }
}

// NewSink returns a Sink for a topic. The publisher stays open. A nil publisher, an empty
// topic and options that do not fit are an ErrInvalidArgument of its methods.
func NewSink(publisher message.Publisher, topic string, opts ...SinkOption) *Sink {
	s := &Sink{publisher: publisher, topic: topic, o: sinkOptions{keyField: defaultKey}}
	s.bad = apply(&s.o, opts)
	switch {
	case publisher == nil:
		s.bad = "publisher is nil"
	case topic == "":
		s.bad = "topic is empty"
	}
	return s
}

// Publish publishes a copy of m whose context is ctx. It returns when the publisher does,
// also after ctx has ended: Watermill's interface has no other way. After an error the
// message may have been published all the same. Any number of goroutines may call it. A
// nil m is an ErrInvalidArgument.
func (s *Sink) Publish(ctx context.Context, m *message.Message) error {
	bad := s.bad
	if bad == "" && m == nil {
		bad = "the message is nil"
	}
	if bad != "" {
		return delivery.Permanent(fmt.Errorf("%w: watermill.Sink: %s", turbopipes.ErrInvalidArgument, bad))
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := s.publisher.Publish(s.topic, copyFor(ctx, m)); err != nil {
		return fmt.Errorf("watermill: publish to %q: %w", s.topic, err)
	}
	return nil
}

// Each publishes the message of each delivery, at most n at a time, and acks the delivery
// when the publisher has returned nil. It is the last stage of a pipeline in
// [delivery.Through]. Messages of deliveries with equal keys are published one at a time
// and in order, also over retries. A message without a UUID gets the ID of its event, and
// one without the metadata "key" gets the key of its delivery; see [SetKey]. The options
// are those of [delivery.Each].
func (s *Sink) Each(n int, opts ...delivery.Option) turbopipes.Operator[delivery.Delivery[*message.Message], delivery.Receipt] {
	return delivery.Each(n, func(ctx context.Context, d delivery.Delivery[*message.Message]) error {
		if d.Value == nil {
			return s.Publish(ctx, nil)
		}
		return s.Publish(ctx, s.named(d.Value.Copy(), d.Info(), d.Key))
	}, opts...)
}

// named sets the UUID and the key of m where it has none.
func (s *Sink) named(m *message.Message, i delivery.Info, key string) *message.Message {
	if m.UUID == "" {
		m.UUID = i.ID
	}
	if name := s.o.keyField; name != "" && key != "" && m.Metadata.Get(name) == "" {
		m.Metadata.Set(name, key)
	}
	return m
}

// Handler returns a function for [delivery.Process] that calls fn, a handler for
// Watermill's router, and publishes the messages that it returns, one after the other.
// The event is acked when all of them are published. When that fails, a retry calls fn
// and publishes all of them again.
func (s *Sink) Handler(fn message.HandlerFunc) func(context.Context, delivery.Delivery[*message.Message]) error {
	return func(ctx context.Context, d delivery.Delivery[*message.Message]) error {
		out, err := fn(copyFor(ctx, d.Value))
		if err != nil {
			return err
		}
		for _, m := range out {
			if err := s.Publish(ctx, m); err != nil {
				return err
			}
		}
		return nil
	}
}

// DeadLetter returns a function for [delivery.DeadLetter], which publishes the value, the
// key, the headers and the ID of the event, with [DeadErrorField], [DeadTopicField],
// [DeadTriesField] and [DeadEventField]. The topic should be another one than that of the
// source.
func (s *Sink) DeadLetter() func(context.Context, delivery.Dead[[]byte]) error {
	return func(ctx context.Context, d delivery.Dead[[]byte]) error {
		info := d.Delivery.Info()
		m := message.NewMessage(info.ID, d.Delivery.Value)
		for k, v := range info.Headers.All() {
			m.Metadata.Set(k, v)
		}
		return s.Publish(ctx, s.dead(m, info, d.Delivery.Key, d.Tries, d.Err))
	}
}

// DeadMessage is [Sink.DeadLetter] for the deliveries of [Messages].
func (s *Sink) DeadMessage() func(context.Context, delivery.Dead[*message.Message]) error {
	return func(ctx context.Context, d delivery.Dead[*message.Message]) error {
		return s.Publish(ctx, s.dead(d.Delivery.Value.Copy(), d.Delivery.Info(), d.Delivery.Key, d.Tries, d.Err))
	}
}

func (s *Sink) dead(m *message.Message, i delivery.Info, key string, tries int, err error) *message.Message {
	m.Metadata.Set(DeadTopicField, i.Source)
	m.Metadata.Set(DeadTriesField, strconv.Itoa(tries))
	m.Metadata.Set(DeadEventField, i.String())
	if err != nil {
		m.Metadata.Set(DeadErrorField, err.Error())
	}
	return s.named(m, i, key)
}
