package delivery

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Tracker keeps, for each partition that this consumer has, how far everything is done
// without a gap. It is for logs: brokers that want a position committed. K names a
// partition. P is what the broker wants committed: the position after an event.
//
// The order of events is the order in which they have begun, not arithmetic on
// positions: compaction and transactions leave gaps in a log. All methods may be called
// from any goroutine.
type Tracker[K comparable, P any] struct {
	bound int
	born  time.Time
	moved chan struct{} // of capacity 1, as are the others
	room  chan struct{}
	due   chan struct{} // a commit should not wait

	threshold atomic.Uint64 // so many events that are ready are due; 0: no number is

	mu    sync.Mutex
	parts map[K]*Tenure[K, P]
	late  map[K]int64
}

// NewTracker returns a Tracker that lets each partition have at most maxUncommitted
// events that have begun and are not committed. That is the most that a crash repeats.
// It panics if maxUncommitted is less than 1.
func NewTracker[K comparable, P any](maxUncommitted int) *Tracker[K, P] {
	if maxUncommitted < 1 {
		panic("delivery: NewTracker: maxUncommitted is " + itoa(int64(maxUncommitted)) + ", want at least 1")
	}
	return &Tracker[K, P]{
		bound: maxUncommitted, born: time.Now(), moved: make(chan struct{}, 1), room: make(chan struct{}, 1),
		due: make(chan struct{}, 1), parts: map[K]*Tenure[K, P]{}, late: map[K]int64{},
	}
}

// Assign begins a tenure of k, and ends the one that was there.
func (t *Tracker[K, P]) Assign(k K) *Tenure[K, P] {
	n := &Tenure[K, P]{Key: k, tracker: t, room: make(chan struct{}, 1), closed: make(chan struct{})}
	n.ctx, n.cancel = context.WithCancelCause(context.Background())
	t.mu.Lock()
	old := t.parts[k]
	t.parts[k] = n
	t.mu.Unlock()
	if old != nil {
		old.End()
	}
	return n
}

// Tenure returns the current tenure of k, or nil.
func (t *Tracker[K, P]) Tenure(k K) *Tenure[K, P] {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.parts[k]
}

// Tenures returns all current tenures, in no order.
func (t *Tracker[K, P]) Tenures() []*Tenure[K, P] {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]*Tenure[K, P], 0, len(t.parts))
	for _, p := range t.parts {
		all = append(all, p)
	}
	return all
}

// Moved has an element when the done prefix of a partition has grown. A [Committer]
// receives from it; use one or the other.
func (t *Tracker[K, P]) Moved() <-chan struct{} { return t.moved }

// Room has an element when a partition that was full has room for half of
// maxUncommitted again, or when its tenure has ended. A connector that has paused the
// partition at the broker resumes it then; see [Tenure.Full].
func (t *Tracker[K, P]) Room() <-chan struct{} { return t.room }

// Ready returns what may be committed and was not, for the partitions ks, or for all.
func (t *Tracker[K, P]) Ready(ks ...K) (commits []Commit[K, P]) {
	for _, p := range t.Tenures() {
		if len(ks) > 0 && !slices.Contains(ks, p.Key) {
			continue
		}
		p.mu.Lock()
		if p.head > p.committed && !p.over {
			commits = append(commits, Commit[K, P]{Key: p.Key, Next: p.last, upTo: p.head, tenure: p})
		}
		p.mu.Unlock()
	}
	return commits
}

// TenureStats is what [Tracker.Stats] returns for a partition.
type TenureStats[K comparable, P any] struct {
	Key         K
	Span        int           // events from the oldest open one on
	Open        int           // events that are not settled
	Uncommitted int           // events that a crash would repeat
	Oldest      P             // the position after the oldest open event, if Open > 0
	Age         time.Duration // of the oldest open event
	Late        int64         // settlements that came after their tenure had ended, in all tenures of Key
}

// Stats returns the counters of each partition.
func (t *Tracker[K, P]) Stats() []TenureStats[K, P] {
	now := t.now()
	all := t.Tenures()
	stats := make([]TenureStats[K, P], 0, len(all))
	for _, p := range all {
		s := p.stats(now)
		t.mu.Lock()
		s.Late = t.late[p.Key]
		t.mu.Unlock()
		stats = append(stats, s)
	}
	return stats
}

// Late returns how many settlements came after their tenure had ended, in all tenures.
// They have changed nothing.
func (t *Tracker[K, P]) Late() (n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.late {
		n += l
	}
	return n
}

// Commit is a position that may be committed.
type Commit[K comparable, P any] struct {
	Key    K
	Next   P // the position after the last event that is done
	upTo   uint64
	tenure *Tenure[K, P]
}

// Confirm says that the broker has the commit. That makes room in the partition.
func (c Commit[K, P]) Confirm() { c.tenure.confirm(c.upTo) }

// Tenure returns the tenure that the commit is of.
func (c Commit[K, P]) Tenure() *Tenure[K, P] { return c.tenure }

func (t *Tracker[K, P]) now() time.Duration { return time.Since(t.born) }

// forget takes p out, if it is still the current tenure.
func (t *Tracker[K, P]) forget(p *Tenure[K, P]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.parts[p.Key] == p {
		delete(t.parts, p.Key)
	}
}

func (t *Tracker[K, P]) countLate(k K) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.late[k]++
}

// poke puts an element into c, unless one is there.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
