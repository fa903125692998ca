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

// Shared is a stream whose runs are shared: each run, a Link, has a Hub and a
// connection, which is upstream on a goroutine of its own.
type Shared[T any] struct {
	name  string
	up    feed.Push[T]
	fresh func() *Hub[T]

	mu  sync.Mutex // guards cur and every Link; taken before a Hub's lock
	cur *Link[T]   // what a newcomer joins; nil: a new one
}

// Policy is when a run begins and ends.
type Policy struct {
	Min        int             // so many subscribers connect it; 0: none do
	Arrivals   bool            // Min counts those that have left, too
	Grace      time.Duration   // how long the last one that leaves waits for another
	Connected  context.Context //nolint:containedctx // the owner; nil: the last to leave
	KeepOnEnd  bool            // who comes after a completion gets that, and not a new run
	KeepOnFail bool            // the same for an error
}

// NewShared makes a Shared; fresh makes the Hub of a run.
func NewShared[T any](name string, up feed.Push[T], fresh func() *Hub[T]) *Shared[T] {
	return &Shared[T]{name: name, up: up, fresh: fresh}
}

// link is called with the lock held.
func (s *Shared[T]) link() *Link[T] {
	if s.cur == nil {
		s.cur = &Link[T]{Hub: s.fresh()}
	}
	return s.cur
}

// Run subscribes to the current run, and returns when that is over for the
// subscriber, and, if it was the last one and owns it, when it is reaped.
func (s *Shared[T]) Run(ctx context.Context, emit func(T) bool, p Policy) error {
	return s.run(ctx, emit, p, func() *Hub[T] { return nil }, func(*Link[T]) {})
}

// run is Run with two hooks, called with the lock held: ended gives what to
// subscribe to instead, if anything, and joined is told what was joined.
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
			sub = s.cur.Hub.Join(ctx)
			break
		}
		if s.cur.state != closing {
			if sub = s.cur.Hub.TryJoin(ctx); sub != nil {
				break
			}
			s.close(s.cur) // the last one has left it, and is about to say so
		}
		if s.cur.waitsFor(rec) {
			s.cur = nil
			continue
		}
		s.reaped(ctx, rec)
	}
	l := s.cur
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

	defer func() { err = fault.Join(err, s.left(l, rec, m)) }()
	return sub.Run(ctx, emit, func() { s.stop(l, m) }, func() { s.halt(l, m) })
}

// reaped waits for the run that is being reaped. It is called and left with the
// lock held.
func (s *Shared[T]) reaped(ctx context.Context, rec *run.Record) {
	reaped := s.cur.reaped
	s.mu.Unlock()
	rec.Settle(ctx)
	select {
	case <-reaped:
	case <-ctx.Done():
	case <-rec.Stopped():
	}
	s.mu.Lock()
}

// stop ends the intake of one that is being stopped gracefully, and at the same
// item that of the others in its subscription. If all are being stopped, and the
// run is theirs, upstream is stopped instead, so that what it has in hand and what
// its operators flush is not lost.
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

// halt cancels upstream as soon as nobody is there but those whose downstream is
// still busy, so that it does not go on for nobody.
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

// close makes newcomers wait for the next run.
func (s *Shared[T]) close(l *Link[T]) {
	l.state = closing
	l.reaped = make(chan struct{})
}

// left is called by each subscriber that leaves. The last one ends the run if the
// subscribers own it. left then returns the error of the run's clean-up, or the error
// of a run that has ended during the grace.
func (s *Shared[T]) left(l *Link[T], rec *run.Record, m *member[T]) error {
	s.mu.Lock()
	l.remove(m)
	told := l.Hub.Closed() // how upstream has ended; nobody is told what happens in the grace
	if !s.last(l, rec) {
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
	joined := rec.Join()
	l.conn.scope.Join()
	joined()
	s.mu.Lock()
	if l.state == closing {
		l.state = over
		close(l.reaped)
		if s.cur == l {
			s.cur = nil
		}
	}
	s.mu.Unlock()
	if told {
		return nil
	}
	return l.conn.err
}

// last tells whether who leaves is the last one, and the owner, after the grace.
// It is called and left with the lock held.
func (s *Shared[T]) last(l *Link[T], rec *run.Record) bool {
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
		return false // one has come, and leaves the run in its turn
	}
	l.newcomer = nil
	return true
}

var errDisconnected = errors.New("turbopipes: nobody is subscribed")

// connect starts upstream. It is called with the lock held.
func (s *Shared[T]) connect(l *Link[T], ctx context.Context, p Policy, owned bool) *Conn {
	l.state, l.policy, l.owned = running, p, owned
	if owned {
		l.Hub.Own(p.Grace > 0)
	}
	l.conn = start(ctx, s.name, func(ctx context.Context, cut *atomic.Bool) error {
		own := l.Hub.account(ctx)
		return s.up(ctx, func(v T) bool {
			if !cut.Load() {
				switch l.Hub.Put(ctx, v) { //nolint:errorlint // as it is
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

// cutOff notes that upstream is refused since nobody is there: it has not completed.
func (s *Shared[T]) cutOff(l *Link[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.cut = l.cut || l.owned
}

// ended is told on upstream's goroutine how it has ended.
func (s *Shared[T]) ended(l *Link[T], err error) {
	s.mu.Lock()
	if l.state == running {
		l.state = over
		keep := !l.cut && (err == nil && l.policy.KeepOnEnd || err != nil && l.policy.KeepOnFail)
		if s.cur == l && !keep {
			s.cur = nil
		}
	}
	s.mu.Unlock()
	l.Hub.Close(err)
}

// Connect starts the current run under ctx, or gives the connection that it has.
// It waits for one that is being reaped.
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
		case l.state == over: // and kept, for others
			s.cur = nil
		default:
			return s.connected(l, ctx)
		}
	}
}

// connected is called with the lock held.
func (s *Shared[T]) connected(l *Link[T], ctx context.Context) *Conn {
	if l.state == waiting {
		s.connect(l, ctx, Policy{}, false)
	}
	return l.conn
}

// Auto gives the Run of a stream that connects under ctx when the n-th subscriber
// has come, at once where n is 0, and not again.
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
			release = scope.OnDone(ctx, func() { // it can't connect any more: all who wait are told
				s.mu.Lock()
				defer s.mu.Unlock()
				bind(l)
			})
		})
	}
}

// PolicyOf is what options say.
func PolicyOf(o opt.Share) Policy {
	return Policy{
		Min: o.MinSubscribers, Grace: o.Grace, Connected: o.Connected,
		KeepOnEnd: o.KeepOnComplete, KeepOnFail: o.KeepOnError,
	}
}
