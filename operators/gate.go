package operators

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// GateOption is an option of [Gate].
type GateOption interface{ ApplyGate(*opt.Gate) }

type startClosed struct{}

func (startClosed) ApplyGate(o *opt.Gate) { o.Closed = true }

// StartClosed makes a [Gate] hold upstream until its control stream says true.
func StartClosed() GateOption { return startClosed{} }

// Gate lets items through while the newest item of open is true, and holds
// upstream while it is false.
//
//	in:   a-b-c-----d-|
//	open: ---f---t          f: false   t: true
//	out:  a-b----c--d-|
//
// Emits when an item comes while the gate is open, and the one that it holds when
// it opens. At first it is open, unless [StartClosed] says otherwise. Where open
// completes, the gate stays as it is; if that is closed, the stream fails with an
// ErrClosed, rather than wait for ever. Fails when upstream or open fails.
// Completes with upstream, also while the gate is closed: only a held item keeps
// upstream from its end. open is subscribed first and cancelled at the end; what
// it emits in the instant of an item may come before it or behind it. A graceful
// [turbopipes.Subscription.Stop] opens the gate for good, so that what is in flight comes out.
//
// Backpressure: upstream's emit is downstream's, or waits at the gate; open is
// never held. Memory: none but the item in upstream's hand. Goroutines: one, for
// open, joined before it ends; items come on the subscriber's.
//
// The zero Observable as open and a nil option are an ErrInvalidArgument. It
// corresponds to Pekko's Valve.
func Gate[T any](open turbopipes.Observable[bool], opts ...GateOption) turbopipes.Operator[T, T] {
	const name = "Gate"
	if open.IsZero() {
		return turbopipes.Invalid[T, T](name, "open is the zero turbopipes.Observable")
	}
	var o opt.Gate
	for _, option := range opts {
		if option == nil {
			return turbopipes.Invalid[T, T](name, "an option is nil")
		}
		option.ApplyGate(&o)
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		s := scope.Open(ctx, name)
		defer s.Close(&err)
		g := gateRun{moved: make(chan struct{}, 1), stopping: turbopipes.Stopping(ctx)}
		g.set(!o.Closed)
		lost := run.Keep[T](s.Stage(), o.Discard)
		s.Upstream(func(ctx context.Context) error { return g.follow(ctx, open) }, func(err error) {
			if err != nil {
				s.Fail(err) // first: when upstream has ended by itself, err may read as an echo
				g.end()
			}
		})
		// Asked again behind emit: upstream must not fetch an item to be refused.
		return in.Push(s.Ctx, func(v T) bool {
			if !g.pass(s.Ctx) {
				return lost.Refuse(v)
			}
			if !emit(v) {
				s.Stop() // open, too, while upstream unwinds
				return false
			}
			return g.state.Load() != gateEnded
		})
	})
}

// gateRun is where items wait for its state to be opened.
type gateRun struct {
	state    atomic.Int32
	moved    chan struct{}   // cap 1: state has changed
	stopping <-chan struct{} // the subscription is stopped gracefully
}

const (
	gateOpen int32 = iota
	gateShut
	gateEnded
)

func (g *gateRun) set(open bool) {
	state := gateShut
	if open {
		state = gateOpen
	}
	g.state.Store(state)
	g.wake()
}

func (g *gateRun) end() {
	g.state.Store(gateEnded)
	g.wake()
}

func (g *gateRun) wake() {
	select {
	case g.moved <- struct{}{}:
	default: // who waits there will look at state anyway
	}
}

// stopped tells whether the subscription was, gracefully.
func (g *gateRun) stopped() bool {
	select {
	case <-g.stopping:
		return true
	default:
		return false
	}
}

// follow keeps state in step with open.
func (g *gateRun) follow(ctx context.Context, open turbopipes.Observable[bool]) error {
	err := open.Push(ctx, func(v bool) bool {
		g.set(v)
		return true
	})
	if err == nil && g.state.Load() == gateShut && !g.stopped() {
		return fmt.Errorf("%w: Gate: open has completed with false", turbopipes.ErrClosed)
	}
	return err
}

// pass waits until the gate is open. false: the stream has ended.
func (g *gateRun) pass(ctx context.Context) bool {
	for {
		switch g.state.Load() {
		case gateOpen:
			return true
		case gateEnded:
			return false
		}
		select {
		case <-g.moved:
		case <-g.stopping:
			return true
		case <-ctx.Done():
			return false
		}
	}
}
