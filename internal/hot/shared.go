package hot

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Shared is a stream whose runs are shared. Each run is a Link. It has a Hub and a
// connection, which is upstream on its own goroutine.
type Shared[T any] struct {
	name  string
	up    feed.Push[T]
	fresh func() *Hub[T]

	mu      sync.Mutex // guards current and every Link; taken before a Hub's lock
	current *Link[T]   // a new subscriber joins it; nil: a new one
}

// Policy says when a run begins and ends.
type Policy struct {
	Min        int             // this many subscribers connect the run; 0: never
	Arrivals   bool            // Min also counts subscribers that have left
	Grace      time.Duration   // how long the run waits for another subscriber after the last one has left
	Connected  context.Context //nolint:containedctx // the owner of the run; nil: the last subscriber to leave
	KeepOnEnd  bool            // a subscriber that comes after a completion completes at once, and starts no new run
	KeepOnFail bool            // the same for an error
}

// NewShared returns a Shared. fresh makes the Hub of a run.
func NewShared[T any](name string, up feed.Push[T], fresh func() *Hub[T]) *Shared[T] {
	return &Shared[T]{name: name, up: up, fresh: fresh}
}

// link returns the current run. The caller holds the lock.
func (s *Shared[T]) link() *Link[T] {
	if s.current == nil {
		s.current = &Link[T]{Hub: s.fresh()}
	}
	return s.current
}

// Run subscribes to the current run. It returns when the run is over for this
// subscriber. The last subscriber of a run that the subscribers own also waits until
// the run is reaped.
func (s *Shared[T]) Run(ctx context.Context, emit func(T) bool, p Policy) error {
	return s.run(ctx, emit, p, func() *Hub[T] { return nil }, func(*Link[T]) {})
}

// run is Run with two hooks, which are called under the lock. ended returns another
// Hub to subscribe to, or nil. joined is called with the joined run.
func (s *Shared[T]) run(ctx context.Context, emit func(T) bool, p Policy, ended func() *Hub[T], joined func(*Link[T])) (err error) {
	rec := run.From(ctx)
	var sub *Sub[T]
	s.mu.Lock()
	for {
		switch {
		case ctx.Err() != nil:
			s.mu.Unlock()
			return context.Cause(ctx)
		case rec.Stopping():
			s.mu.Unlock()
			return nil // it has not begun
		}
		if hub := ended(); hub != nil {
			s.mu.Unlock()
			return hub.Join(ctx).Run(ctx, emit, nil, nil)
		}
		if s.link().state == over { // upstream has ended by itself, and its end is kept
			sub = s.current.Hub.Join(ctx)
			break
		}
		if s.current.state != closing {
			if sub = s.current.Hub.TryJoin(ctx); sub != nil {
				break
			}
			s.close(s.current) // the last subscriber has ended, and has not called memberLeft yet
		}
		if s.current.waitsFor(rec) {
			s.current = nil
			continue
		}
		s.reaped(ctx, rec)
	}
	l := s.current
	m := &member[T]{rec: rec, sub: sub}
	l.add(m)
	l.arrived++
	if l.newcomer != nil {
		close(l.newcomer)
		l.newcomer = nil
	}
	joined(l)
	if here := l.subs; p.Min > 0 && l.state == waiting && (here >= p.Min || p.Arrivals && l.arrived >= p.Min) {
		if p.Connected != nil {
			s.connect(l, p.Connected, p, false)
		} else {
			s.connect(l, context.WithoutCancel(ctx), p, true)
		}
	}
	s.mu.Unlock()

	defer func() { err = fault.Join(err, s.memberLeft(l, rec, m)) }()
	return sub.Run(ctx, emit, func() { s.stop(l, m) }, func() { s.halt(l, m) })
}

// reaped waits until the closing run is reaped. The caller holds the lock; reaped
// releases and reacquires it.
func (s *Shared[T]) reaped(ctx context.Context, rec *run.Record) {
	reaped := s.current.reaped
	s.mu.Unlock()
	rec.Settle(ctx)
	select {
	case <-reaped:
	case <-ctx.Done():
	case <-rec.Stopped():
	}
	s.mu.Lock()
}

// stop ends the intake of a subscriber that is being stopped gracefully. The other
// subscribers of the same subscription end at the same item. If all subscribers are
// being stopped, and they own the run, upstream is stopped instead. So the items
// that upstream has in hand, and those that its operators flush, are not lost.
func (s *Shared[T]) stop(l *Link[T], m *member[T]) {
	s.mu.Lock()
	if _, here := l.members[m]; !here {
		s.mu.Unlock()
		return // it has left meanwhile
	}
	m.stopping = true
	all := l.owned && (l.state == closing || l.state == running && l.allStop())
	if all && l.state == running {
		s.close(l)
	}
	var together []*Sub[T]
	for other := range l.members {
		if !all && other.rec == m.rec {
			together = append(together, other.sub)
		}
	}
	s.mu.Unlock()
	if all {
		l.conn.rec.Stop()
	} else {
		l.Hub.stop(together)
	}
}

// halt cancels upstream as soon as the ctx of every subscriber is done, although
// their downstreams may still be busy. So upstream does not go on for nobody.
func (s *Shared[T]) halt(l *Link[T], m *member[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.halting = true
	l.halting++
	if !l.owned || l.halting < l.subs || l.policy.Grace > 0 {
		return
	}
	if l.state == running {
		s.close(l)
	}
	if l.state == closing && !l.Hub.Closed() {
		l.cut = true
		l.conn.cancel(errDisconnected)
	}
}

// close makes new subscribers wait for the next run.
func (s *Shared[T]) close(l *Link[T]) {
	l.state = closing
	l.reaped = make(chan struct{})
}

// memberLeft is called by each subscriber that leaves. The last one ends the run if the
// subscribers own it. memberLeft then returns the error of the run's clean-up, or the error
// of a run that has ended during the grace.
func (s *Shared[T]) memberLeft(l *Link[T], rec *run.Record, m *member[T]) error {
	s.mu.Lock()
	l.remove(m)
	told := l.Hub.Closed() // upstream's end was delivered; an end during the grace is not
	if !s.isLast(l, rec) {
		s.mu.Unlock()
		return nil
	}
	told = told && !l.cut
	if l.state == running {
		s.close(l)
	}
	s.mu.Unlock()
	if !told {
		l.conn.cancel(errDisconnected)
	}
	rec.Join(1)
	l.conn.scope.Join()
	rec.Join(-1)
	s.mu.Lock()
	if l.state == closing {
		l.state = over
		close(l.reaped)
		if s.current == l {
			s.current = nil
		}
	}
	s.mu.Unlock()
	if told {
		return nil
	}
	return l.conn.err
}

// isLast reports whether the leaving subscriber is the last one, after the grace,
// and the run's owner. The caller holds the lock; isLast may release and reacquire
// it.
func (s *Shared[T]) isLast(l *Link[T], rec *run.Record) bool {
	if l.subs > 0 || !l.owned {
		return false
	}
	if l.state != running || l.policy.Grace <= 0 {
		return true
	}
	newcomer := make(chan struct{})
	l.newcomer = newcomer
	s.mu.Unlock()
	grace := time.NewTimer(l.policy.Grace)
	scope.Limited(rec, func() {
		select {
		case <-grace.C:
		case <-newcomer:
		case <-l.conn.done:
		}
	})
	grace.Stop()
	s.mu.Lock()
	if l.newcomer != newcomer {
		return false // another subscriber has come, and will leave the run later
	}
	l.newcomer = nil
	return true
}

var errDisconnected = errors.New("turbopipes: nobody is subscribed")

// connect starts upstream. The caller holds the lock.
func (s *Shared[T]) connect(l *Link[T], ctx context.Context, p Policy, owned bool) *Conn {
	l.state, l.policy, l.owned = running, p, owned
	if owned {
		l.Hub.Own(p.Grace > 0)
	}
	l.conn = start(ctx, s.name, func(ctx context.Context, cut *atomic.Bool) error {
		own := l.Hub.account(ctx)
		return s.up(ctx, func(v T) bool {
			if !cut.Load() {
				switch l.Hub.Put(ctx, v) { //nolint:errorlint // Put returns ErrNobody unwrapped
				case nil:
					return true
				case ErrNobody:
					if err := l.Hub.Lost(own).Drop(v); err != nil {
						panic(err)
					}
					return true
				}
			}
			s.cutOff(l)
			return l.Hub.Lost(own).Refuse(v)
		})
	}, func(err error) { s.ended(l, err) }, l.Hub.Within)
	return l.conn
}

// cutOff notes that upstream was refused because nobody is subscribed: it has not
// completed.
func (s *Shared[T]) cutOff(l *Link[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.cut = l.cut || l.owned
}

// ended runs as upstream's goroutine ends, with upstream's error.
func (s *Shared[T]) ended(l *Link[T], err error) {
	s.mu.Lock()
	if l.state == running {
		l.state = over
		keep := !l.cut && (err == nil && l.policy.KeepOnEnd || err != nil && l.policy.KeepOnFail)
		if s.current == l && !keep {
			s.current = nil
		}
	}
	s.mu.Unlock()
	l.Hub.Close(err)
}

// Connect starts the current run under ctx, or returns the connection that the run
// has. If the run is closing, Connect waits for the next one.
func (s *Shared[T]) Connect(ctx context.Context) *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		l := s.link()
		switch {
		case ctx.Err() != nil && l.state != running:
			return Ended(context.Cause(ctx))
		case l.state == closing:
			s.reaped(ctx, run.From(context.Background()))
		case l.state == over: // its end is kept, for others
			s.current = nil
		default:
			return s.connected(l, ctx)
		}
	}
}

// connected returns the connection of l, and starts it if necessary. The caller
// holds the lock.
func (s *Shared[T]) connected(l *Link[T], ctx context.Context) *Conn {
	if l.state == waiting {
		s.connect(l, ctx, Policy{}, false)
	}
	return l.conn
}

// Auto returns the Run of a stream that connects under ctx when the n-th subscriber
// has come, or at once if n is 0, and never again.
func (s *Shared[T]) Auto(ctx context.Context, n int) func(ctx context.Context, emit func(T) bool) error {
	var bound *Link[T] // guarded by s's lock, as is arrived
	arrived := 0
	bind := func(l *Link[T]) {
		if bound == nil {
			s.connected(l, ctx)
			bound = l
		}
	}
	ended := func() *Hub[T] {
		if bound != nil && bound.state == over {
			return bound.Hub
		}
		return nil
	}
	if n == 0 {
		s.mu.Lock()
		if l := s.link(); l.state != closing {
			bind(l)
		}
		s.mu.Unlock()
	}
	return func(own context.Context, emit func(T) bool) error {
		release := func() {}
		defer func() { release() }()
		return s.run(own, emit, Policy{}, ended, func(l *Link[T]) {
			if arrived++; arrived >= n {
				bind(l)
				return
			}
			release = scope.OnDone(ctx, func() { // it can't connect any more: bind ends all that wait
				s.mu.Lock()
				defer s.mu.Unlock()
				bind(l)
			})
		})
	}
}

// PolicyOf returns the Policy that options set.
func PolicyOf(o opt.Settings) Policy {
	return Policy{
		Min: o.MinSubscribers, Grace: o.Grace, Connected: o.Connected,
		KeepOnEnd: o.KeepOnComplete, KeepOnFail: o.KeepOnError,
	}
}
