//go:build !turbopipes_norx

package rxv

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/reactivex/rxgo/v2"

	record "github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Grace is how long what rxgo still sends is read once a stream was left. Many
// rxgo producers send without a look at their ctx, and end only when they are
// read; some never end, and must not hang us.
const Grace = 100 * time.Millisecond

type gateKey struct{}

// Gate holds the runs of ours that a piece of rxgo pipeline starts: it cancels
// them, and tells when the last one has ended. It travels in the ctx that rxgo
// hands on to all that the piece observes, so that inner streams are held too.
type Gate struct {
	ctx    context.Context // ends with the gate
	cancel context.CancelFunc
	as     context.Context // the one that rxgo's operator is given
	user   context.Context // the one that the user gave to rxgo; context.Background(): none
	outer  *Gate           // holds what this one does not wait for; mostly nil

	mu     sync.Mutex // guards the rest; never held across a wait
	runs   int
	closed bool
	idle   chan struct{} // closed with the last run, once the gate is closed
}

// Open makes the gate of a piece of rxgo pipeline that runs under ctx.
func Open(ctx context.Context) *Gate { return open(ctx, ctx) }

// open is for a piece that ends with ctx, where user is what the user gave.
func open(ctx, user context.Context) *Gate {
	g := &Gate{user: user, idle: make(chan struct{})}
	g.ctx, g.cancel = context.WithCancel(context.WithValue(ctx, gateKey{}, g))
	g.as = g.ctx
	return g
}

// gateOf finds the gate that a run under ctx belongs to, or nil.
func gateOf(ctx context.Context) *Gate {
	g, _ := ctx.Value(gateKey{}).(*Gate)
	if g != nil && !g.owns(ctx) && ctx.Done() == nil {
		return nil // cut off by context.WithoutCancel: it is to outlive the gate
	}
	return g
}

// owns tells whether ctx is the gate's own, and not one that a user has derived.
// The gate's are comparable, whatever ctx is.
func (g *Gate) owns(ctx context.Context) bool {
	return g != nil && (ctx == g.ctx || ctx == g.as)
}

// Context is the one to observe under.
func (g *Gate) Context() context.Context { return g.ctx }

// with adds the gate to the options of an operator. The last ctx wins in rxgo.
func (g *Gate) with(opts []rxgo.Option) []rxgo.Option {
	return append(slices.Clip(opts), rxgo.WithContext(g.as))
}

// enter notes that a run begins; false: it is too late for one. The caller of a
// successful enter must leave.
func (g *Gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.runs++
	return true
}

func (g *Gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.runs--; g.runs == 0 && g.closed {
		close(g.idle)
	}
}

func (g *Gate) shut() (idle <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.closed = true
		if g.runs == 0 {
			close(g.idle)
		}
	}
	return g.idle
}

// Close cancels what the gate holds, and returns when it has ended. Until then,
// and for the time of Grace after it, Close reads rest, which rxgo may need in
// order to end; nil: there is nothing to read. keep is called with what it reads, and
// tells whether it has a use for it; nil: it has not. lost is called with each value
// that nobody had a use for. ended tells that rest was closed.
func (g *Gate) Close(rest <-chan rxgo.Item, keep func(rxgo.Item) bool, lost func(v any)) (ended bool) {
	g.cancel()
	return g.reap(rest, nil, func(i rxgo.Item) <-chan rxgo.Item {
		if (keep == nil || !keep(i)) && i.E == nil {
			lost(i.V)
		}
		return nil
	})
}

// reap is Close but for the cancelling. see is given each item of rest, and
// gives the channel of the stream in it where that must be read as well; last is
// such a channel from before.
func (g *Gate) reap(rest, last <-chan rxgo.Item, see func(rxgo.Item) <-chan rxgo.Item) (ended bool) {
	rest, last = readUntil(g.shut(), true, rest, last, see)
	if rest == nil && last == nil {
		return true
	}
	scope.Limited(record.From(g.ctx), func() {
		grace := time.NewTimer(Grace)
		defer grace.Stop()
		rest, last = readUntil(grace.C, false, rest, last, see)
	})
	return rest == nil && last == nil
}

// readUntil reads until over is ready or, unless wait is set, until nothing is left
// to read. It returns what is left.
func readUntil[T any](over <-chan T, wait bool, rest, last <-chan rxgo.Item, see func(rxgo.Item) <-chan rxgo.Item) (_, _ <-chan rxgo.Item) {
	for wait || rest != nil || last != nil {
		select {
		case <-over:
			return rest, last
		case i, ok := <-rest:
			if !ok {
				rest = nil
			} else if ch := see(i); ch != nil {
				last = ch
			}
		case _, ok := <-last:
			if !ok {
				last = nil
			}
		}
	}
	return rest, last
}

// ContextOf gives the ctx that rxgo would take from opts; context.Background():
// there is none in them. The options themselves can't be read: rxgo is asked.
func ContextOf(opts []rxgo.Option) (ctx context.Context) {
	if len(opts) == 0 {
		return context.Background()
	}
	ask := func(c context.Context, _ chan<- rxgo.Item) { ctx = c }
	for range rxgo.Defer([]rxgo.Producer{ask}, slices.Clip(opts)...).Observe() {
		continue
	}
	return ctx
}

// either gives a ctx with a's values that ends with a or b, whichever is first.
func either(a, b context.Context) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(a)
	stop := context.AfterFunc(b, func() { cancel(context.Cause(b)) })
	return ctx, func() { stop(); cancel(nil) }
}
