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

// Grace is how long rxgo's output is read after a stream was left. Many rxgo
// producers send without a look at their ctx, and end only if somebody reads. Some
// never end, and must not block us for ever.
const Grace = 100 * time.Millisecond

type gateKey struct{}

// Gate holds the library's runs that a part of an rxgo pipeline starts. It cancels
// them, and reports when the last one has ended. It travels in the ctx that rxgo
// passes to everything that this part observes. So inner streams are held, too.
type Gate struct {
	context         context.Context // ends with the gate
	cancel          context.CancelFunc
	operatorContext context.Context // the ctx that is passed to rxgo's operator
	userContext     context.Context // the ctx that the user passed to rxgo; context.Background(): none
	outer           *Gate           // holds the runs that this gate does not wait for; mostly nil

	mu     sync.Mutex // guards the fields below; never held across a wait
	runs   int
	closed bool
	idle   chan struct{} // closed with the last run, after the gate is closed
}

// Open returns the gate of a part of an rxgo pipeline that runs under ctx.
func Open(ctx context.Context) *Gate { return open(ctx, ctx) }

// open is Open for a part that ends with ctx. user is the ctx that the user passed.
func open(ctx, user context.Context) *Gate {
	g := &Gate{userContext: user, idle: make(chan struct{})}
	g.context, g.cancel = context.WithCancel(context.WithValue(ctx, gateKey{}, g))
	g.operatorContext = g.context
	return g
}

// gateOf returns the gate that a run under ctx belongs to, or nil.
func gateOf(ctx context.Context) *Gate {
	g, _ := ctx.Value(gateKey{}).(*Gate)
	if g != nil && !g.owns(ctx) && ctx.Done() == nil {
		return nil // detached by context.WithoutCancel: it is meant to outlive the gate
	}
	return g
}

// owns reports whether ctx is the gate's own ctx, and not one that a user has
// derived. The gate's ctx can be compared, whatever ctx is.
func (g *Gate) owns(ctx context.Context) bool {
	return g != nil && (ctx == g.context || ctx == g.operatorContext)
}

// Context is the ctx to observe under.
func (g *Gate) Context() context.Context { return g.context }

// with adds the gate to the options of an operator. In rxgo, the last ctx counts.
func (g *Gate) with(opts []rxgo.Option) []rxgo.Option {
	return append(slices.Clip(opts), rxgo.WithContext(g.operatorContext))
}

// enter notes that a run begins. It returns false if it is too late for a run. After
// true, the caller must call leave.
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

// Close cancels the runs that the gate holds, and returns after they have ended.
// Until then, and for Grace afterwards, Close reads rest, because rxgo may need a
// reader in order to end. A nil rest is not read. Close calls keep with each item
// that it reads; keep reports whether it uses the item, and a nil keep uses none.
// Close calls lost with each value that was not used. ended reports whether rest was
// closed.
func (g *Gate) Close(rest <-chan rxgo.Item, keep func(rxgo.Item) bool, lost func(v any)) (ended bool) {
	g.cancel()
	return g.reap(rest, nil, func(i rxgo.Item) <-chan rxgo.Item {
		if (keep == nil || !keep(i)) && i.E == nil {
			lost(i.V)
		}
		return nil
	})
}

// reap is Close without the cancellation. see is called with each item of rest. If
// the item is a stream that must also be read, see returns its channel. last is such
// a channel from before.
func (g *Gate) reap(rest, last <-chan rxgo.Item, see func(rxgo.Item) <-chan rxgo.Item) (ended bool) {
	rest, last = readUntil(g.shut(), true, rest, last, see)
	if rest == nil && last == nil {
		return true
	}
	scope.Limited(record.From(g.context), func() {
		grace := time.NewTimer(Grace)
		defer grace.Stop()
		rest, last = readUntil(grace.C, false, rest, last, see)
	})
	return rest == nil && last == nil
}

// readUntil reads until over is ready or, unless wait is set, until nothing is left
// to read. It returns the channels that are left.
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

// ContextOf returns the ctx that rxgo would take from opts, or context.Background()
// if they have none. The options themselves can't be read, so it asks rxgo.
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

// either returns a ctx with a's values. It ends when a or b ends.
func either(a, b context.Context) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(a)
	stop := context.AfterFunc(b, func() { cancel(context.Cause(b)) })
	return ctx, func() { stop(); cancel(nil) }
}
