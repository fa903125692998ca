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

// Gate lets items through while the newest item of notifier is true, and holds
// upstream while it is false.
//
//	in:       a-b-c-----d-|
//	notifier: ---f---t          f: false   t: true
//	out:      a-b----c--d-|
//
// Emits when an item comes while the gate is open, and the one that it holds when
// it opens. At first it is open, unless [StartClosed] says otherwise. Where notifier
// completes, the gate stays as it is; if that is closed, the stream fails with an
// ErrClosed, rather than wait for ever. Fails when upstream or notifier fails.
// Completes with upstream, also while the gate is closed: only a held item keeps
// upstream from its end. notifier is subscribed first and cancelled at the end; what
// it emits in the instant of an item may come before it or behind it. A graceful
// [turbopipes.Subscription.Stop] opens the gate for good, so that items in flight are delivered.
//
// Backpressure: upstream's emit is downstream's, or waits at the gate; notifier is
// never held. Memory: none but the item in upstream's hand. Goroutines: one, for
// notifier, joined before it ends; items come on the subscriber's.
//
// The zero Observable as notifier and a nil option are an ErrInvalidArgument. It
// corresponds to Pekko's Valve.
func Gate[T any](notifier turbopipes.Observable[bool], opts ...GateOption) turbopipes.Operator[T, T] {
	const name = "Gate"
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case notifier.IsZero():
		return turbopipes.Invalid[T, T](name, "notifier is the zero Observable")
	case bad != "":
		return turbopipes.Invalid[T, T](name, bad)
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		s := scope.Open(ctx, name)
		defer s.Close(&err)
		g := gateRun{moved: make(chan struct{}, 1), stopping: turbopipes.Stopping(ctx)}
		g.set(!o.Closed)
		lost := run.Keep[T](s.Stage(), o.Discard)
		s.Upstream(func(ctx context.Context) error { return g.follow(ctx, notifier) }, func(err error) {
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

// GateOption is an option of [Gate]: [StartClosed] and [OnDiscard] are.
type GateOption interface{ opt.GateOption }

type gateSetting struct {
	opt.Set
	opt.ForGate
}

// StartClosed makes a [Gate] hold upstream until notifier emits true.
func StartClosed() GateOption {
	return gateSetting{Set: func(s *opt.Settings) string {
		s.Closed = true
		return ""
	}}
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
		return fmt.Errorf("%w: Gate: notifier has completed with false", turbopipes.ErrClosed)
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
