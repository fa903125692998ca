package delivery_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/delivery"
)

// trackerModel is what a broker and its consumers would see of a tracker.
type trackerModel struct {
	t     *testing.T
	seed  int
	r     *rand.Rand
	bound int
	tr    *delivery.Tracker[int, int64]
	parts [3]modelPart
	open  []modelEvent
	late  int64
}

type modelPart struct {
	tenure    *delivery.Tenure[int, int64]
	next      int64 // the position that the broker would give next
	committed int64 // at the broker
	confirmed int   // begun events that are before committed, in this tenure
	begun     []int64
	undone    map[int64]bool
}

type modelEvent struct {
	tenure *delivery.Tenure[int, int64]
	token  uint64
	at     int64
}

// low is the lowest position that is not done.
func (p *modelPart) low() int64 {
	low := p.next
	for at := range p.undone {
		low = min(low, at)
	}
	return low
}

func (m *trackerModel) fatalf(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("seed %d: "+format, append([]any{m.seed}, args...)...)
}

func (m *trackerModel) assign(k int) {
	p := &m.parts[k]
	*p = modelPart{tenure: m.tr.Assign(k), next: p.committed, committed: p.committed, undone: map[int64]bool{}}
}

// begin notes an event after a gap, as of transactions and compaction.
func (m *trackerModel) begin(k int) {
	p := &m.parts[k]
	at := p.next + int64(m.r.IntN(3))
	token, ok, full := p.tenure.Begin(at + 1)
	if want := len(p.begun)-p.confirmed >= m.bound; full != want || ok == want {
		m.fatalf("full is %v and ok is %v with %d begun, %d committed, at most %d", full, ok, len(p.begun), p.confirmed, m.bound)
	}
	if ok {
		m.open = append(m.open, modelEvent{p.tenure, token, at})
		p.undone[at] = true
		p.begun = append(p.begun, at)
		p.next = at + 1
	}
}

// settle settles one of the open events, some of them late, and some twice.
func (m *trackerModel) settle() {
	i := m.r.IntN(len(m.open))
	e := m.open[i]
	m.open[i] = m.open[len(m.open)-1]
	m.open = m.open[:len(m.open)-1]
	p := &m.parts[e.tenure.Key]
	for range 1 + m.r.IntN(2) {
		e.tenure.Done(e.token)
		if e.tenure != p.tenure {
			m.late++
		}
	}
	if e.tenure == p.tenure {
		delete(p.undone, e.at)
	}
}

func (m *trackerModel) commit(refused bool) {
	for _, c := range m.tr.Ready() {
		p := &m.parts[c.Key]
		if low := p.low(); c.Next > low {
			m.fatalf("partition %d would commit %d, and %d is unfinished", c.Key, c.Next, low)
		}
		if c.Next <= p.committed {
			m.fatalf("a commit goes back from %d to %d", p.committed, c.Next)
		}
		if refused {
			continue
		}
		p.committed = c.Next
		for p.confirmed < len(p.begun) && p.begun[p.confirmed] < c.Next {
			p.confirmed++
		}
		c.Confirm()
	}
}

func (m *trackerModel) step() {
	k := m.r.IntN(len(m.parts))
	switch x := m.r.IntN(100); {
	case x < 50:
		m.begin(k)
	case x < 85 && len(m.open) > 0:
		m.settle()
	case x < 95:
		m.commit(m.r.IntN(3) == 0)
	case x < 97: // a crash, at any moment: all begins again at the committed positions
		m.tr = delivery.NewTracker[int, int64](m.bound)
		m.open, m.late = nil, 0
		for k := range m.parts {
			m.assign(k)
		}
	default: // taken away and given again, with claims left open: those come late
		m.parts[k].tenure.End()
		m.assign(k)
	}
}

// TestTrackerRandom compares the tracker with a model: with gaps, refused commits, late
// and double settlements, reassignments and crashes. A commit never goes past an
// unfinished event, and never back. In the end all is committed.
func TestTrackerRandom(t *testing.T) {
	for seed := range runs(t, 10_000) {
		m := &trackerModel{t: t, seed: seed, r: rand.New(rand.NewPCG(1, uint64(seed)))} //nolint:gosec // a test
		m.bound = 1 + m.r.IntN(64)
		m.tr = delivery.NewTracker[int, int64](m.bound)
		for k := range m.parts {
			m.assign(k)
		}
		for range 200 {
			m.step()
		}
		for len(m.open) > 0 {
			m.settle()
		}
		m.commit(false)
		for _, s := range m.tr.Stats() {
			p := &m.parts[s.Key]
			if s.Span != 0 || s.Open != 0 || s.Uncommitted != 0 || len(p.begun) > 0 && p.committed != p.next {
				m.fatalf("partition %d ends as %+v, committed %d of %d", s.Key, s, p.committed, p.next)
			}
		}
		if late := m.tr.Late(); late != m.late {
			m.fatalf("%d late, want %d", late, m.late)
		}
	}
}

func TestTenureWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := delivery.NewTracker[string, int](2)
		p := tr.Assign("p")
		defer p.End()
		var tokens [2]uint64
		for i := range tokens {
			tokens[i], _ = p.Wait(t.Context(), i+1)
		}
		require.False(t, p.Full())
		began := make(chan bool)
		go func() {
			_, ok := p.Wait(t.Context(), 3)
			began <- ok
		}()
		synctest.Wait()
		require.True(t, p.Full())
		p.Done(tokens[0])
		synctest.Wait()
		require.Empty(t, began, "what is done but not committed would be repeated by a crash")
		for _, c := range tr.Ready() {
			c.Confirm()
		}
		require.True(t, <-began)
		require.NotEmpty(t, tr.Room())

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, ok := p.Wait(ctx, 4)
		require.False(t, ok)
	})
}

func TestTenureEndsAWait(t *testing.T) {
	for name, end := range map[string]func(p *delivery.Tenure[string, int]){
		"End":    (*delivery.Tenure[string, int]).End,
		"Drain":  func(p *delivery.Tenure[string, int]) { go func() { _ = p.Drain(context.Background()) }() },
		"Assign": nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := delivery.NewTracker[string, int](1)
				p := tr.Assign("p")
				_, ok, _ := p.Begin(1)
				require.True(t, ok)
				var waiting sync.WaitGroup
				for range 3 {
					waiting.Go(func() {
						_, ok := p.Wait(t.Context(), 2)
						require.False(t, ok)
					})
				}
				synctest.Wait()
				if end == nil {
					require.NotSame(t, p, tr.Assign("p"))
				} else {
					end(p)
				}
				waiting.Wait()
				p.End()
				require.ErrorIs(t, context.Cause(p.Context()), delivery.ErrRevoked)
			})
		})
	}
}

func TestTenureDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := delivery.NewTracker[string, int](8)
		p := tr.Assign("p")
		a, _, _ := p.Begin(1)
		b, _, _ := p.Begin(2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, p.Drain(ctx), context.DeadlineExceeded)
		_, ok, full := p.Begin(3)
		require.False(t, ok)
		require.False(t, full)
		drained := make(chan error, 2)
		for range 2 {
			go func() { drained <- p.Drain(t.Context()) }()
		}
		synctest.Wait()
		p.Done(b)
		synctest.Wait()
		require.Empty(t, drained)
		require.Empty(t, tr.Ready(), "the first one is open")
		p.Done(a)
		require.NoError(t, <-drained)
		require.NoError(t, <-drained)
		require.NoError(t, p.Drain(ctx), "nothing is open")
		require.Equal(t, 2, tr.Ready("p")[0].Next)
		require.Empty(t, tr.Ready("q"))
		p.End()
		require.Empty(t, tr.Ready(), "what was not committed is the next owner's")
		require.Nil(t, tr.Tenure("p"))
	})
}

func TestTrackerStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := delivery.NewTracker[string, int](8)
		p := tr.Assign("p")
		a, _, _ := p.Begin(10)
		time.Sleep(time.Second)
		_, _, _ = p.Begin(20)
		c, _, _ := p.Begin(30)
		time.Sleep(time.Second)
		p.Done(a)
		p.Done(c)
		require.Equal(t, []delivery.TenureStats[string, int]{{
			Key: "p", Span: 2, Open: 1, Uncommitted: 3, Oldest: 20, Age: time.Second,
		}}, tr.Stats())
		p.End()
		p.Done(c)
		require.EqualValues(t, 1, tr.Late())
		q := tr.Assign("p")
		defer q.End()
		require.EqualValues(t, 1, tr.Stats()[0].Late)
	})
}

var errBroker = errors.New("the broker refuses")

// commits is a broker that a Committer commits to.
type commits struct {
	mu   sync.Mutex
	at   []int
	when []time.Duration
	born time.Time
	err  error
}

func (c *commits) commit(_ context.Context, cs []delivery.Commit[string, int]) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = append(c.at, cs[0].Next)
	c.when = append(c.when, time.Since(c.born))
	return c.err
}

func (c *commits) set(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func TestCommitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := delivery.NewTracker[string, int](8)
		broker := &commits{born: time.Now()}
		c := delivery.Committer(tr, time.Second, 3, broker.commit)
		p := tr.Assign("p")
		done := func(at int) {
			token, ok := p.Wait(t.Context(), at)
			require.True(t, ok)
			p.Done(token)
		}
		time.Sleep(10 * time.Second) // nothing is ready
		done(1)
		done(2)
		time.Sleep(5 * time.Second) // a second after the first one
		done(3)
		done(4)
		done(5) // count
		synctest.Wait()
		broker.set(errBroker)
		done(6)
		time.Sleep(1500 * time.Millisecond)
		require.ErrorIs(t, c.Err(), errBroker)
		broker.set(nil)
		time.Sleep(5 * time.Second) // again, though nothing has moved
		require.NoError(t, c.Err())
		require.Equal(t, []int{2, 5, 6, 6}, broker.at)
		require.Equal(t, []time.Duration{11 * time.Second, 15 * time.Second, 16 * time.Second, 17 * time.Second}, broker.when)

		broker.set(delivery.Permanent(errBroker))
		done(7)
		require.ErrorIs(t, c.CommitNow(t.Context(), "p"), errBroker)
		c.Close()
		broker.set(errBroker)
		time.AfterFunc(time.Minute, func() { broker.set(nil) })
		require.NoError(t, c.CommitNow(t.Context()), "it insists")
		require.NoError(t, c.CommitNow(t.Context()), "nothing is ready")
		done(8)
		broker.set(errBroker)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, c.CommitNow(ctx), errBroker)
		p.End()
	})
}

// TestCommitterMakesRoom: a full partition does not wait for the next regular commit.
func TestCommitterMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := delivery.NewTracker[string, int](4)
		broker := &commits{born: time.Now()}
		c := delivery.Committer(tr, time.Hour, 1000, broker.commit)
		defer c.Close()
		p := tr.Assign("p")
		defer p.End()
		for at := range 100 {
			token, ok := p.Wait(t.Context(), at)
			require.True(t, ok)
			p.Done(token)
		}
		require.Less(t, time.Since(broker.born), time.Second)
	})
}
