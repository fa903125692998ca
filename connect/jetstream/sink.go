package jetstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// The headers of a dead letter.
const (
	DeadErrorHeader = "Delivery-Error" // the error of the last try
	DeadTriesHeader = "Delivery-Tries" // how many there were
	DeadEventHeader = "Delivery-Event" // the source, the partition and the position
)

// Sink publishes to streams, and waits until the server has stored each message. So an
// event that is acked after its message was published is lost neither here nor there.
//
// A message with an id, in its header Nats-Msg-Id, is stored once within the window for
// duplicates of the stream, which is 2 minutes by default: an event that comes again
// publishes nothing new. A message without an id may be stored twice.
type Sink struct {
	js   natsjs.JetStream
	id   func(delivery.Delivery[*nats.Msg]) string
	opts []natsjs.PublishOpt
	bad  string
}

// SinkOption is an option of [NewSink].
type SinkOption func(*Sink)

// MessageID sets the id of messages that [Sink.Each] publishes and that have none. It
// has to be the same each time that the event comes again, and another one for each
// message: for one message for each event, d.Info().String() is right. The parts of a
// [delivery.Split] have the same Info, so their ids need the number of the part, too;
// otherwise the server drops all but the first as duplicates.
func MessageID(id func(d delivery.Delivery[*nats.Msg]) string) SinkOption {
	return func(s *Sink) {
		if s.id = id; id == nil {
			s.bad = "MessageID: id is nil"
		}
	}
}

// Publishing passes options to each publication, such as jetstream.WithExpectStream.
func Publishing(opts ...natsjs.PublishOpt) SinkOption {
	return func(s *Sink) { s.opts = append(s.opts, opts...) }
}

// NewSink returns a Sink. A nil js and a nil option are an ErrInvalidArgument of its
// methods.
func NewSink(js natsjs.JetStream, opts ...SinkOption) *Sink {
	s := &Sink{js: js}
	if js == nil {
		s.bad = "js is nil"
	}
	for i, o := range opts {
		if o == nil {
			s.bad = fmt.Sprintf("option %d is nil", i+1)
			continue
		}
		o(s)
	}
	return s
}

// Publish publishes m, and returns nil when the server has stored it, or has already
// had it. It waits for the timeout of the JetStream at most, or until ctx ends. After an
// error the message may be stored all the same: publish it again, with the same id. An
// error that no retry will change, such as a message that is too large, is marked by
// [delivery.Permanent]. Any number of goroutines may call it.
func (s *Sink) Publish(ctx context.Context, m *nats.Msg) error {
	switch {
	case s.bad != "":
		return delivery.Permanent(fmt.Errorf("%w: jetstream.NewSink: %s", turbopipes.ErrInvalidArgument, s.bad))
	case m == nil:
		return delivery.Permanent(fmt.Errorf("%w: jetstream.Sink: the message is nil", turbopipes.ErrInvalidArgument))
	}
	_, err := s.js.PublishMsg(ctx, m, s.opts...)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nats.ErrMaxPayload), errors.Is(err, nats.ErrBadSubject), errors.Is(err, natsjs.ErrInvalidSubject),
		errors.Is(err, nats.ErrHeadersNotSupported), errors.Is(err, natsjs.ErrInvalidOption):
		err = delivery.Permanent(err)
	}
	return fmt.Errorf("jetstream: publish to %q: %w", m.Subject, err)
}

// Each publishes the message of each delivery, at most n at a time, and acks the
// delivery when the server has stored the message. It is the last stage of a pipeline in
// [delivery.Through]. Messages of deliveries with equal keys are published one at a time
// and in order, also over retries. The options are those of [delivery.Each]; with
// [delivery.Retry] it goes on after the server was away.
func (s *Sink) Each(n int, opts ...delivery.Option) turbopipes.Operator[delivery.Delivery[*nats.Msg], delivery.Receipt] {
	return delivery.Each(n, func(ctx context.Context, d delivery.Delivery[*nats.Msg]) error {
		m := d.Value
		if m != nil && s.id != nil && m.Header.Get(natsjs.MsgIDHeader) == "" {
			m = &nats.Msg{Subject: m.Subject, Reply: m.Reply, Header: maps.Clone(m.Header), Data: m.Data}
			if m.Header == nil {
				m.Header = nats.Header{}
			}
			m.Header.Set(natsjs.MsgIDHeader, s.id(d))
		}
		return s.Publish(ctx, m)
	}, opts...)
}

// DeadLetter returns a function for [delivery.DeadLetter], which publishes the value of
// the event to subject, with the headers of the event, [DeadErrorHeader],
// [DeadTriesHeader] and [DeadEventHeader]. Its message id is made of the event's
// position, so an event that is dead-lettered twice is stored once. The subject should
// be that of another stream.
func (s *Sink) DeadLetter(subject string) func(context.Context, delivery.Dead[[]byte]) error {
	return func(ctx context.Context, d delivery.Dead[[]byte]) error {
		info := d.Delivery.Info()
		m := nats.NewMsg(subject)
		m.Data = d.Delivery.Value
		for k, v := range info.Headers.All() {
			if !slices.Contains(serversHeaders, k) {
				m.Header.Add(k, v)
			}
		}
		m.Header.Set(natsjs.MsgIDHeader, "dead:"+info.String())
		m.Header.Set(DeadErrorHeader, oneLine(d.Err))
		m.Header.Set(DeadTriesHeader, strconv.Itoa(d.Tries))
		m.Header.Set(DeadEventHeader, info.String())
		return s.Publish(ctx, m)
	}
}

// serversHeaders change how the server stores a message.
var serversHeaders = []string{
	natsjs.MsgIDHeader, natsjs.ExpectedStreamHeader, natsjs.ExpectedLastSeqHeader, natsjs.ExpectedLastSubjSeqHeader,
	natsjs.ExpectedLastSubjSeqSubjHeader, natsjs.ExpectedLastMsgIDHeader, natsjs.MsgTTLHeader, natsjs.MsgRollup,
	natsjs.ScheduleHeader, natsjs.ScheduleTargetHeader, natsjs.ScheduleSourceHeader, natsjs.ScheduleTTLHeader,
}

// oneLine is the text of an error as a header may have it.
func oneLine(err error) string {
	if err == nil {
		return ""
	}
	text := []rune(err.Error())
	for i, r := range text {
		if r < ' ' {
			text[i] = ' '
		}
	}
	return string(text)
}
