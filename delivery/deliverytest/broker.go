package deliverytest

import (
	"errors"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
)

// Event is what a test publishes.
type Event struct {
	Key   string
	Value []byte
	ID    string
}

// Broker is a broker in memory. It has the same events in two ways: as a partitioned
// log with committed positions and a consumer group, see [Broker.Log], and as a queue
// with an ack for each event, see [Broker.Queue]. Use one of the two in a test. It
// works on real and on virtual time, and has no goroutines of its own.
type Broker struct {
	rebalancing chan struct{} // of capacity 1: one rebalance at a time. A lock would hold virtual time

	mu      sync.Mutex
	news    chan struct{} // closed, and replaced, when something has changed
	parts   []*partition
	members []*logSession // of the consumer group, in the order in which they have joined
	epoch   int64
	queue   []*message
	waiting int // messages before this one are done
	refuse  func() error
	away    bool
	ended   bool
	wrong   []string // what a consumer must never do
}

// partition is one of the log.
type partition struct {
	events    []record
	committed int64
	owner     *logSession
	epoch     int64
}

type record struct {
	Event
	at time.Time
}

var (
	errAway  = errors.New("deliverytest: the broker is away")
	errOwner = errors.New("deliverytest: the partition is another consumer's")
)

// NewBroker returns a broker without events.
func NewBroker(partitions int) *Broker {
	b := &Broker{rebalancing: make(chan struct{}, 1), news: make(chan struct{}), parts: make([]*partition, max(1, partitions))}
	for i := range b.parts {
		b.parts[i] = &partition{}
	}
	return b
}

// Publish appends events. Events with the same key are in the same partition.
func (b *Broker) Publish(events ...Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for _, e := range events {
		r := record{e, now}
		p := b.parts[b.partitionOf(e.Key)]
		p.events = append(p.events, r)
		b.queue = append(b.queue, &message{record: r, at: len(b.queue)})
	}
	b.changed()
}

func (b *Broker) partitionOf(key string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return int(h.Sum32() % uint32(len(b.parts))) //nolint:gosec // there are few
}

// End says that no event will be published any more. A session is at its end when it
// has emitted all of its partitions; one of a queue when all messages are done.
func (b *Broker) End() { b.change(func() { b.ended = true }) }

// Refuse makes each commit and ack fail with the error of fn, as long as that is not
// nil. A nil fn ends that.
func (b *Broker) Refuse(fn func() error) { b.change(func() { b.refuse = fn }) }

// Away takes the broker away, or brings it back: meanwhile nothing is fetched, and
// commits and acks fail.
func (b *Broker) Away(away bool) { b.change(func() { b.away = away }) }

// Crash ends all sessions as the end of their processes would: without a Close. They
// fetch nothing more, and their commits and acks have no effect. Their events come
// again, in a queue when their lease has ended.
func (b *Broker) Crash() {
	b.change(func() {
		for _, s := range b.members {
			s.dead = true
		}
		b.members = nil
		for _, p := range b.parts {
			p.owner = nil
		}
		for _, m := range b.queue {
			m.lease++
		}
	})
}

// Committed returns how many events are committed, or acked in the queue.
func (b *Broker) Committed() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.parts {
		n += int(p.committed)
	}
	for _, m := range b.queue {
		if m.done {
			n++
		}
	}
	return n
}

// Breaches returns what consumers have done that they never may: a commit that goes
// back, or past the events that were handed out.
func (b *Broker) Breaches() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.wrong)
}

// change runs f under the lock, and wakes the sessions.
func (b *Broker) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
	b.changed()
}

// changed wakes the sessions. The caller holds mu.
func (b *Broker) changed() {
	close(b.news)
	b.news = make(chan struct{})
}

// refusal is why a commit fails now. The caller holds mu.
func (b *Broker) refusal() error {
	switch {
	case b.away:
		return errAway
	case b.refuse != nil:
		return b.refuse()
	}
	return nil
}

// wanted is whose partition i should be. The caller holds mu.
func (b *Broker) wanted(i int) *logSession {
	if len(b.members) == 0 {
		return nil
	}
	return b.members[i%len(b.members)]
}

// rebalance assigns each partition to the member that should have it. A member that has
// it is asked first: it finishes, commits, and ends its tenure.
func (b *Broker) rebalance() {
	b.rebalancing <- struct{}{}
	defer func() { <-b.rebalancing }()
	for b.misplaced(nil) {
		revoked := map[*logSession][]int32{}
		b.misplaced(func(i int32, p *partition) {
			if p.owner != nil {
				revoked[p.owner] = append(revoked[p.owner], i)
			}
		})
		var all sync.WaitGroup
		for s, ps := range revoked {
			all.Go(func() { s.revoke(ps) })
		}
		all.Wait()
		b.change(func() {
			for s, ps := range revoked {
				for _, i := range ps {
					if b.parts[i].owner == s {
						b.parts[i].owner = nil
					}
				}
			}
			for i, p := range b.parts {
				if s := b.wanted(i); p.owner == nil && s != nil {
					b.epoch++
					p.owner, p.epoch = s, b.epoch
					s.assign(int32(i), p.committed, p.epoch) //nolint:gosec // there are few
				}
			}
		})
	}
}

// misplaced reports whether a partition is not whose it should be, and calls fn, if it
// is not nil, for each of them under the lock.
func (b *Broker) misplaced(fn func(i int32, p *partition)) (some bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, p := range b.parts {
		if p.owner == b.wanted(i) {
			continue
		}
		some = true
		if fn != nil {
			fn(int32(i), p) //nolint:gosec // there are few
		}
	}
	return some
}

// commit is one of s. Those that are accepted are confirmed.
func (b *Broker) commit(s *logSession, commits []delivery.Commit[int32, int64]) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.refusal(); err != nil {
		return err
	}
	var failed error
	for _, c := range commits {
		p := b.parts[c.Key]
		switch {
		case p.owner != s:
			failed = delivery.Permanent(errOwner)
			c.Tenure().End()
			continue
		case c.Next < p.committed:
			b.wrong = append(b.wrong, "a commit went back")
		case c.Next > int64(len(p.events)):
			b.wrong = append(b.wrong, "a commit went past the end")
		}
		p.committed = c.Next
		c.Confirm()
	}
	return failed
}
