package jetstream

import (
	"context"
	"errors"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/turbopipes/turbopipes/delivery"
)

// tenure is that of the one partition that a consumer has. What is committed is a number
// of events.
type tenure = delivery.Tenure[string, uint64]

// tenancy is a tenure, with the ack subjects of its events. Events are numbered from 0.
type tenancy struct {
	tenure *tenure
	src    *source
	epoch  int64
	going  context.Context //nolint:containedctx // ends when no more events may begin
	halt   context.CancelFunc

	mu    sync.Mutex
	slots []slot // of the events from acked on; the length is a power of two
	acked uint64
	begun uint64

	misses int         // acks that the server has not answered; the committer's
	doubt  atomic.Bool // the server does not know our events any more
}

type slot struct {
	reply string
	era   uint64 // the number of heartbeats before the event
}

// event is the settler of a delivery. It has the message, so that the tenancy needs not.
type event struct {
	*tenancy
	m *nats.Msg
}

// Settle is that of [delivery.Settler]. A nacked event stays open.
func (e *event) Settle(token uint64, err error) {
	if err == nil {
		e.tenure.Done(token)
	}
}

// Info is that of [delivery.Settler].
func (e *event) Info(uint64) delivery.Info { return e.src.info(e.m, e.epoch) }

// Context is that of [delivery.Settler].
func (e *event) Context() context.Context { return e.tenure.Context() }

// note notes the ack subject of the next event.
func (t *tenancy) note(reply string, era uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.begun-t.acked == uint64(len(t.slots)) {
		old := t.slots
		t.slots = make([]slot, 1<<bits.Len(uint(max(15, len(old)))))
		for i := t.acked; i < t.begun; i++ {
			t.slots[i&uint64(len(t.slots)-1)] = old[i&uint64(len(old)-1)]
		}
	}
	*t.at(t.begun) = slot{reply, era}
	t.begun++
}

// at is the slot of an event. The caller holds mu.
func (t *tenancy) at(i uint64) *slot { return &t.slots[i&uint64(len(t.slots)-1)] }

// replies returns the ack subjects of the events that are not acked and come before n.
func (t *tenancy) replies(n uint64) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n <= t.acked {
		return nil
	}
	all := make([]string, 0, n-t.acked)
	for i := t.acked; i < n; i++ {
		all = append(all, t.at(i).reply)
	}
	return all
}

// ackedTo notes that all events before n are acked.
func (t *tenancy) ackedTo(n uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ; t.acked < n; t.acked++ {
		*t.at(t.acked) = slot{}
	}
}

// old returns the ack subjects of the events that have begun before the heartbeat era.
func (t *tenancy) old(era uint64) (replies []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := t.acked; i < t.begun && t.at(i).era < era; i++ {
		replies = append(replies, t.at(i).reply)
	}
	return replies
}

var (
	errNotOurs   = delivery.Permanent(errors.New("jetstream: the consumer is another session's"))
	errSuspended = errors.New("jetstream: this session has no pin at the moment")
	errAway      = errors.New("jetstream: the server is away")
)

// commit acks the events before a position. It returns when the server has answered: it
// handles acks in order, so it has then handled all of them.
func (s *exclusive) commit(ctx context.Context, cs []delivery.Commit[string, uint64]) error {
	c := cs[0]
	t, pin := s.state()
	switch {
	case t == nil || t.tenure != c.Tenure() || t.doubt.Load():
		return errNotOurs
	case s.prefix && pin == "":
		return errSuspended // an AckAll could settle what another session has open
	case !s.p.nc.IsConnected():
		return errAway
	}
	replies := t.replies(c.Next)
	if len(replies) == 0 {
		return nil
	}
	last := len(replies) - 1
	if !s.prefix {
		for _, reply := range replies[:last] {
			if err := s.p.nc.Publish(reply, nil); err != nil {
				return err
			}
		}
	}
	limited, cancel := context.WithTimeout(ctx, s.src.o.answer)
	defer cancel()
	if _, err := s.p.nc.RequestWithContext(limited, replies[last], nil); err != nil {
		if ctx.Err() == nil && limited.Err() != nil {
			s.unanswered(ctx, t, c.Next)
		}
		return err
	}
	t.misses = 0
	t.ackedTo(c.Next)
	return nil
}

// unanswered is for an ack without an answer. The server does not answer acks of events
// that it has not delivered: somebody has reset the consumer, or the server has lost its
// last state. Then the session begins again.
func (s *exclusive) unanswered(ctx context.Context, t *tenancy, upTo uint64) {
	t.misses++
	_, info, err := s.holder(ctx)
	if t.misses < 3 && (err != nil || info.Delivered.Consumer >= upTo) {
		return
	}
	t.doubt.Store(true)
	t.halt()
	s.poke()
}

// beat keeps the pin, and tells the server that open events are worked on.
func (s *exclusive) beat(ctx context.Context, every, pinTTL time.Duration) {
	alive := time.NewTicker(every)
	defer alive.Stop()
	pin := time.NewTicker(max(pinTTL/3, time.Millisecond))
	defer pin.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-alive.C:
			s.alive()
		case <-pin.C:
			s.keepPin(ctx)
		}
	}
}

var inProgress = []byte("+WPI")

// alive sends heartbeats for the events that are older than the last ones.
func (s *exclusive) alive() {
	era := s.era.Add(1)
	replies := s.p.buffered()
	if t, _ := s.state(); t != nil {
		replies = append(replies, t.old(era-1)...)
	}
	if !s.p.nc.IsConnected() {
		return
	}
	for _, reply := range replies {
		_ = s.p.nc.Publish(reply, inProgress) // at worst it comes again
	}
}

// keepPin renews the pin by a request for an event that expires at once: the server
// answers that it has expired, or that another session has the pin.
func (s *exclusive) keepPin(ctx context.Context) {
	t, pin := s.state()
	if !s.p.nc.IsConnected() {
		return
	}
	if pin == "" {
		switch {
		case t != nil: // suspended
			s.yieldTo(ctx)
		case s.waiting.Load() && s.stuck(ctx):
			s.free(ctx)
		}
		return
	}
	if s.src.o.unpinned {
		if holder, _, err := s.holder(ctx); err == nil && holder != pin {
			s.lose(ctx, pin)
		}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.src.o.answer)
	defer cancel()
	m, err := s.p.nc.RequestWithContext(ctx, s.p.subject, pullRequest{Expires: 1, Batch: 1, Group: s.group, Pin: pin}.json())
	if err == nil && m.Header.Get("Status") == "423" {
		s.lose(ctx, pin)
	}
}
