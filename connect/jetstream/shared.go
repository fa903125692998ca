package jetstream

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/turbopipes/turbopipes/delivery"
)

// shared is a session of the mode Shared.
type shared struct {
	src    *source
	p      *puller
	ledger *delivery.Ledger[message]
	most   int
	joined sync.WaitGroup
	end    context.CancelFunc
	era    atomic.Uint64 // the number of heartbeats
}

// message is an event with the number of heartbeats before it.
type message struct {
	*nats.Msg
	era uint64
}

func openShared(ctx context.Context, src *source, p *puller, every time.Duration, most int) *shared {
	s := &shared{src: src, p: p, most: most}
	s.ledger = delivery.NewLedger(ctx, delivery.LedgerOptions[message]{
		Ack: s.ack, Nack: s.nack, Heartbeat: s.heartbeat, Every: every, MaxHold: src.o.maxHold, MaxOpen: most,
		Info: func(m message) delivery.Info { return src.info(m.Msg, 0) },
	})
	own, end := context.WithCancel(context.WithoutCancel(ctx))
	s.end = end
	s.joined.Go(func() { s.beat(own, every) })
	return s
}

// Receive implements [delivery.Session]. Events that are in the buffer when it returns
// are given back at once.
func (s *shared) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	if err := s.p.open(); err != nil {
		return err
	}
	defer func() {
		for _, m := range s.p.shut(true) {
			if m.Reply != "" {
				_ = s.p.nc.Publish(m.Reply, nak) // else it comes again after AckWait
			}
		}
	}()
	for {
		m, n, err := s.p.next(ctx, min(s.p.batch, s.most), nil)
		switch {
		case err != nil || n == over:
			return err
		case n != arrived:
			continue
		}
		if _, ok := parseReply(m.Reply); !ok {
			return fmt.Errorf("jetstream: the event has the ack subject %q, want one of JetStream", m.Reply)
		}
		entry, ok := s.ledger.Begin(message{m, s.era.Load()})
		if !ok {
			s.p.putBack(m)
			if !s.p.outside(func() bool { return s.ledger.Wait(ctx, 1) }) {
				return nil
			}
			continue
		}
		d := delivery.New(m.Data, s.src.o.key(m), entry, 0)
		if !s.p.outside(func() bool { return emit(d) }) {
			return nil
		}
	}
}

var nak = []byte("-NAK")

func (s *shared) ack(_ context.Context, ms []message) (err error) {
	for _, m := range ms {
		if e := s.p.nc.Publish(m.Reply, nil); e != nil {
			err = e
		}
	}
	return err
}

func (s *shared) nack(_ context.Context, m message, after time.Duration, _ error) error {
	if after <= 0 {
		return s.p.nc.Publish(m.Reply, nak)
	}
	delay, err := json.Marshal(struct {
		Delay time.Duration `json:"delay"`
	}{after})
	if err != nil {
		return err
	}
	return s.p.nc.Publish(m.Reply, append([]byte("-NAK "), delay...))
}

// heartbeat is for the messages that are older than the last one.
func (s *shared) heartbeat(_ context.Context, ms []message) (err error) {
	before := s.era.Load()
	for _, m := range ms {
		if m.era >= before {
			continue
		}
		if e := s.p.nc.Publish(m.Reply, inProgress); e != nil {
			err = e
		}
	}
	return err
}

// beat sends heartbeats for the events in the buffer.
func (s *shared) beat(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.era.Add(1)
		for _, reply := range s.p.buffered() {
			_ = s.p.nc.Publish(reply, inProgress) // at worst it comes again
		}
	}
}

// Close implements [delivery.Session].
func (s *shared) Close(ctx context.Context, _ delivery.End) error {
	s.end()
	s.joined.Wait()
	if err := s.ledger.Close(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // a flush wants a limit
	defer cancel()
	return s.p.nc.FlushWithContext(ctx)
}
