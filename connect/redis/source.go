package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// ownPrefix begins the names that sessions make for themselves.
const ownPrefix = "tp-"

// Source describes a consumer group of a stream. Each Open is a session, which is a
// consumer of the group. The value of a delivery is the field "value" of the entry, and
// its key is the field "key"; see [ValueField] and [KeyField]. Info has the stream as
// Source, the entry's id as Position and ID, the server's count of deliveries as Attempt,
// the time of the id, and the other fields as Headers, sorted by name.
//
// A nacked event comes again: at the next look for such entries, which is each third of
// [AckWait] and at least each second, or after the delay of [delivery.Requeue].
//
// Backpressure: a busy pipeline holds the session, which reads no more. The session has
// MaxUncommitted entries at most, 1024 by default, which includes those whose ack was not
// answered yet. Goroutines: one for acks, one for heartbeats, and with MaxHold one more;
// Close joins them.
//
// Open fails when the server is away, and for a key that is not a stream. Receive
// goes on when the server is away. It fails when the group or the stream is deleted, when
// a right is missing, and when the client is closed. A nil client, an empty name and
// options that do not fit are an ErrInvalidArgument of Open. The client stays open.
func Source(client goredis.UniversalClient, stream, group string, opts ...Option) delivery.Source[[]byte] {
	s := newSource[[]byte](client, stream, group, opts)
	field := s.o.valueField
	s.value = func(m goredis.XMessage) []byte {
		if v, ok := m.Values[field].(string); ok {
			return []byte(v)
		}
		return nil
	}
	return s
}

// Messages is [Source] with whole entries as values: their id and all of their fields.
func Messages(client goredis.UniversalClient, stream, group string, opts ...Option) delivery.Source[goredis.XMessage] {
	s := newSource[goredis.XMessage](client, stream, group, opts)
	s.value = func(m goredis.XMessage) goredis.XMessage { return m }
	return s
}

type source[T any] struct {
	client        goredis.UniversalClient
	stream, group string
	o             options
	value         func(goredis.XMessage) T
	bad           string
}

func newSource[T any](client goredis.UniversalClient, stream, group string, opts []Option) *source[T] {
	s := &source[T]{client: client, stream: stream, group: group}
	s.o, s.bad = optionsOf(opts)
	switch {
	case client == nil:
		s.bad = "client is nil"
	case stream == "":
		s.bad = "stream is empty"
	case group == "":
		s.bad = "group is empty"
	}
	if s.o.deleted == nil {
		s.o.deleted = logDeleted(stream, group)
	}
	if field := s.o.keyField; s.o.key == nil {
		s.o.key = func(m goredis.XMessage) string {
			key, _ := m.Values[field].(string)
			return key
		}
	}
	return s
}

// Requeues implements [delivery.Requeuer].
func (s *source[T]) Requeues() bool { return true }

// Open implements [delivery.Source].
func (s *source[T]) Open(ctx context.Context, so delivery.SessionOptions) (delivery.Session[T], error) {
	if s.bad != "" {
		return nil, fmt.Errorf("%w: redis.Source: %s", turbopipes.ErrInvalidArgument, s.bad)
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("redis: the group %q of the stream %q: %w", s.group, s.stream, err)
	}
	most := so.MaxUncommitted
	if most == 0 {
		most = defaultUncommitted
	}
	return newSession(ctx, s, most), nil
}

// prepare creates the group, or checks that it is there, and that scripts may run.
func (s *source[T]) prepare(ctx context.Context) error {
	if s.o.mustExist {
		groups, err := s.client.XInfoGroups(ctx, s.stream).Result()
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(groups, func(g goredis.XInfoGroup) bool { return g.Name == s.group }) {
			return errors.New("it does not exist")
		}
	} else {
		err := s.client.XGroupCreateMkStream(ctx, s.stream, s.group, s.o.start).Err()
		if err != nil && !goredis.HasErrorPrefix(err, "BUSYGROUP") {
			return err
		}
	}
	return hold.Run(ctx, s.client, []string{s.stream}, s.group, ownPrefix).Err()
}

// consumerName is that of a new session. own says that the name is its own.
func (s *source[T]) consumerName() (name string, own bool) {
	if s.o.consumer != "" {
		return s.o.consumer, false
	}
	host, err := os.Hostname()
	if err != nil {
		host = "host"
	}
	return ownPrefix + host + "-" + strconv.Itoa(os.Getpid()) + "-" + rand.Text()[:8], true
}

// info describes an entry.
func (s *source[T]) info(it *item) delivery.Info {
	ms, _, _ := strings.Cut(it.ID, "-")
	at, _ := strconv.ParseInt(ms, 10, 64)
	return delivery.Info{
		Source: s.stream, Position: it.ID, ID: it.ID, Attempt: it.attempt, Time: time.UnixMilli(at),
		Headers: delivery.NewHeaders(func(yield func(k, v string) bool) {
			for _, k := range slices.Sorted(maps.Keys(it.Values)) {
				if k == s.o.valueField || k == s.o.keyField {
					continue
				}
				if v, ok := it.Values[k].(string); ok && !yield(k, v) {
					return
				}
			}
		}),
	}
}

// hopeless reports whether err is one that no waiting mends.
func hopeless(err error) bool {
	if errors.Is(err, goredis.ErrClosed) {
		return true
	}
	for _, prefix := range []string{"NOGROUP", "WRONGTYPE", "NOPERM", "NOAUTH", "WRONGPASS", "ERR unknown command"} {
		if goredis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return false
}
