package kafka

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/turbopipes/turbopipes"
)

// Cluster says how to reach the brokers: kgo.SeedBrokers and, where they are needed, the
// options for TLS, SASL, the client's id, hooks and logging. Sources and sinks share it.
type Cluster []kgo.Opt

// ErrDeleted is for events that the broker has deleted, by its retention, before this
// consumer group has read them.
var ErrDeleted = errors.New("kafka: events were deleted before they were consumed")

// Option is an option of [Source].
type Option func(*settings) (bad string)

type settings struct {
	topics        []string
	group         string
	client        []kgo.Opt
	every         time.Duration
	revokeWait    time.Duration
	maxPoll       int
	idHeader      string
	onError       func(error)
	stopAtDeleted bool
	counts        *counts
}

func settingsOf(topic, group string, opts []Option) (s settings, err error) {
	s = settings{
		topics: []string{topic}, group: group, every: 200 * time.Millisecond, revokeWait: 30 * time.Second, maxPoll: 1000,
		onError: func(err error) { slog.Warn("kafka: the consumer goes on after an error", "group", group, "error", err) },
		counts:  &counts{},
	}
	bad := ""
	switch {
	case topic == "":
		bad = "topic is empty"
	case group == "":
		bad = "group is empty"
	}
	for i, o := range opts {
		if bad != "" {
			break
		}
		if bad = fmt.Sprintf("option %d is nil", i+1); o != nil {
			bad = o(&s)
		}
	}
	if bad != "" {
		return s, fmt.Errorf("%w: kafka.Source: %s", turbopipes.ErrInvalidArgument, bad)
	}
	return s, nil
}

// Topics subscribes to more topics. An empty name is an ErrInvalidArgument.
func Topics(more ...string) Option {
	return func(s *settings) string {
		for i, t := range more {
			if t == "" {
				return fmt.Sprintf("Topics: topic %d is empty", i+1)
			}
		}
		s.topics = append(s.topics, more...)
		return ""
	}
}

// Client passes options to the client of this subscription: balancers, timeouts of the
// group, sizes of fetches, the instance id. The subscription sets those that its promise
// depends on itself: the group, the topics, how it polls and commits, and the callbacks
// of the group.
//
// Where kgo's defaults differ, the subscription's are: a group without commits starts at
// the oldest event (ConsumeStartOffset), records of aborted transactions are left out
// (FetchIsolationLevel), and a fetch waits for 500 ms (FetchMaxWait).
func Client(opts ...kgo.Opt) Option {
	return func(s *settings) string {
		s.client = append(s.client, opts...)
		return ""
	}
}

// CommitEvery sets how often positions are committed, while events get done. It is also
// done when a quarter of MaxUncommitted is ready in a partition, when a partition is revoked,
// and at the end. The default is 200 ms. d ≤ 0 is an ErrInvalidArgument.
func CommitEvery(d time.Duration) Option {
	return func(s *settings) string {
		if s.every = d; d <= 0 {
			return fmt.Sprintf("CommitEvery: d is %v, want more than 0", d)
		}
		return ""
	}
}

// RevokeWait sets how long a partition that is revoked waits for its events that are in
// work. After that, the context of those events ends, and the next owner gets them. The
// default is 30 s. It has to be less than the client's RebalanceTimeout, which is 60 s by
// default: Open fails otherwise. d < 0 is an ErrInvalidArgument.
func RevokeWait(d time.Duration) Option {
	return func(s *settings) string {
		if s.revokeWait = d; d < 0 {
			return fmt.Sprintf("RevokeWait: d is %v, want at least 0", d)
		}
		return ""
	}
}

// MaxPollRecords bounds the records that are taken from the client's buffer at once. The
// subscription holds at most two polls beside the events of the pipeline and, for each
// partition that is paused, the records of it from at most three polls. The default is
// 1000. n < 1 is an ErrInvalidArgument.
func MaxPollRecords(n int) Option {
	return func(s *settings) string {
		if s.maxPoll = n; n < 1 {
			return fmt.Sprintf("MaxPollRecords: n is %d, want at least 1", n)
		}
		return ""
	}
}

// IDHeader makes the value of a header the ID of an event, which its producer has set.
// Without it, and for events without the header, the ID is topic, partition and offset.
// This ID is the same each time that the event comes again, but a producer that sends
// an event twice makes two of them. An empty name is an ErrInvalidArgument.
func IDHeader(name string) Option {
	return func(s *settings) string {
		if s.idHeader = name; name == "" {
			return "IDHeader: name is empty"
		}
		return ""
	}
}

// OnError calls fn for errors that the subscription survives: a fetch that has failed,
// commits that are refused again and again, a group that was left because of an error,
// events that were deleted before they were consumed ([ErrDeleted]), and events that the
// broker has lost (kgo.ErrDataLoss). The default is a warning of package slog. fn is
// called on goroutines of the subscription, which wait for it. A nil fn is an
// ErrInvalidArgument.
func OnError(fn func(error)) Option {
	return func(s *settings) string {
		if s.onError = fn; fn == nil {
			return "OnError: fn is nil"
		}
		return ""
	}
}

// StopAtDeleted fails the stream with an [ErrDeleted] where the subscription would
// otherwise report it to [OnError] and go on at the oldest event that there is. A
// position that the broker has deleted may not have been an event: transactions and
// compaction leave such positions, so this option can stop a stream that has missed
// nothing.
func StopAtDeleted() Option {
	return func(s *settings) string { s.stopAtDeleted = true; return "" }
}
