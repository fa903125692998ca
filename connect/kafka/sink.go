package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// Sink publishes records, and waits for the acknowledgement of all in-sync replicas. Its
// producer is idempotent: its own retries neither double nor reorder records. All methods
// may be called from any goroutine.
//
// Called from the function of [delivery.Process], it keeps at-least-once from end to end:
// the event is acked after its records are there. After a crash between the two, the
// records are published again. So give them an id, such as that of the event, in a
// header; see [IDHeader] for the other side.
type Sink struct {
	cl *kgo.Client
}

// NewSink returns a Sink for a topic. opts are for its client, in addition to those of c:
// partitioner, compression, sizes, kgo.MaxBufferedRecords, which bounds the records in
// flight (10,000 by default), and kgo.ProducerLinger, which is 1 ms unless opts say
// otherwise. It fails when an option is wrong, and does not connect. It starts the
// goroutines of the client, which [Sink.Close] ends.
//
// The acks of all in-sync replicas can't be turned off: kgo.RequiredAcks has no effect.
// kgo.DisableIdempotentWrite is an ErrInvalidArgument.
func NewSink(c Cluster, topic string, opts ...kgo.Opt) (*Sink, error) {
	if topic == "" {
		return nil, fmt.Errorf("%w: kafka.NewSink: topic is empty", turbopipes.ErrInvalidArgument)
	}
	all := append([]kgo.Opt{kgo.ProducerLinger(time.Millisecond)}, c...)
	all = append(append(all, opts...), kgo.DefaultProduceTopic(topic), kgo.RequiredAcks(kgo.AllISRAcks()))
	cl, err := kgo.NewClient(all...)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	if off, _ := cl.OptValue(kgo.DisableIdempotentWrite).(bool); off {
		cl.Close()
		return nil, fmt.Errorf("%w: kafka.NewSink: DisableIdempotentWrite was given, want an idempotent producer", turbopipes.ErrInvalidArgument)
	}
	return &Sink{cl}, nil
}

// Publish publishes records, and returns when all of them are acknowledged, or when ctx
// has ended. Records with the same key are written in the order of the arguments, and in
// that of calls that follow one another. Calls at the same time have no order among each
// other; [delivery.Process] calls for one event of a key at a time. A record without a
// topic goes to that of the sink.
//
// Brokers that are away are waited for. An error of the end of ctx leaves open whether
// the records will be there. A record that no retry makes acceptable, such as one that
// is too large, is a [delivery.Permanent] error, if that is the only kind of error.
// Publish blocks while as many records are in flight as kgo.MaxBufferedRecords allows.
// It takes the records: don't change them afterwards, and make new ones to try again.
func (s *Sink) Publish(ctx context.Context, records ...*kgo.Record) error {
	for len(records) > 0 {
		p := &promise{left: len(records), all: make(chan struct{}), cancelled: map[*kgo.Record]bool{}}
		for _, r := range records {
			s.cl.Produce(ctx, r, p.keep)
		}
		select {
		case <-p.all:
		case <-ctx.Done():
			return fmt.Errorf("kafka: records are not acknowledged yet: %w", context.Cause(ctx))
		}
		again, err := p.result(records)
		if err != nil || ctx.Err() != nil {
			return err
		}
		records = again
	}
	return nil
}

// promise collects the results of a Publish.
type promise struct {
	all chan struct{} // closed with the last one

	mu        sync.Mutex
	left      int
	hopeless  error                // the first error that no retry mends
	transient error                // the first other one
	cancelled map[*kgo.Record]bool // because of a ctx, which may be that of another call
}

func (p *promise) keep(r *kgo.Record, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		text := fmt.Errorf("kafka: publish to %s: %w", r.Topic, err)
		switch {
		case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			p.cancelled[r] = true
		case unacceptable(err) && p.hopeless == nil:
			p.hopeless = text
		case !unacceptable(err) && p.transient == nil:
			p.transient = text
		}
	}
	if p.left--; p.left == 0 {
		close(p.all)
	}
}

// result returns the records that were cancelled, in their order. The client cancels all
// that it has of a partition when the ctx of the first one ends. So they go out again in
// the same order, unless it was this call's ctx.
func (p *promise) result(records []*kgo.Record) (again []*kgo.Record, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.transient != nil:
		return nil, p.transient
	case p.hopeless != nil && len(p.cancelled) == 0:
		return nil, delivery.Permanent(p.hopeless)
	case p.hopeless != nil:
		return nil, p.hopeless
	}
	for _, r := range records {
		if p.cancelled[r] {
			again = append(again, r)
		}
	}
	return again, nil
}

// unacceptable reports whether the record itself is the reason of err.
func unacceptable(err error) bool {
	return errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.RecordListTooLarge) || errors.Is(err, kerr.InvalidRecord) ||
		errors.Is(err, kerr.InvalidTimestamp) || errors.Is(err, kerr.InvalidTopicException)
}

// Close waits until all records are acknowledged, or until ctx has ended, and closes the
// connections. The error says that records may be missing.
func (s *Sink) Close(ctx context.Context) error {
	err := s.cl.Flush(ctx)
	s.cl.Close()
	if err != nil {
		return fmt.Errorf("kafka: the sink is closed before all records are acknowledged: %w", err)
	}
	return nil
}

// The headers of a dead letter.
const (
	HeaderError  = "dead-letter-error"
	HeaderTries  = "dead-letter-tries"
	HeaderSource = "dead-letter-source" // topic/partition@offset
	HeaderID     = "dead-letter-id"     // the ID of the event
)

// DeadLetters publishes dead letters to a sink, for [delivery.DeadLetter]. A record has
// the key, the value and the headers of the event, and the headers HeaderError,
// HeaderTries, HeaderSource and HeaderID.
func DeadLetters(s *Sink) func(context.Context, delivery.Dead[[]byte]) error {
	return func(ctx context.Context, d delivery.Dead[[]byte]) error {
		info := d.Delivery.Info()
		r := &kgo.Record{Value: d.Delivery.Value}
		if d.Delivery.Key != "" {
			r.Key = []byte(d.Delivery.Key)
		}
		for k, v := range info.Headers.All() {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: k, Value: []byte(v)})
		}
		for _, h := range [][2]string{
			{HeaderError, d.Err.Error()}, {HeaderTries, strconv.Itoa(d.Tries)}, {HeaderSource, info.String()}, {HeaderID, info.ID},
		} {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: h[0], Value: []byte(h[1])})
		}
		return s.Publish(ctx, r)
	}
}
