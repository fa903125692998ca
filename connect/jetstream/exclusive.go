package jetstream

import (
	"context"
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
	if pin != "" && !s.src.o.unpinned {
		s.unpin(ctx, pin)
	}
	return err
}
