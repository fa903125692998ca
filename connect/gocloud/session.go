package gocloud

import (
	"context"
	"fmt"
	"time"

	"gocloud.dev/pubsub"

	"github.com/turbopipes/turbopipes/delivery"
)

// session receives from the subscription.
type session[T any] struct {
	src    *source[T]
	ledger *delivery.Ledger[*pubsub.Message]
}

// Receive implements [delivery.Session].
func (s *session[T]) Receive(ctx context.Context, emit func(delivery.Delivery[T]) bool) error {
	for s.ledger.Wait(ctx, 1) {
		m, err := s.src.sub.Receive(ctx)
		switch {
		case ctx.Err() != nil:
			if m != nil {
				s.giveBack(m)
			}
			return nil
		case err != nil:
			return fmt.Errorf("gocloud: receive from %s: %w", s.src.name, err)
		}
		e, _ := s.ledger.Begin(m) // there is room, and Close comes after Receive
		if !emit(delivery.New(s.src.value(m), s.src.o.key(m), e, 0)) {
			return nil
		}
	}
	return nil
}

// giveBack nacks m, if the service knows a nack.
func (s *session[T]) giveBack(m *pubsub.Message) {
	if m.Nackable() {
		m.Nack()
	}
}

// ack is called by the ledger.
func (s *session[T]) ack(_ context.Context, ms []*pubsub.Message) error {
	for _, m := range ms {
		m.Ack()
	}
	return nil
}

// nack is called by the ledger.
func (s *session[T]) nack(_ context.Context, m *pubsub.Message, _ time.Duration, _ error) error {
	s.giveBack(m)
	return nil
}

// Close implements [delivery.Session].
func (s *session[T]) Close(ctx context.Context, _ delivery.End) error {
	return s.ledger.Close(ctx)
}
