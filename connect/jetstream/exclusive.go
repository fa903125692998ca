package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/turbopipes/turbopipes/delivery"
)

// exclusive is a session of the modes Exclusive and Prefix. It waits until the server
// gives it the pin of the consumer. Then it resets the consumer to its ack floor, begins
// a tenure, and expects the events without a gap in the sequence of the consumer. When
// there is one, or when the pin is gone, it begins again.
type exclusive struct {
	src        *source
	prefix     bool
	group      string
	p          *puller
	tracker    *delivery.Tracker[string, uint64]
	committing *delivery.Committing[string]
	joined     sync.WaitGroup
	end        context.CancelFunc
	wake       chan struct{} // of capacity 1: the pin is gone
	era        atomic.Uint64 // the number of heartbeats
	waiting    atomic.Bool   // for the pin

	mu    sync.Mutex
	cur   *tenancy
	pin   string // empty: a standby
	epoch int64
}

func openExclusive(ctx context.Context, src *source, p *puller, cfg natsjs.ConsumerConfig, most int) *exclusive {
	s := &exclusive{
		src: src, prefix: src.o.mode == prefixMode, p: p,
		tracker: delivery.NewTracker[string, uint64](most), wake: make(chan struct{}, 1),
	}
	pinTTL := cfg.PinnedTTL
	if src.o.unpinned {
		s.pin = cfg.Metadata[ownerKey]
		if pinTTL = src.o.pinTTL; pinTTL == 0 {
			pinTTL = defaultPinTTL
		}
	} else {
		s.group = cfg.PriorityGroups[0]
		p.group = s.group
	}
	s.committing = delivery.Committer(s.tracker, src.o.commitEvery, max(1, most/4), s.commit)
	own, end := context.WithCancel(context.WithoutCancel(ctx))
	s.end = end
	s.joined.Go(func() { s.beat(own, heartbeatEvery(cfg), pinTTL) })
	return s
}

// state returns the current tenancy, if there is one, and the pin.
func (s *exclusive) state() (*tenancy, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cur, s.pin
}

// Receive implements [delivery.Session].
func (s *exclusive) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	if err := s.p.open(); err != nil {
		return err
	}
	defer s.p.shut(false)
	err := s.run(ctx, emit)
	if t, _ := s.state(); t != nil && isGone(err) {
		s.finish(t) // there is nothing to commit to
	}
	return err
}

func isGone(err error) bool {
	return errors.Is(err, natsjs.ErrConsumerNotFound) || errors.Is(err, natsjs.ErrStreamNotFound)
}

// run is Receive with an open puller.
func (s *exclusive) run(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	for pause := time.Duration(0); ; {
		t, err := s.begin(ctx)
		if t == nil {
			return err
		}
		again, err := s.serve(ctx, t, emit)
		if !again {
			return err
		}
		if t.begun > 0 { // by this goroutine only
			pause = 0
			continue
		}
		if pause = min(max(2*pause, 10*time.Millisecond), time.Second); !sleep(ctx, pause) {
			return nil
		}
	}
}

// begin waits for the pin, resets the consumer, and begins a tenancy. It returns none
// when ctx has ended, or with an error.
func (s *exclusive) begin(ctx context.Context) (*tenancy, error) {
	for {
		select {
		case <-s.wake: // it is why we are here, or it came too late
		default:
		}
		pin, err := s.hold(ctx)
		if pin == "" {
			return nil, err
		}
		s.retire(ctx)
		info, err := s.reset(ctx)
		if info == nil {
			return nil, err
		}
		holder, at := s.holderIn(info)
		if holder != pin { // the pin was lost meanwhile
			s.lose(ctx, pin)
			continue
		}
		if err := s.p.restart(); err != nil {
			return nil, err
		}
		return s.tenancy(ctx, at), nil
	}
}

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

// retire ends the tenancy that is left from before: it waits for its open events, and
// commits. If ctx ends meanwhile, Close goes on.
func (s *exclusive) retire(ctx context.Context) {
	t, pin := s.state()
	if t == nil {
		return
	}
	t.halt()
	wait, cancel := context.WithTimeout(ctx, s.src.o.revokeWait)
	defer cancel()
	_ = t.tenure.Drain(wait) // events that are still open come again
	if ctx.Err() != nil {
		return
	}
	if !s.prefix || pin != "" {
		insist, done := context.WithTimeout(ctx, 2*s.src.o.answer)
		defer done()
		_ = s.committing.CommitNow(insist) // as above
	}
	if ctx.Err() == nil {
		s.finish(t)
	}
}

// finish ends t.
func (s *exclusive) finish(t *tenancy) {
	t.halt()
	t.tenure.End()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cur == t {
		s.cur = nil
	}
}

// reset resets the consumer to its ack floor. It insists, and returns nil when ctx has
// ended, or with an error that does not pass.
func (s *exclusive) reset(ctx context.Context) (*natsjs.ConsumerInfo, error) {
	limit := time.Second // a server that has just begun may not answer
	for pause := 10 * time.Millisecond; ; pause, limit = min(2*pause, time.Second), min(2*limit, 16*time.Second) {
		limited, cancel := context.WithTimeout(ctx, limit)
		r, err := s.src.js.ResetConsumer(limited, s.src.stream, s.src.consumer)
		cancel()
		var refused *natsjs.APIError
		switch {
		case ctx.Err() != nil:
			return nil, nil
		case err == nil:
			return r.ConsumerInfo, nil
		case isGone(err) || errors.As(err, &refused) && refused.Code < 500 || s.p.nc.IsClosed():
			return nil, fmt.Errorf("jetstream: reset of the consumer %q of the stream %q: %w", s.src.consumer, s.src.stream, err)
		}
		if !sleep(ctx, pause) {
			return nil, nil
		}
	}
}

// tenancy begins one. at is when the server has given the pin: later pins have a later
// time, so the epoch grows.
func (s *exclusive) tenancy(ctx context.Context, at time.Time) *tenancy {
	t := &tenancy{src: s.src, tenure: s.tracker.Assign(s.src.consumer)}
	t.going, t.halt = context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch = max(s.epoch+1, at.UnixNano())
	t.epoch = s.epoch
	s.cur = t
	return t
}

// serve emits events until ctx ends, emit refuses, or the session has to begin again.
func (s *exclusive) serve(ctx context.Context, t *tenancy, emit func(delivery.Delivery[[]byte]) bool) (again bool, err error) {
	var last reply
	for {
		m, n, err := s.p.next(ctx, s.p.batch, s.wake)
		switch {
		case err != nil || n == over:
			return false, err
		case n == unpinned:
			_, pin := s.state()
			s.lose(ctx, pin)
			return true, nil
		case n == woken:
			return true, nil
		}
		r, ok := parseReply(m.Reply)
		if !ok {
			return false, fmt.Errorf("jetstream: the event has the ack subject %q, want one of JetStream", m.Reply)
		}
		if r.consumer != last.consumer+1 || r.stream <= last.stream {
			return true, nil // one is missing, or comes again
		}
		last = r
		token, ok, full := t.tenure.Begin(r.consumer)
		if full {
			s.p.putBack(m)
			s.p.outside(func() bool {
				token, ok = t.tenure.Wait(t.going, r.consumer)
				return ok
			})
			if m, n, err = s.p.next(ctx, s.p.batch, nil); ok && n != arrived {
				return false, err
			}
		}
		if !ok {
			return ctx.Err() == nil, nil
		}
		t.note(m.Reply, s.era.Load())
		d := delivery.New(m.Data, s.src.o.key(m), &event{t, m}, token)
		if !s.p.outside(func() bool { return emit(d) }) {
			return false, nil
		}
	}
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

// Close implements [delivery.Session].
func (s *exclusive) Close(ctx context.Context, _ delivery.End) (err error) {
	s.end()
	s.joined.Wait()
	s.committing.Close()
	t, pin := s.state()
	if t != nil {
		if !s.prefix || pin != "" {
			err = s.committing.CommitNow(ctx)
		}
		if errors.Is(err, errNotOurs) {
			err = nil // the next session gets them
		}
		s.finish(t)
	}
	if pin == "" || s.src.o.unpinned || !s.p.nc.IsConnected() {
		return err
	}
	if now, _, _ := s.holder(ctx); now == pin { // let the next one in, without a wait for the end of the pin
		group, _ := json.Marshal(struct {
			Group string `json:"group"`
		}{s.group})
		_, _ = s.p.nc.RequestWithContext(ctx, s.src.api("CONSUMER.UNPIN."), group) // at worst the next one waits
	}
	return err
}
