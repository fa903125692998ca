package gocloud

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"gocloud.dev/pubsub"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// The metadata of a dead letter.
const (
	DeadErrorField = "dead_error" // the error of the last try
	DeadTriesField = "dead_tries" // how often the event was tried
	DeadEventField = "dead_event" // the source, the partition and the position
)

// Sink sends messages to a topic. Send of gocloud.dev returns when the service has the
// message. So an event that is acked after that is not lost.
//
// An event that comes again is sent again, with the same ID in its metadata. A service that
// recognises IDs, such as a FIFO queue of SQS, needs them in the metadata that its driver
// reads; see [SetID].
type Sink struct {
	topic *pubsub.Topic
	o     sinkOptions
	bad   string
}

type sinkOptions struct{ keyField, idField string }

// SinkOption is an option of [NewSink].
type SinkOption func(*sinkOptions) (bad string)

// SetKey sets the metadata that [Sink.Each] and the dead letters have for the key of the
// delivery. The default is "key". An empty name leaves the key out.
func SetKey(name string) SinkOption {
	return func(o *sinkOptions) string { o.keyField = name; return "" }
}

// SetID sets the metadata that [Sink.Each] and the dead letters have for the ID of the
// event. The default is "id". An empty name leaves the ID out.
func SetID(name string) SinkOption {
	return func(o *sinkOptions) string { o.idField = name; return "" }
}

// NewSink returns a Sink for a topic, which stays open. A nil topic and options that do
// not fit are an ErrInvalidArgument of its methods.
func NewSink(topic *pubsub.Topic, opts ...SinkOption) *Sink {
	s := &Sink{topic: topic, o: sinkOptions{keyField: defaultKey, idField: defaultID}}
	s.bad = apply(&s.o, opts)
	if topic == nil {
		s.bad = "topic is nil"
	}
	return s
}

// Publish sends m, which must not be a received message. It returns when the service has
// it, or the cause of ctx when ctx ends. After an error the message may have been sent all
// the same. Any number of goroutines may call it; gocloud.dev sends their messages in
// batches. A nil m is an ErrInvalidArgument.
func (s *Sink) Publish(ctx context.Context, m *pubsub.Message) error {
	bad := s.bad
	if bad == "" && m == nil {
		bad = "the message is nil"
	}
	if bad != "" {
		return delivery.Permanent(fmt.Errorf("%w: gocloud.Sink: %s", turbopipes.ErrInvalidArgument, bad))
	}
	if err := s.topic.Send(ctx, m); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("gocloud: send: %w", err)
	}
	return nil
}

// Each sends the message of each delivery, at most n at a time, and acks the delivery when
// the service has the message. It is the last stage of a pipeline in [delivery.Through].
// Messages of deliveries with equal keys are sent one at a time and in order, also over
// retries; whether the service keeps that order is up to it. A message without the
// metadata "id" gets the ID of its event, and one without the metadata "key" gets the key
// of its delivery; see [SetID] and [SetKey]. The options are those of [delivery.Each].
func (s *Sink) Each(n int, opts ...delivery.Option) turbopipes.Operator[delivery.Delivery[*pubsub.Message], delivery.Receipt] {
	return delivery.Each(n, func(ctx context.Context, d delivery.Delivery[*pubsub.Message]) error {
		if d.Value == nil {
			return s.Publish(ctx, nil)
		}
		return s.Publish(ctx, s.named(copyOf(d.Value), d.Info(), d.Key))
	}, opts...)
}

// copyOf returns a message to send. A received message has a LoggableID, which no message
// to send may have.
func copyOf(m *pubsub.Message) *pubsub.Message {
	return &pubsub.Message{Body: m.Body, Metadata: maps.Clone(m.Metadata), BeforeSend: m.BeforeSend, AfterSend: m.AfterSend}
}

// named sets the ID and the key of m where it has none.
func (s *Sink) named(m *pubsub.Message, i delivery.Info, key string) *pubsub.Message {
	set(m, s.o.idField, i.ID)
	set(m, s.o.keyField, key)
	return m
}

// set sets metadata that m does not have.
func set(m *pubsub.Message, name, value string) {
	if name == "" || value == "" || m.Metadata[name] != "" {
		return
	}
	if m.Metadata == nil {
		m.Metadata = map[string]string{}
	}
	m.Metadata[name] = value
}

// DeadLetter returns a function for [delivery.DeadLetter], which sends the value, the key,
// the headers and the ID of the event, with [DeadErrorField], [DeadTriesField] and
// [DeadEventField]. The topic should be another one than that of the source.
func (s *Sink) DeadLetter() func(context.Context, delivery.Dead[[]byte]) error {
	return func(ctx context.Context, d delivery.Dead[[]byte]) error {
		info := d.Delivery.Info()
		m := &pubsub.Message{Body: d.Delivery.Value, Metadata: maps.Collect(info.Headers.All())}
		return s.Publish(ctx, s.dead(m, info, d.Delivery.Key, d.Tries, d.Err))
	}
}

// DeadMessage is [Sink.DeadLetter] for the deliveries of [Messages].
func (s *Sink) DeadMessage() func(context.Context, delivery.Dead[*pubsub.Message]) error {
	return func(ctx context.Context, d delivery.Dead[*pubsub.Message]) error {
		return s.Publish(ctx, s.dead(copyOf(d.Delivery.Value), d.Delivery.Info(), d.Delivery.Key, d.Tries, d.Err))
	}
}

func (s *Sink) dead(m *pubsub.Message, i delivery.Info, key string, tries int, err error) *pubsub.Message {
	if m.Metadata == nil {
		m.Metadata = map[string]string{}
	}
	m.Metadata[DeadTriesField] = strconv.Itoa(tries)
	m.Metadata[DeadEventField] = i.String()
	if err != nil {
		m.Metadata[DeadErrorField] = validText(err.Error())
	}
	return s.named(m, i, key)
}

// validText makes s fit for metadata, which gocloud.dev wants to be UTF-8.
func validText(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
