package gocloud

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gocloud.dev/pubsub"

	"github.com/turbopipes/turbopipes/delivery"
)

// session receives from the subscription.
type session[T any] struct {
	src    *source[T]
	ledger *delivery.Ledger[*item]

	mu      sync.Mutex
	closing bool
	timers  map[*item]func() bool // of messages that were nacked and wait; they stop it
	firing  sync.WaitGroup
}

// item is a message that the session has. It is the settler of its delivery.
type item struct {
	msg    *pubsub.Message
	entry  *delivery.Entry[*item]
	nacked func(*item, error) // of the session
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
		it := &item{msg: m, nacked: s.nackLater}
		it.entry, _ = s.ledger.Begin(it) // there is room, and Close comes after Receive
		if !emit(delivery.New(s.src.value(m), s.src.o.key(m), it, 0)) {
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

// Settle implements [delivery.Settler].
func (it *item) Settle(_ uint64, err error) {
	if err != nil {
		it.nacked(it, err)
		return
	}
	it.entry.Settle(0, nil)
}

// Info implements [delivery.Settler].
func (it *item) Info(uint64) delivery.Info { return it.entry.Info(0) }

// Context implements [delivery.Settler].
func (it *item) Context() context.Context { return it.entry.Context() }

// nackLater nacks it after the pause. Until then the message is open.
func (s *session[T]) nackLater(it *item, err error) {
	after, _ := delivery.RequeueDelay(err)
	after = max(after, s.src.o.nackPause)
	s.mu.Lock()
	defer s.mu.Unlock()
	if after <= 0 || s.closing {
		it.entry.Settle(0, err)
		return
	}
	s.firing.Add(1)
	s.timers[it] = time.AfterFunc(after, func() {
		defer s.firing.Done()
		s.mu.Lock()
		delete(s.timers, it)
		s.mu.Unlock()
		it.entry.Settle(0, err)
	}).Stop
}

// ack is called by the ledger.
func (s *session[T]) ack(_ context.Context, items []*item) error {
	for _, it := range items {
		it.msg.Ack()
	}
	return nil
}

// nack is called by the ledger.
func (s *session[T]) nack(_ context.Context, it *item, _ time.Duration, _ error) error {
	s.giveBack(it.msg)
	return nil
}

// Close implements [delivery.Session].
func (s *session[T]) Close(ctx context.Context, _ delivery.End) error {
	s.stopTimers()
	return s.ledger.Close(ctx)
}

// stopTimers ends the pauses. The ledger gives back those messages.
func (s *session[T]) stopTimers() {
	s.mu.Lock()
	s.closing = true
	for _, stop := range s.timers {
		if stop() {
			s.firing.Done()
		}
	}
	s.timers = map[*item]func() bool{}
	s.mu.Unlock()
	s.firing.Wait()
}
