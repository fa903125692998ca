package deliverytest

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
)

// LogOptions are those of [Broker.Log]. Zero values are defaults.
type LogOptions struct {
	CommitEvery time.Duration // 10 ms
	RevokeWait  time.Duration // 5 s: how long a revoked partition is waited for
	Fetch       int           // 64: events of a partition at once
}

// Log returns a source of the partitioned log. Its sessions share the partitions as a
// consumer group does: each partition belongs to one of them at a time.
func (b *Broker) Log(o LogOptions) delivery.Source[[]byte] {
	if o.CommitEvery == 0 {
		o.CommitEvery = 10 * time.Millisecond
	}
	if o.RevokeWait == 0 {
		o.RevokeWait = 5 * time.Second
	}
	if o.Fetch == 0 {
		o.Fetch = 64
	}
	return logSource{b, o}
}

type logSource struct {
	b *Broker
	o LogOptions
}

// logSession is a member of the consumer group.
type logSession struct {
	b          *Broker
	o          LogOptions
	tracker    *delivery.Tracker[int32, int64]
	committing *delivery.Committing[int32]

	// under the lock of b
	dead  bool
	owned map[int32]*cursor
}

// cursor is a tenure of a partition. It is the settler of its events: those of a tenure
// are numbered from 0 on, and the positions of this log have no gaps.
type cursor struct {
	b         *Broker
	tenure    *delivery.Tenure[int32, int64]
	partition int32
	from      int64
	epoch     int64
	at        int64 // of the next event; Receive's
}

// Open joins the group.
func (s logSource) Open(_ context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	if o.MaxUncommitted == 0 {
		o.MaxUncommitted = 1024
	}
	n := &logSession{b: s.b, o: s.o, tracker: delivery.NewTracker[int32, int64](o.MaxUncommitted), owned: map[int32]*cursor{}}
	n.committing = delivery.Committer(n.tracker, s.o.CommitEvery, 0, func(_ context.Context, cs []delivery.Commit[int32, int64]) error {
		return s.b.commit(n, cs)
	})
	s.b.change(func() { s.b.members = append(s.b.members, n) })
	s.b.rebalance()
	return n, nil
}

// assign begins a tenure of partition i. The caller holds the lock of b.
func (s *logSession) assign(i int32, from, epoch int64) {
	s.owned[i] = &cursor{b: s.b, tenure: s.tracker.Assign(i), partition: i, from: from, epoch: epoch, at: from}
}

// revoke refuses new events of ps, waits for the open ones, commits, and ends the
// tenures, in this order.
func (s *logSession) revoke(ps []int32) {
	ctx, cancel := context.WithTimeout(context.Background(), s.o.RevokeWait)
	defer cancel()
	var all sync.WaitGroup
	for _, i := range ps {
		if t := s.tracker.Tenure(i); t != nil {
			all.Go(func() { _ = t.Drain(ctx) }) // at worst the next owner repeats some
		}
	}
	all.Wait()
	insist, done := context.WithTimeout(context.Background(), s.o.RevokeWait)
	defer done()
	_ = s.committing.CommitNow(insist, ps...) // as above
	s.end(ps)
}

func (s *logSession) end(ps []int32) {
	for _, i := range ps {
		if t := s.tracker.Tenure(i); t != nil {
			t.End()
		}
	}
	s.b.change(func() {
		for _, i := range ps {
			delete(s.owned, i)
		}
	})
}

type fetched struct {
	*cursor
	records []record
}

// fetch returns the next events of each partition that is not full, and a channel that
// is closed when there may be more. over: there never will be.
func (s *logSession) fetch() (all []fetched, news <-chan struct{}, over bool) {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	news = s.b.news
	if s.dead || s.b.away {
		return nil, news, false
	}
	over = s.b.ended
	for i, c := range s.owned {
		events := s.b.parts[i].events
		if c.at == int64(len(events)) {
			continue
		}
		over = false
		if !c.tenure.Full() { // a full one is paused
			all = append(all, fetched{c, events[c.at:min(c.at+int64(s.o.Fetch), int64(len(events)))]})
		}
	}
	return all, news, over
}

// Receive emits the events of the partitions that this member has.
func (s *logSession) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	for ctx.Err() == nil {
		all, news, over := s.fetch()
		if over {
			return nil
		}
		emitted := false
		for _, f := range all {
			for _, r := range f.records {
				token, ok, _ := f.tenure.Begin(f.at + 1)
				if !ok {
					break // full, or it ends: the next owner gets them
				}
				f.at++
				emitted = true
				if !emit(delivery.New(r.Value, r.Key, f.cursor, token)) {
					return nil
				}
			}
		}
		if emitted {
			continue
		}
		select {
		case <-news:
		case <-s.tracker.Room():
		case <-ctx.Done():
		}
	}
	return nil
}

// Close commits, and leaves the group.
func (s *logSession) Close(ctx context.Context, _ delivery.End) error {
	s.committing.Close()
	err := s.committing.CommitNow(ctx)
	var mine []int32
	s.b.change(func() {
		if s.dead {
			err = nil
		}
		for i, m := range s.b.members {
			if m == s {
				s.b.members = append(s.b.members[:i:i], s.b.members[i+1:]...)
				break
			}
		}
		for i, p := range s.b.parts {
			if p.owner == s {
				p.owner = nil
			}
			mine = append(mine, int32(i)) //nolint:gosec // there are few
		}
	})
	s.end(mine)
	s.b.rebalance()
	return err
}

// Settle is that of the settler.
func (c *cursor) Settle(token uint64, err error) {
	if err == nil {
		c.tenure.Done(token)
	}
}

// Info is that of the settler.
func (c *cursor) Info(token uint64) delivery.Info {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	at := c.from + int64(token) //nolint:gosec // it is a count
	r := c.b.parts[c.partition].events[at]
	return delivery.Info{
		Source: "log", Partition: c.partition, Position: strconv.FormatInt(at, 10), ID: r.ID, Epoch: c.epoch, Time: r.at,
	}
}

// Context is that of the settler.
func (c *cursor) Context() context.Context { return c.tenure.Context() }
