package delivery

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Ledger is for queues: brokers that settle each event by itself. It keeps the open
// events, sends heartbeats for them, acks from one goroutine in bursts, and gives back
// at the end what is open. M is a message of the broker.
//
// A message enters the ledger as soon as the client has it, before it is emitted: the
// broker's clock runs for messages in the client's buffer, too.
type Ledger[M any] struct {
	o      LedgerOptions[M]
	ctx    context.Context //nolint:containedctx // the ledger is what ends it
	cancel context.CancelCauseFunc
	joined sync.WaitGroup
	kick   chan struct{} // of capacity 1, as is room
	room   chan struct{}

	mu          sync.Mutex
	first, last *Entry[M] // open ones, the oldest first
	open        int
	late        int64
	acks        []M
	nacks       []nack[M]
	closed      bool
	failed      error // the last error of the broker
}

// LedgerOptions says how to talk to the broker. Ack, Nack and Heartbeat run one call at a
// time each: Ack and Nack on one goroutine of the ledger, and in Close on the caller's;
// Heartbeat on another one.
type LedgerOptions[M any] struct {
	// Ack settles messages at the broker. An error is kept for [Ledger.Err]; the broker
	// delivers those messages again when their time is over.
	Ack func(ctx context.Context, ms []M) error
	// Nack gives a message back, to be delivered again after the delay. nil: the broker
	// can't; a nacked message comes again when its time is over.
	Nack func(ctx context.Context, m M, after time.Duration, err error) error
	// HoldNacks is for brokers that deliver a nacked message again at once. The ledger
	// then waits before it calls Nack, for the delay of a requeued event, and for
	// NackPause at least. The message is open meanwhile. Nack is called with no delay.
	HoldNacks bool
	NackPause time.Duration
	// Heartbeat asks the broker to wait on for messages that are open. nil: none.
	Heartbeat func(ctx context.Context, ms []M) error
	// Info is that of the messages. It is called from any goroutine.
	Info func(m M) Info
	// Every is the time between heartbeats: a third of the broker's limit.
	Every time.Duration
	// MaxHold is how long a message is held, or up to an eighth longer. After that the ledger
	// lets go: no more heartbeats, the context of the delivery ends with ErrRevoked, and a later
	// settlement counts as late. 0: there is no limit.
	MaxHold time.Duration
	// MaxOpen bounds the open messages. 0: there is no limit.
	MaxOpen int
}

type nack[M any] struct {
	m     M
	after time.Duration
	err   error
}

// Entry is an open message. It is the [Settler] of its delivery, with any token.
type Entry[M any] struct {
	ledger     *Ledger[M]
	m          M
	since      time.Time
	ctx        context.Context //nolint:containedctx // it ends with the entry
	cancel     context.CancelCauseFunc
	prev, next *Entry[M]
	gone       bool        // it is in no list
	held       *time.Timer // until the message is nacked; nil: it is not held
}

// NewLedger returns a ledger that runs. It has the values of ctx, and not its end:
// [Ledger.Close] ends it. It panics if Ack or Info is nil, or if Every is not positive
// beside a Heartbeat.
func NewLedger[M any](ctx context.Context, o LedgerOptions[M]) *Ledger[M] {
	switch {
	case o.Ack == nil:
		panic("delivery: NewLedger: Ack is nil")
	case o.Info == nil:
		panic("delivery: NewLedger: Info is nil")
	case o.Heartbeat != nil && o.Every <= 0:
		panic("delivery: NewLedger: Every is " + o.Every.String() + ", want more than 0")
	}
	l := &Ledger[M]{o: o, kick: make(chan struct{}, 1), room: make(chan struct{}, 1)}
	l.ctx, l.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	l.joined.Go(l.settling)
	if o.Heartbeat != nil || o.MaxHold > 0 {
		l.joined.Go(l.beating)
	}
	return l
}

// Begin notes m. ok is false if MaxOpen messages are open, or if the ledger is closed.
// Emit a delivery with e as its settler then: New(v, key, e, 0).
func (l *Ledger[M]) Begin(m M) (e *Entry[M], ok bool) {
	e = &Entry[M]{ledger: l, m: m, since: time.Now()}
	if l.o.MaxHold > 0 {
		e.ctx, e.cancel = context.WithCancelCause(l.ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.o.MaxOpen > 0 && l.open >= l.o.MaxOpen {
		if e.cancel != nil {
			e.cancel(nil)
		}
		return nil, false
	}
	if e.prev = l.last; e.prev == nil {
		l.first = e
	} else {
		e.prev.next = e
	}
	l.last = e
	l.open++
	return e, true
}

// Wait waits until n messages may begin, or fewer if MaxOpen is less. It reports
// whether they may before ctx has ended.
func (l *Ledger[M]) Wait(ctx context.Context, n int) bool {
	n = max(1, min(n, l.o.MaxOpen))
	for {
		if room, limited := l.Room(); !limited || room >= n {
			return ctx.Err() == nil
		}
		select {
		case <-l.room:
		case <-ctx.Done():
			return false
		}
	}
}

// Room returns how many messages may begin. limited is false if there is no limit.
func (l *Ledger[M]) Room() (n int, limited bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, l.o.MaxOpen-l.open), l.o.MaxOpen > 0
}

// Open returns the number of open messages.
func (l *Ledger[M]) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// Late returns how many settlements came after the ledger had let go of the message.
func (l *Ledger[M]) Late() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.late
}

// Err returns the last error of Ack, Nack or Heartbeat, or nil.
func (l *Ledger[M]) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// remove takes e out. It reports whether e was open. The caller holds mu.
func (l *Ledger[M]) remove(e *Entry[M]) bool {
	if e.gone {
		return false
	}
	e.gone = true
	if e.held != nil && e.held.Stop() {
		l.joined.Done()
	}
	if e.prev == nil {
		l.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		l.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.prev, e.next = nil, nil
	l.open--
	return true
}

// Settle is that of [Settler]. Once the ledger has let go of the message, it only
// counts it as late.
func (e *Entry[M]) Settle(_ uint64, err error) {
	l := e.ledger
	after := time.Duration(0)
	if err != nil {
		after, _ = RequeueDelay(err)
	}
	l.mu.Lock()
	if hold := max(after, l.o.NackPause); err != nil && l.o.HoldNacks && !e.gone && e.held == nil {
		if after = 0; hold > 0 {
			l.joined.Add(1) // Close waits for it
			e.held = time.AfterFunc(hold, func() {
				defer l.joined.Done()
				l.mu.Lock()
				e.settled(0, err)
			})
			l.mu.Unlock()
			return
		}
	}
	if e.gone {
		l.late++
	}
	e.settled(after, err)
}

// GiveUp is Settle for a message that the client has lost: it is nacked, and waits for
// nothing. It does nothing if the message was settled.
func (e *Entry[M]) GiveUp(err error) {
	e.ledger.mu.Lock()
	e.settled(0, err)
}

// settled has e settled at the broker, if it is open. The caller holds the ledger's lock,
// which settled releases.
func (e *Entry[M]) settled(after time.Duration, err error) {
	l := e.ledger
	switch {
	case !l.remove(e):
	case err == nil:
		l.acks = append(l.acks, e.m)
	default:
		l.nacks = append(l.nacks, nack[M]{e.m, after, err})
	}
	l.mu.Unlock()
	if e.cancel != nil {
		e.cancel(nil)
	}
	poke(l.kick)
	poke(l.room)
}

// Info is that of [Settler].
func (e *Entry[M]) Info(uint64) Info { return e.ledger.o.Info(e.m) }

// Context is that of [Settler].
func (e *Entry[M]) Context() context.Context {
	if e.ctx != nil {
		return e.ctx
	}
	return e.ledger.ctx
}

// settling settles at the broker until the ledger is closed.
func (l *Ledger[M]) settling() {
	for {
		select {
		case <-l.kick:
			l.flush(l.ctx)
		case <-l.ctx.Done():
			return
		}
	}
}

// flush settles all that waits.
func (l *Ledger[M]) flush(ctx context.Context) {
	l.mu.Lock()
	acks, nacks := l.acks, l.nacks
	l.acks, l.nacks = nil, nil
	l.mu.Unlock()
	if len(acks) > 0 {
		l.note(l.o.Ack(ctx, acks))
	}
	for _, n := range nacks {
		if l.o.Nack != nil {
			l.note(l.o.Nack(ctx, n.m, n.after, n.err))
		}
	}
}

func (l *Ledger[M]) note(err error) {
	if err != nil {
		l.mu.Lock()
		l.failed = err
		l.mu.Unlock()
	}
}

// beating sends heartbeats, and lets go of what is held for too long.
func (l *Ledger[M]) beating() {
	every := func(d time.Duration) (<-chan time.Time, func()) {
		if d <= 0 {
			return nil, func() {}
		}
		t := time.NewTicker(d)
		return t.C, t.Stop
	}
	beats, endBeats := every(l.o.Every)
	defer endBeats()
	looks, endLooks := every((l.o.MaxHold + 7) / 8)
	defer endLooks()
	for {
		select {
		case <-beats:
			if held := l.expire(time.Now()); l.o.Heartbeat != nil && len(held) > 0 {
				l.note(l.o.Heartbeat(l.ctx, held))
			}
		case <-looks:
			l.expire(time.Now())
		case <-l.ctx.Done():
			return
		}
	}
}

// expire lets go of what is held for too long, and returns the other open messages.
func (l *Ledger[M]) expire(now time.Time) (held []M) {
	var expired []*Entry[M]
	l.mu.Lock()
	for e := l.first; e != nil; {
		next := e.next
		if l.o.MaxHold > 0 && now.Sub(e.since) >= l.o.MaxHold {
			l.remove(e)
			expired = append(expired, e)
		} else {
			held = append(held, e.m)
		}
		e = next
	}
	l.mu.Unlock()
	for _, e := range expired {
		e.cancel(ErrRevoked)
	}
	if len(expired) > 0 {
		poke(l.room)
	}
	return held
}

// Close ends the goroutines, acks what is done, and nacks what is open, without a delay:
// also messages that wait before their Nack. No event begins any more. ctx is that of these
// calls. Close returns their last error, and the cause of ctx if ctx has ended. Close it
// once.
func (l *Ledger[M]) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	var given []*Entry[M]
	for l.first != nil {
		e := l.first
		l.remove(e)
		given = append(given, e)
		l.nacks = append(l.nacks, nack[M]{m: e.m, err: errOpen})
	}
	l.failed = nil
	l.mu.Unlock()
	l.cancel(ErrRevoked)
	for _, e := range given {
		if e.cancel != nil {
			e.cancel(ErrRevoked)
		}
	}
	l.joined.Wait()
	l.flush(ctx)
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), l.Err())
	}
	return l.Err()
}

var errOpen = errors.New("delivery: the session was closed before the event was settled")
