package gocloud

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gocloud.dev/pubsub"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// Source describes a subscription of gocloud.dev. name is what Info has as Source. The
// value of a delivery is the body of the message, and its key is the metadata "key"; see
// [KeyField] and [KeyBy]. Info has the message's LoggableID as Position, the metadata as
// Headers, sorted by name, and the metadata "id" as ID, or the LoggableID where that is
// missing; see [IDField].
//
// A message is acked when its event is done. It is nacked when its event is nacked, or is
// still open at the end. If the service has no nack, the message comes again after its ack
// deadline. gocloud.dev sends acks in the background, and reports one that has failed for
// good at a later Receive, which ends the session with that error.
//
// The subscription is the caller's. Several sessions may share it, at once or one after
// the other. Its Shutdown belongs after the last of them, at the end of the program, with
// a ctx that has not ended: it waits until the acks are at the service.
//
// Backpressure: a busy pipeline holds the session, which receives no more. The session
// has MaxUncommitted messages at most, 1024 where it is not set; Process sets four times its
// window. gocloud.dev has more in its own buffer, whose ack deadline runs, too. Goroutines:
// one for acks, one more with [Heartbeat] or [AckDeadline], which Close joins, and those of
// gocloud.dev.
//
// The stream does not complete by itself. Receive returns the error of the subscription,
// which has failed for good then: what the driver says can be tried again, gocloud.dev tries
// again. Close acks and nacks, and does not wait for the
// service. A nil subscription, an empty name, and options that do not fit are an
// ErrInvalidArgument of Open.
func Source(subscription *pubsub.Subscription, name string, opts ...Option) delivery.Source[[]byte] {
	s := newSource[[]byte](subscription, name, opts)
	s.value = func(m *pubsub.Message) []byte { return m.Body }
	return s
}

// Messages is [Source] with whole messages as values, for functions that need As. Do not
// call Ack and Nack of such a message: the session does.
func Messages(subscription *pubsub.Subscription, name string, opts ...Option) delivery.Source[*pubsub.Message] {
	s := newSource[*pubsub.Message](subscription, name, opts)
	s.value = func(m *pubsub.Message) *pubsub.Message { return m }
	return s
}

type source[T any] struct {
	sub   *pubsub.Subscription
	name  string
	o     options
	value func(*pubsub.Message) T
	bad   string
}

func newSource[T any](subscription *pubsub.Subscription, name string, opts []Option) *source[T] {
	s := &source[T]{sub: subscription, name: name}
	s.o, s.bad = optionsOf(opts)
	switch {
	case subscription == nil:
		s.bad = "subscription is nil"
	case name == "":
		s.bad = "name is empty"
	}
	return s
}

// Requeues implements [delivery.Requeuer].
func (s *source[T]) Requeues() bool { return true }

// Open implements [delivery.Source].
func (s *source[T]) Open(ctx context.Context, so delivery.SessionOptions) (delivery.Session[T], error) {
	if s.bad != "" {
		return nil, fmt.Errorf("%w: gocloud.Source: %s", turbopipes.ErrInvalidArgument, s.bad)
	}
	n := &session[T]{src: s}
	most := so.MaxUncommitted
	if most == 0 {
		most = defaultUncommitted
	}
	lo := delivery.LedgerOptions[*pubsub.Message]{
		Ack: n.ack, Nack: n.nack, Info: s.info, HoldNacks: true, NackPause: s.o.nackPause, MaxHold: s.o.deadline, MaxOpen: most,
	}
	if s.o.heartbeat != nil {
		lo.Heartbeat, lo.Every = s.o.heartbeat, s.o.every
	}
	n.ledger = delivery.NewLedger(ctx, lo)
	return n, nil
}

func (s *source[T]) info(m *pubsub.Message) delivery.Info {
	i := delivery.Info{
		Source: s.name, Position: m.LoggableID, ID: m.LoggableID,
		Headers: delivery.NewHeaders(func(yield func(k, v string) bool) {
			for _, k := range slices.Sorted(maps.Keys(m.Metadata)) {
				if !yield(k, m.Metadata[k]) {
					return
				}
			}
		}),
	}
	if id := m.Metadata[s.o.idField]; id != "" {
		i.ID = id
	}
	if s.o.attempt != nil {
		i.Attempt = s.o.attempt(m)
	}
	return i
}
