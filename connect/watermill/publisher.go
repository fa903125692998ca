package watermill

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/turbopipes/turbopipes"
)

// ErrClosed is for a [Publisher] or a [Subscriber] that is closed.
var ErrClosed = errors.New("watermill: it is closed")

// Publisher is a [message.Publisher] of a function.
type Publisher struct {
	publish func(ctx context.Context, topic string, m *message.Message) error

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

var _ message.Publisher = (*Publisher)(nil)

// NewPublisher returns a publisher that calls publish for each message, such as one that
// calls the Publish of a sink. publish returns nil after the broker has the message. It
// runs in several goroutines at once if Publish does. A nil publish is an
// ErrInvalidArgument of Publish.
func NewPublisher(publish func(ctx context.Context, topic string, m *message.Message) error) *Publisher {
	return &Publisher{publish: publish}
}

// Publish publishes messages one after the other. ctx of a call is the context of its
// message. It stops at the first error: the messages before are published, and those
// after are not.
func (p *Publisher) Publish(topic string, messages ...*message.Message) error {
	if p.publish == nil {
		return fmt.Errorf("%w: watermill.NewPublisher: publish is nil", turbopipes.ErrInvalidArgument)
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return ErrClosed
	}
	p.running.Add(1)
	p.mu.Unlock()
	defer p.running.Done()
	for i, m := range messages {
		if err := p.publish(m.Context(), topic, m); err != nil {
			return fmt.Errorf("watermill: message %d of %d for %q: %w", i+1, len(messages), topic, err)
		}
	}
	return nil
}

// Close waits for the calls of Publish that run, and refuses later ones. It may be called
// again.
func (p *Publisher) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.running.Wait()
	return nil
}
