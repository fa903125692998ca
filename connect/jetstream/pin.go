package jetstream

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/turbopipes/turbopipes/delivery"
)

// hold returns the pin when this session has it. It returns none when ctx has ended, or
// with an error. Without a pin, the owner is one.
func (s *exclusive) hold(ctx context.Context) (string, error) {
	_, pin := s.state()
	switch {
	case !s.src.o.unpinned && pin == "":
		return s.standby(ctx)
	case s.src.o.unpinned:
		if holder, _, err := s.holder(ctx); err == nil && holder != pin {
			s.lose(ctx, pin)
			return "", fmt.Errorf("jetstream: the consumer %q of the stream %q: %w", s.src.consumer, s.src.stream, delivery.ErrFenced)
		}
	}
	return pin, nil
}

// standby waits until an event comes, which has the pin. The event comes again after
// the reset.
func (s *exclusive) standby(ctx context.Context) (pin string, err error) {
	s.p.pin = ""
	if err := s.p.restart(); err != nil {
		return "", err
	}
	if s.stuck(ctx) {
		s.retire(ctx)
		s.free(ctx)
	}
	s.waiting.Store(true)
	defer s.waiting.Store(false)
	for {
		m, n, err := s.p.next(ctx, 1, nil)
		switch {
		case err != nil || n == over:
			return "", err
		case n == unpinned:
			s.p.held = 0 // not of a request without a pin
			continue
		}
		if pin := m.Header.Get(pinHeader); pin != "" {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.pin, s.p.pin = pin, pin
			return pin, nil
		}
	}
}

// question is how long the session waits for answers that it can do without.
const question = time.Second

// stuck reports whether no session has the pin, and events are open that would come
// again only after AckWait: those of a session that has crashed.
func (s *exclusive) stuck(ctx context.Context) bool {
	pin, info, err := s.holder(ctx)
	return err == nil && pin == "" && info.NumAckPending > 0
}

// free resets the consumer, so that open events come at once. The session that gets them
// resets it again.
func (s *exclusive) free(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, question)
	defer cancel()
	_, _ = s.src.js.ResetConsumer(ctx, s.src.stream, s.src.consumer) // else they come after AckWait
}

// lose notes that pin is gone. No event begins any more. The open events go on as long
// as no other session has the pin.
func (s *exclusive) lose(ctx context.Context, pin string) {
	s.mu.Lock()
	if pin == "" || s.pin != pin {
		s.mu.Unlock()
		return
	}
	s.pin = ""
	t := s.cur
	s.mu.Unlock()
	if t == nil {
		return
	}
	t.halt()
	s.poke()
	s.yieldTo(ctx)
}

// poke wakes Receive: it has to begin again.
func (s *exclusive) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// yieldTo ends the tenancy if another session has the pin.
func (s *exclusive) yieldTo(ctx context.Context) {
	if pin, _, err := s.holder(ctx); err != nil || pin == "" {
		return
	}
	if t, pin := s.state(); t != nil && pin == "" {
		s.finish(t)
	}
}

// holder returns the current pin of the consumer, or its owner, and more about it.
func (s *exclusive) holder(ctx context.Context) (string, *natsjs.ConsumerInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, question)
	defer cancel()
	c, err := s.src.js.Consumer(ctx, s.src.stream, s.src.consumer)
	if err != nil {
		return "", nil, err
	}
	pin, _ := s.holderIn(c.CachedInfo())
	return pin, c.CachedInfo(), nil
}

// holderIn returns the pin, or the owner, and a time that grows with each one.
func (s *exclusive) holderIn(info *natsjs.ConsumerInfo) (pin string, at time.Time) {
	if s.src.o.unpinned {
		return info.Config.Metadata[ownerKey], info.TimeStamp
	}
	for _, g := range info.PriorityGroups {
		if g.Group == s.group {
			return g.PinnedClientID, g.PinnedTS
		}
	}
	return "", at
}

// unpin lets the next session in, without a wait for the end of the pin. It takes the
// pin from nobody else. First it resets the consumer, since events that are open here can
// tell nobody that the consumer is free. At worst the next one waits.
func (s *exclusive) unpin(ctx context.Context, pin string) {
	holder, info, err := s.holder(ctx)
	for ; err != nil; holder, info, err = s.holder(ctx) {
		if !s.p.nc.IsConnected() || isGone(err) || !sleep(ctx, 10*time.Millisecond) {
			return
		}
	}
	if holder != pin {
		return
	}
	if info.NumAckPending > 0 {
		s.free(ctx)
	}
	group, _ := json.Marshal(struct {
		Group string `json:"group"`
	}{s.group})
	_, _ = s.p.nc.RequestWithContext(ctx, s.src.api("CONSUMER.UNPIN."), group)
}
