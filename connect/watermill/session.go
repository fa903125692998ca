package watermill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/turbopipes/turbopipes/delivery"
)

// mark is the key of a value in the context of a subscription. A message whose context
// has that value has got it from the subscriber, which ends it with the message. Any
// other context, such as that of a publisher, says nothing about the message.
type mark struct{}

// session is a subscription to the topic.
type session[T any] struct {
	src    *source[T]
	ledger *delivery.Ledger[*item]
	ctx    context.Context //nolint:containedctx // that of the subscription, which Close ends
	end    context.CancelFunc
	ch     <-chan *message.Message

	// acked are contexts of messages that were acked and that the subscriber has not ended
	// yet. They belong to the goroutine of the ledger, and to Close after it.
	acked []context.Context
	prune int
}

// item is a message that the session has. It is the settler of its delivery.
type item struct {
	msg     *message.Message
	entry   *delivery.Entry[*item]
	ctx     context.Context //nolint:containedctx // it ends with the message
	cancel  context.CancelCauseFunc
	unhook  func() bool // from the end of the session
	unwatch func() bool // from the end of the message's context
}

var (
	errGivenUp = errors.New("watermill: the subscriber has given up the message")
	noHook     = func() bool { return true }
)

// Receive implements [delivery.Session].
func (s *session[T]) Receive(ctx context.Context, emit func(delivery.Delivery[T]) bool) error {
	for s.ledger.Wait(ctx, 1) {
		select {
		case <-ctx.Done():
			return nil
		case m, ok := <-s.ch:
			if !ok {
				return nil
			}
			it := s.begin(m)
			if it == nil {
				continue
			}
			if !emit(delivery.New(s.src.value(it), s.src.o.key(m), it, 0)) {
				return nil
			}
		}
	}
	return nil
}

// begin notes m. It returns nil for a message that the subscriber has given up.
func (s *session[T]) begin(m *message.Message) *item {
	own := s.owns(m)
	if own && m.Context().Err() != nil {
		m.Nack()
		return nil
	}
	it := &item{msg: m, unwatch: noHook}
	it.ctx, it.cancel = context.WithCancelCause(context.WithoutCancel(m.Context()))
	it.entry, _ = s.ledger.Begin(it) // there is room, and Close comes after Receive
	it.unhook = context.AfterFunc(it.entry.Context(), func() { it.cancel(delivery.ErrRevoked) })
	if own {
		it.unwatch = context.AfterFunc(m.Context(), func() {
			it.cancel(delivery.ErrRevoked)
			it.entry.GiveUp(errGivenUp)
		})
	}
	return it
}

// owns reports whether the context of m is one that the subscriber ends.
func (s *session[T]) owns(m *message.Message) bool {
	return m.Context().Value(mark{}) == any(s)
}

// Settle implements [delivery.Settler].
func (it *item) Settle(_ uint64, err error) {
	it.unwatch()
	it.entry.Settle(0, err)
	it.unhook()
	it.cancel(nil)
}

// Info implements [delivery.Settler].
func (it *item) Info(uint64) delivery.Info { return it.entry.Info(0) }

// Context implements [delivery.Settler].
func (it *item) Context() context.Context { return it.ctx }

// ack is called by the ledger.
func (s *session[T]) ack(_ context.Context, items []*item) error {
	for _, it := range items {
		if it.msg.Ack() && s.owns(it.msg) && it.msg.Context().Done() != s.ctx.Done() {
			s.acked = append(s.acked, it.msg.Context())
		}
	}
	if len(s.acked) > s.prune {
		alive := s.acked[:0]
		for _, ctx := range s.acked {
			if ctx.Err() == nil {
				alive = append(alive, ctx)
			}
		}
		clear(s.acked[len(alive):])
		s.acked = alive
		s.prune = 2*len(alive) + 64
	}
	return nil
}

// nack is called by the ledger.
func (s *session[T]) nack(_ context.Context, it *item, _ time.Duration, _ error) error {
	it.msg.Nack()
	return nil
}

// Close implements [delivery.Session].
func (s *session[T]) Close(ctx context.Context, _ delivery.End) error {
	err := s.ledger.Close(ctx)
	s.seen(ctx)
	s.end()
	// Messages that nobody has received are nacked after the end, since a subscriber that
	// sends a nacked message again would do it without end.
	for {
		select {
		case m, ok := <-s.ch:
			if !ok {
				return err
			}
			m.Nack()
		case <-ctx.Done():
			return errors.Join(err, fmt.Errorf("watermill: the subscriber has not closed the channel of %q: %w", s.src.topic, context.Cause(ctx)))
		}
	}
}

// seen waits until the subscriber has seen the acks.
func (s *session[T]) seen(ctx context.Context) {
	if s.src.o.ackWait == 0 || len(s.acked) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.src.o.ackWait)
	defer cancel()
	for _, acked := range s.acked {
		select {
		case <-acked.Done():
		case <-ctx.Done():
			return
		}
	}
}
