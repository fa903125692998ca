package deliverytest

import (
	"context"
	"strconv"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
)

// QueueOptions are those of [Broker.Queue]. Zero values are defaults.
type QueueOptions struct {
	AckWait time.Duration // 1 s: a message that is not acked by then is delivered again
	MaxHold time.Duration // see delivery.LedgerOptions; none
	Buffer  int           // 64: messages that the client fetches ahead
}

// Queue returns a source of the queue: each message goes to one of the sessions, and is
// settled by itself. Messages that come again have lost their place.
func (b *Broker) Queue(o QueueOptions) delivery.Source[[]byte] {
	if o.AckWait == 0 {
		o.AckWait = time.Second
	}
	if o.Buffer == 0 {
		o.Buffer = 64
	}
	return queueSource{b, o}
}

type queueSource struct {
	b *Broker
	o QueueOptions
}

// Requeues says that a nacked message comes again.
func (queueSource) Requeues() bool { return true }

// message is one of the queue, under the lock of its broker.
type message struct {
	record
	at         int
	done       bool
	leased     bool
	until      time.Time // of the lease, or when it may be delivered again
	lease      int       // the number of the current one
	deliveries int
}

// leased is a message that a session has.
type leased struct {
	*message
	lease      int
	deliveries int
}

type queueSession struct {
	b      *Broker
	o      QueueOptions
	ledger *delivery.Ledger[leased]
}

// Open opens a session.
func (s queueSource) Open(ctx context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	n := &queueSession{b: s.b, o: s.o}
	most := o.MaxUncommitted
	if most == 0 {
		most = 1024
	}
	n.ledger = delivery.NewLedger(ctx, delivery.LedgerOptions[leased]{
		Ack: n.ack, Nack: n.nack, Heartbeat: n.heartbeat, Info: n.info,
		Every: max(1, s.o.AckWait/3), MaxHold: s.o.MaxHold, MaxOpen: most,
	})
	return n, nil
}

// fetch leases at most most messages. next is when another one is due, if that is
// known. over: all are done, and there will be no more.
func (s *queueSession) fetch(most int) (got []leased, news <-chan struct{}, next time.Time, over bool) {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	now := time.Now()
	for s.b.waiting < len(s.b.queue) && s.b.queue[s.b.waiting].done {
		s.b.waiting++
	}
	over = s.b.ended && s.b.waiting == len(s.b.queue)
	if s.b.away {
		return nil, s.b.news, next, false
	}
	for _, m := range s.b.queue[s.b.waiting:] {
		if len(got) == most {
			break
		}
		switch {
		case m.done:
		case m.until.After(now):
			if next.IsZero() || m.until.Before(next) {
				next = m.until
			}
		default:
			m.lease++
			m.deliveries++
			m.leased, m.until = true, now.Add(s.o.AckWait)
			got = append(got, leased{m, m.lease, m.deliveries})
		}
	}
	return got, s.b.news, next, over
}

// Receive emits messages. They are in the ledger from the fetch on.
func (s *queueSession) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	for s.ledger.Wait(ctx, 1) {
		room, _ := s.ledger.Room()
		got, news, next, over := s.fetch(min(room, s.o.Buffer))
		if over {
			return nil
		}
		entries := make([]*delivery.Entry[leased], len(got))
		for i, m := range got {
			entries[i], _ = s.ledger.Begin(m)
		}
		for i, m := range got {
			if entries[i] != nil && !emit(delivery.New(m.Value, m.Key, entries[i], 0)) {
				return nil
			}
		}
		if len(got) == 0 {
			wait(ctx, news, next)
		}
	}
	return nil
}

// wait waits for news, for the time next, if it is set, or for the end of ctx.
func wait(ctx context.Context, news <-chan struct{}, next time.Time) {
	var due <-chan time.Time
	if !next.IsZero() {
		t := time.NewTimer(time.Until(next))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-news:
	case <-due:
	case <-ctx.Done():
	}
}

// Close acknowledges finished events, and returns open events to the broker.
func (s *queueSession) Close(ctx context.Context, _ delivery.End) error { return s.ledger.Close(ctx) }

// settle changes the messages whose lease still is the current one.
func (s *queueSession) settle(ms []leased, change func(m *message)) error {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if err := s.b.refusal(); err != nil {
		return err
	}
	for _, m := range ms {
		if m.lease == m.message.lease && !m.done {
			change(m.message)
		}
	}
	s.b.changed()
	return nil
}

func (s *queueSession) ack(_ context.Context, ms []leased) error {
	return s.settle(ms, func(m *message) { m.done = true })
}

func (s *queueSession) nack(_ context.Context, m leased, after time.Duration, _ error) error {
	return s.settle([]leased{m}, func(m *message) { m.leased, m.until = false, time.Now().Add(after) })
}

func (s *queueSession) heartbeat(_ context.Context, ms []leased) error {
	return s.settle(ms, func(m *message) { m.until = time.Now().Add(s.o.AckWait) })
}

func (*queueSession) info(m leased) delivery.Info {
	return delivery.Info{Source: "queue", Position: strconv.Itoa(m.at), ID: m.ID, Attempt: m.deliveries, Time: m.record.at}
}
