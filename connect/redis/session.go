package redis

import (
	"context"
	"fmt"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/turbopipes/turbopipes/delivery"
)

// item is an entry that the session has.
type item struct {
	goredis.XMessage
	attempt int
	entry   *delivery.Entry[*item]

	// under the lock of the session
	done bool      // its ack is to be sent, or was sent and not answered
	due  time.Time // not zero: it was nacked, and should come again then
}

// session is a consumer of the group.
type session[T any] struct {
	src    *source[T]
	name   string
	own    bool
	most   int
	ledger *delivery.Ledger[*item]
	end    context.CancelFunc
	joined sync.WaitGroup
	wake   chan struct{} // of capacity 1, as is freed
	freed  chan struct{}

	// settling is held while entries are acked or given back, and while those that are
	// pending are read: an entry in such an answer that the session does not have is not
	// one that it has just settled.
	settling sync.Mutex

	mu     sync.Mutex
	has    map[string]*item // from the read until the server has answered the ack
	toAck  []*item
	failed bool // the last ack was not answered

	// Receive's
	history   string // the last entry that was read of those pending for this consumer; empty: all were
	cursor    string // of the claims
	nextSweep time.Time
	nextClean time.Time
	deleted   []string // entries that were found deleted, and not reported yet
}

func newSession[T any](ctx context.Context, src *source[T], most int) *session[T] {
	s := &session[T]{
		src: src, most: most, wake: make(chan struct{}, 1), freed: make(chan struct{}, 1),
		has: map[string]*item{}, history: "0-0", cursor: "0-0",
	}
	s.name, s.own = src.consumerName()
	s.ledger = delivery.NewLedger(ctx, delivery.LedgerOptions[*item]{
		Ack: s.ack, Nack: s.nack, Info: src.info, MaxHold: src.o.maxHold,
	})
	own, end := context.WithCancel(context.WithoutCancel(ctx))
	s.end = end
	s.joined.Go(func() { s.beating(own) })
	return s
}

func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// sleep reports whether ctx has not ended meanwhile.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// again is the wait after n failures in a row.
func again(n int) time.Duration { return min(10*time.Millisecond<<min(n, 10), 2*time.Second) }

// Receive implements [delivery.Session].
func (s *session[T]) Receive(ctx context.Context, emit func(delivery.Delivery[T]) bool) error {
	// A read whose answer nobody takes leaves entries that wait for AckWait.
	whole := context.WithoutCancel(ctx)
	failures := 0
	for {
		room, ok := s.room(ctx)
		if !ok {
			return nil
		}
		items, err := s.fetch(whole, room)
		switch {
		case err != nil && hopeless(err):
			return fmt.Errorf("redis: the group %q of the stream %q: %w", s.src.group, s.src.stream, err)
		case err != nil:
			s.history = "0-0" // entries may have been read whose answer was lost
			if !sleep(ctx, again(failures)) {
				return nil
			}
			failures++
			continue
		}
		failures = 0
		for _, it := range items {
			if !emit(delivery.New(s.src.value(it.XMessage), s.src.o.key(it.XMessage), it.entry, 0)) {
				return nil
			}
		}
	}
}

// room waits until the session may read, and returns how many entries. It waits a little
// longer for more than a few, which are cheaper together.
func (s *session[T]) room(ctx context.Context) (n int, ok bool) {
	enough := min(s.most/4, s.src.o.prefetch)
	var short *time.Timer
	for {
		if n = s.free(); ctx.Err() != nil {
			return 0, false
		}
		if n > enough || n == s.most {
			return n, true
		}
		if short == nil {
			short = time.NewTimer(5 * time.Millisecond)
			defer short.Stop()
		}
		select {
		case <-s.freed:
		case <-ctx.Done():
		case <-short.C:
			if n = s.free(); n > 0 && ctx.Err() == nil {
				return n, true
			}
			short.Reset(100 * time.Millisecond)
		}
	}
}

// free is how many entries may be read. It forgets those that the ledger has let go.
func (s *session[T]) free() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.src.o.maxHold > 0 && len(s.has) >= s.most {
		for id, it := range s.has {
			if it.letGo() {
				delete(s.has, id)
			}
		}
	}
	return max(0, s.most-len(s.has))
}

// letGo reports whether the entry was held for too long. The caller holds mu.
func (it *item) letGo() bool {
	return !it.done && it.due.IsZero() && context.Cause(it.entry.Context()) == delivery.ErrRevoked //nolint:errorlint // it is the cause
}

// ack is called by the ledger.
func (s *session[T]) ack(ctx context.Context, items []*item) error {
	s.mu.Lock()
	for _, it := range items {
		it.done = true
	}
	s.toAck = append(s.toAck, items...)
	s.mu.Unlock()
	err := s.flush(ctx)
	if err != nil {
		poke(s.wake) // to try again
	}
	return err
}

// nack is called by the ledger. The goroutine of the heartbeats gives the entry back.
func (s *session[T]) nack(_ context.Context, it *item, after time.Duration, _ error) error {
	s.mu.Lock()
	it.due = time.Now().Add(after)
	s.mu.Unlock()
	poke(s.wake)
	return nil
}

// flush sends the acks that wait. Those that fail wait on.
func (s *session[T]) flush(ctx context.Context) error {
	s.settling.Lock()
	defer s.settling.Unlock()
	for {
		s.mu.Lock()
		some := s.toAck[:min(len(s.toAck), perScript)]
		s.mu.Unlock()
		if len(some) == 0 {
			return nil
		}
		ids := make([]string, len(some))
		for i, it := range some {
			ids[i] = it.ID
		}
		err := s.src.client.XAck(ctx, s.src.stream, s.src.group, ids...).Err()
		s.mu.Lock()
		s.failed = err != nil
		if err == nil {
			for i, it := range some {
				if s.has[it.ID] == it {
					delete(s.has, it.ID)
				}
				some[i] = nil
			}
			s.toAck = s.toAck[len(some):]
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
		poke(s.freed)
	}
}

// beating sends heartbeats, gives back what was nacked, and repeats acks that have failed.
func (s *session[T]) beating(ctx context.Context) {
	every := s.src.o.ackWait / 3
	tick := time.NewTicker(every)
	defer tick.Stop()
	var retry <-chan time.Time
	failures := 0
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			err = s.beat(ctx)
		case <-s.wake:
			err = s.giveBack(ctx, s.src.o.ackWait)
		case <-retry:
			retry = nil
			err = s.giveBack(ctx, s.src.o.ackWait)
		}
		s.mu.Lock()
		failed := s.failed
		s.mu.Unlock()
		if failed {
			err = s.flush(ctx)
		}
		switch {
		case err == nil:
			failures = 0
		case retry == nil:
			retry = time.After(min(again(failures), every))
			failures++
		}
	}
}

// beat is a heartbeat for all that the session has.
func (s *session[T]) beat(ctx context.Context) error {
	if err := s.giveBack(ctx, s.src.o.ackWait); err != nil {
		return err
	}
	var held []*item
	s.mu.Lock()
	for _, it := range s.has {
		if !it.letGo() {
			held = append(held, it)
		}
	}
	s.mu.Unlock()
	return s.setIdle(ctx, held, func(*item) time.Duration { return 0 })
}

// giveBack gives back the nacked entries that are due within that time: their idle time
// becomes such that a session may claim them when they are due.
func (s *session[T]) giveBack(ctx context.Context, within time.Duration) error {
	s.settling.Lock()
	defer s.settling.Unlock()
	now := time.Now()
	var back []*item
	s.mu.Lock()
	for id, it := range s.has {
		if !it.due.IsZero() && it.due.Sub(now) <= within {
			back = append(back, it)
			delete(s.has, id) // before another session, or this one, claims it
		}
	}
	s.mu.Unlock()
	err := s.setIdle(ctx, back, func(it *item) time.Duration { return s.src.o.ackWait - max(0, it.due.Sub(now)) })
	if err != nil {
		s.mu.Lock()
		for _, it := range back {
			if s.has[it.ID] == nil {
				s.has[it.ID] = it
			}
		}
		s.mu.Unlock()
		return err
	}
	if len(back) > 0 {
		poke(s.freed)
	}
	return nil
}

// Close implements [delivery.Session].
func (s *session[T]) Close(ctx context.Context, _ delivery.End) error {
	s.end()
	s.joined.Wait()
	_ = s.ledger.Close(ctx) // its last error is that of the flush below
	err := s.flush(ctx)
	for n := 0; err != nil && !hopeless(err) && sleep(ctx, again(n)); n++ {
		err = s.flush(ctx)
	}
	if err != nil {
		return fmt.Errorf("redis: finished events are not acked: %w", err)
	}
	const ever = time.Duration(1<<63 - 1)
	if err := s.giveBack(ctx, ever); err != nil {
		return fmt.Errorf("redis: open events are not given back: %w", err)
	}
	if s.own {
		return leave.Run(ctx, s.src.client, []string{s.src.stream}, s.src.group, s.name).Err()
	}
	return nil
}
