package redis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	goredis "github.com/redis/go-redis/v9"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// The fields of a dead letter.
const (
	DeadErrorField = "delivery-error" // the error of the last try
	DeadTriesField = "delivery-tries" // how many there were
	DeadEventField = "delivery-event" // the source, the partition and the position
)

// Message is what a [Sink] adds: an entry with a field for the value, one for the key
// unless that is empty, and the other fields, sorted by name.
type Message struct {
	Key    string
	Value  []byte
	Fields map[string]string
}

// Sink adds entries to a stream, and waits for the server's answer. So an event that is
// acked after its entry was added is lost neither here nor there, as far as the server
// keeps what it has answered: with appendfsync everysec, a server that loses its power
// loses a second.
//
// Redis does not recognise a repetition: an event that comes again adds another entry.
// Give entries an id of their own in a field, such as that of the event, and let the
// consumer use it.
type Sink struct {
	client goredis.UniversalClient
	stream string
	o      sinkOptions
	bad    string
}

type sinkOptions struct {
	valueField, keyField string
	maxLen               int64
	exact                bool
}

// SinkOption is an option of [NewSink].
type SinkOption func(*sinkOptions) (bad string)

// MaxLen trims the stream to about n entries: the server removes old entries in whole
// blocks, which is cheap. Trimming does not ask whether a group has read an entry: n is
// how far a consumer may lag before events are lost. By default nothing is trimmed. n < 1
// is an ErrInvalidArgument.
func MaxLen(n int64) SinkOption { return trim("MaxLen", n, false) }

// ExactMaxLen is [MaxLen] with exactly n entries, which costs the server more.
func ExactMaxLen(n int64) SinkOption { return trim("ExactMaxLen", n, true) }

func trim(name string, n int64, exact bool) SinkOption {
	return func(o *sinkOptions) string {
		if o.maxLen, o.exact = n, exact; n < 1 {
			return fmt.Sprintf("%s: n is %d, want at least 1", name, n)
		}
		return ""
	}
}

// FieldNames sets the fields of the value and of the key, in place of "value" and "key".
// An empty name is an ErrInvalidArgument.
func FieldNames(value, key string) SinkOption {
	return func(o *sinkOptions) string {
		if o.valueField, o.keyField = value, key; value == "" || key == "" {
			return "FieldNames: a name is empty"
		}
		return ""
	}
}

// NewSink returns a Sink for a stream, which the first entry creates. The client stays
// open. A nil client, an empty stream and options that do not fit are an
// ErrInvalidArgument of its methods.
func NewSink(client goredis.UniversalClient, stream string, opts ...SinkOption) *Sink {
	s := &Sink{client: client, stream: stream, o: sinkOptions{valueField: defaultValueField, keyField: defaultKeyField}}
	for i, opt := range opts {
		if opt == nil {
			s.bad = fmt.Sprintf("option %d is nil", i+1)
		} else if bad := opt(&s.o); bad != "" {
			s.bad = bad
		}
	}
	switch {
	case client == nil:
		s.bad = "client is nil"
	case stream == "":
		s.bad = "stream is empty"
	}
	return s
}

// Publish adds m, and returns the id of the entry when the server has it. After an error
// the entry may be there all the same; the client's own retries (MaxRetries) can add an
// entry twice, too. An error that no retry changes is marked by [delivery.Permanent].
// Any number of goroutines may call it. The timeouts are those of the client.
func (s *Sink) Publish(ctx context.Context, m Message) (id string, err error) {
	if s.bad != "" {
		return "", delivery.Permanent(fmt.Errorf("%w: redis.NewSink: %s", turbopipes.ErrInvalidArgument, s.bad))
	}
	values := make([]any, 0, 4+2*len(m.Fields))
	values = append(values, s.o.valueField, m.Value)
	if m.Key != "" {
		values = append(values, s.o.keyField, m.Key)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Fields)) {
		if name == s.o.valueField || name == s.o.keyField {
			return "", delivery.Permanent(fmt.Errorf("%w: redis.Sink: Fields has the field %q, want it in Value or Key", turbopipes.ErrInvalidArgument, name))
		}
		values = append(values, name, m.Fields[name])
	}
	id, err = s.client.XAdd(ctx, &goredis.XAddArgs{Stream: s.stream, MaxLen: s.o.maxLen, Approx: !s.o.exact, Values: values}).Result()
	if err == nil {
		return id, nil
	}
	if goredis.HasErrorPrefix(err, "WRONGTYPE") || goredis.HasErrorPrefix(err, "NOPERM") || errors.Is(err, goredis.ErrClosed) {
		err = delivery.Permanent(err)
	}
	return "", fmt.Errorf("redis: add to %q: %w", s.stream, err)
}

// Each adds the message of each delivery, at most n at a time, and acks the delivery when
// the server has the entry. It is the last stage of a pipeline in [delivery.Through].
// Messages of deliveries with equal keys are added one at a time and in order, also over
// retries. The options are those of [delivery.Each]; with [delivery.Retry] it goes on
// after the server was away.
func (s *Sink) Each(n int, opts ...delivery.Option) turbopipes.Operator[delivery.Delivery[Message], delivery.Receipt] {
	return delivery.Each(n, func(ctx context.Context, d delivery.Delivery[Message]) error {
		_, err := s.Publish(ctx, d.Value)
		return err
	}, opts...)
}

// DeadLetter returns a function for [delivery.DeadLetter], which adds the value, the key
// and the headers of the event, with [DeadErrorField], [DeadTriesField] and
// [DeadEventField]. The stream should be another one than that of the source.
func (s *Sink) DeadLetter() func(context.Context, delivery.Dead[[]byte]) error {
	return func(ctx context.Context, d delivery.Dead[[]byte]) error {
		info := d.Delivery.Info()
		m := Message{Key: d.Delivery.Key, Value: d.Delivery.Value, Fields: map[string]string{}}
		for k, v := range info.Headers.All() {
			if k != s.o.valueField && k != s.o.keyField {
				m.Fields[k] = v
			}
		}
		m.Fields[DeadTriesField] = strconv.Itoa(d.Tries)
		m.Fields[DeadEventField] = info.String()
		if d.Err != nil {
			m.Fields[DeadErrorField] = d.Err.Error()
		}
		_, err := s.Publish(ctx, m)
		return err
	}
}
