package hot

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Balance deals the items of one run of a stream to subscribers. Each item goes to
// one subscriber.
type Balance[T any] struct {
	cfg Config[T]
	up  feed.Push[T]

	mu            sync.Mutex // guards all fields below, and every recipient; never held across a wait or a call of user code
	conn          *Conn
	recipients    []*recipient[T] // the current subscribers
	next          int             // index of the subscriber that is tried first
	dealt         uint64          // the number of items that upstream has emitted
	returned      []numbered[T]   // items that subscribers have left behind, in order
	room          chan struct{}   // cap 1: wakes upstream
	upstreamWaits bool            // upstream waits on room
	closed        bool            // upstream has ended
	over          bool            // all subscribers left before upstream ended
	err           error
}

type numbered[T any] struct {
	number uint64
	item   T
}

// recipient is a subscriber.
type recipient[T any] struct {
	queue    []numbered[T]
	ready    chan struct{} // cap 1
	waits    bool
	halted   bool // its ctx is done
	stopping bool // it stops gracefully
	shut     bool // it takes no more items
}

// NewBalance returns a Balance. Its first subscriber starts up.
func NewBalance[T any](cfg Config[T], up feed.Push[T]) *Balance[T] {
	return &Balance[T]{cfg: cfg, up: up, room: make(chan struct{}, 1)}
}

// Run runs one subscriber.
func (b *Balance[T]) Run(ctx context.Context, emit func(T) bool) (err error) {
	rec := run.From(ctx)
	if rec.Stopping() {
		return nil
	}
	o := &recipient[T]{ready: make(chan struct{}, 1)}
	b.mu.Lock()
	if b.over || b.closed && len(b.recipients) == 0 {
		defer b.mu.Unlock()
		switch {
		case !b.over:
			return b.err
		case ctx.Err() != nil: // this is why it came too late
			return context.Cause(ctx)
		}
		return fault.ErrClosed
	}
	b.recipients = append(b.recipients, o)
	if b.conn == nil {
		b.conn = start(context.WithoutCancel(ctx), b.cfg.Name, b.feed, b.ended, func() bool { return false })
	}
	b.deal()
	b.mu.Unlock()
	rec.Settle(ctx) // it has joined
	defer func() { err = fault.Join(err, b.leave(o, b.account(ctx))) }()
	defer scope.OnDone(ctx, func() { b.halt(o) })()
	defer rec.Leave(rec.Enter(b.cfg.Name, func() { b.stop(o) }))
	for {
		v, ok := b.take(o)
		if !ok {
			b.mu.Lock()
			defer b.mu.Unlock()
			if o.shut {
				return nil
			}
			return b.err
		}
		if !emit(v) {
			return nil
		}
	}
}

func (b *Balance[T]) account(ctx context.Context) run.Account[T] {
	return run.Keep[T](run.At(ctx, b.cfg.Name), b.cfg.Discard)
}

func (b *Balance[T]) feed(ctx context.Context, cut *atomic.Bool) error {
	lost := b.account(ctx)
	return b.up(ctx, func(v T) bool {
		if cut.Load() {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.keep(numbered[T]{b.dealt, v})
		}
		return b.put(ctx, v, lost)
	})
}

// keep keeps an item that nobody takes. The last subscriber that leaves accounts for
// it. keep returns false, for an emit to return.
func (b *Balance[T]) keep(item numbered[T]) bool {
	b.returned = append(b.returned, item)
	return false
}

// free returns the first subscriber with room, starting at next; nil if there is
// none.
func (b *Balance[T]) free() *recipient[T] {
	for i := range b.recipients {
		at := (b.next + i) % len(b.recipients)
		if o := b.recipients[at]; !o.shut && len(o.queue) < b.cfg.Size {
			b.next = (at + 1) % len(b.recipients)
			return o
		}
	}
	return nil
}

func (o *recipient[T]) add(v numbered[T]) {
	o.queue = append(o.queue, v)
	o.wake()
}

func (o *recipient[T]) wake() {
	if o.waits {
		o.waits = false
		o.ready <- struct{}{} // it has room, because the flag was set
	}
}

// deal hands out the returned items, and then lets upstream go on.
func (b *Balance[T]) deal() {
	for len(b.returned) > 0 {
		o := b.free()
		if o == nil {
			return
		}
		o.add(b.returned[0])
		clear(b.returned[:1])
		b.returned = b.returned[1:]
	}
	if b.upstreamWaits {
		b.upstreamWaits = false
		b.room <- struct{}{}
	}
}

// put deals v. It runs on upstream's goroutine.
func (b *Balance[T]) put(ctx context.Context, v T, account run.Account[T]) bool {
	b.mu.Lock()
	item := numbered[T]{b.dealt, v}
	for {
		o := (*recipient[T])(nil)
		if len(b.returned) == 0 {
			o = b.free()
		}
		if o != nil {
			b.dealt++
			o.add(item)
			b.mu.Unlock()
			return true
		}
		if b.cfg.Overflow != handoff.Block {
			lost := b.drop(item)
			b.mu.Unlock()
			return b.dropped(lost, account)
		}
		b.upstreamWaits = true
		b.mu.Unlock()
		select {
		case <-b.room:
			b.mu.Lock()
		case <-ctx.Done():
			b.mu.Lock()
			if !b.upstreamWaits {
				<-b.room // the signal was already sent
			}
			b.upstreamWaits = false
			b.keep(item)
			b.mu.Unlock()
			return false
		}
	}
}

// drop makes room for item, or drops item itself.
func (b *Balance[T]) drop(item numbered[T]) (lost T) {
	if b.cfg.Overflow == handoff.DropOldest {
		for i := range b.recipients {
			at := (b.next + i) % len(b.recipients)
			if o := b.recipients[at]; !o.shut && len(o.queue) > 0 {
				lost = o.queue[0].item
				clear(o.queue[:1])
				o.queue = o.queue[1:]
				b.next = (at + 1) % len(b.recipients)
				b.dealt++
				o.add(item)
				return lost
			}
		}
	}
	return item.item
}

// dropped accounts for an item that the strategy has dropped, and reports whether to
// go on.
func (b *Balance[T]) dropped(v T, account run.Account[T]) bool {
	var err error
	if b.cfg.Overflow == handoff.Fail {
		err = overflow(b.cfg.Name)
	}
	err = fault.Join(err, account.DropFor(err, v))
	if err != nil {
		b.ended(err)
	}
	return err == nil
}

// ended runs as upstream's goroutine ends, with upstream's error. The first call
// counts.
func (b *Balance[T]) ended(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.closed, b.err = true, err
	for _, o := range b.recipients {
		o.wake()
	}
}

// take waits for an item of o. It returns false if no item will come.
func (b *Balance[T]) take(o *recipient[T]) (v T, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(o.queue) == 0 || o.halted {
		if o.halted || o.shut || b.closed {
			return v, false
		}
		o.waits = true
		b.mu.Unlock()
		<-o.ready
		b.mu.Lock()
	}
	v = o.queue[0].item
	clear(o.queue[:1])
	o.queue = o.queue[1:]
	b.deal()
	return v, true
}

// halt takes back the items that o has not taken, although o's downstream may still
// be busy.
func (b *Balance[T]) halt(o *recipient[T]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o.halted = true
	if len(b.recipients) > 1 {
		b.giveBack(o)
	}
	o.wake()
}

func (b *Balance[T]) giveBack(o *recipient[T]) {
	o.shut = true
	b.returned = append(b.returned, o.queue...)
	o.queue = nil
	slices.SortFunc(b.returned, func(x, y numbered[T]) int { return cmp.Compare(x.number, y.number) })
	b.deal()
}

// stop ends the intake of o. If all subscribers are being stopped, it stops upstream
// instead.
func (b *Balance[T]) stop(o *recipient[T]) {
	b.mu.Lock()
	o.stopping = true
	all := true
	for _, other := range b.recipients {
		all = all && (other.stopping || other.halted)
	}
	if !all {
		o.shut = true
	}
	o.wake()
	b.mu.Unlock()
	if all {
		b.conn.rec.Stop()
	}
}

// leave takes back the items that o has not taken. The last subscriber to leave
// reaps upstream, and accounts for the items that nobody takes.
func (b *Balance[T]) leave(o *recipient[T], account run.Account[T]) error {
	b.mu.Lock()
	b.recipients = slices.DeleteFunc(b.recipients, func(other *recipient[T]) bool { return other == o })
	b.next = 0
	b.giveBack(o)
	if len(b.recipients) > 0 {
		b.mu.Unlock()
		return nil
	}
	told := b.closed
	b.over = !told
	b.mu.Unlock()
	if !told {
		b.conn.cancel(errDisconnected)
	}
	account.Record().Join(1)
	b.conn.scope.Join()
	account.Record().Join(-1)
	b.mu.Lock()
	lost := make([]T, 0, len(b.returned))
	for _, item := range b.returned {
		lost = append(lost, item.item)
	}
	b.returned = nil
	b.mu.Unlock()
	err := account.Discard(lost...)
	if told {
		return err
	}
	return fault.Join(b.conn.err, err)
}
