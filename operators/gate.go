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

// Gate passes items while the newest item of notifier is true, and makes upstream
// wait while it is false.
//
//	in:       a-b-c-----d-|
//	notifier: ---f---t          f: false   t: true
//	out:      a-b----c--d-|
//
// Emits when an item comes while the gate is open, and when the gate opens: the item
// that waits at the gate. At first the gate is open, unless [StartClosed] says
// otherwise. When notifier completes, the gate stays as it is. If it is closed then,
// the stream fails with an ErrClosed instead of waiting for ever. Fails when
// upstream or notifier fails. Completes with upstream, also while the gate is
// closed: only an item that waits at the gate keeps upstream from its end. notifier
// is subscribed to first, and cancelled at the end. An item of notifier and an item
// of upstream that come at the same instant may be handled in either order. A
// graceful [turbopipes.Subscription.Stop] opens the gate for good, so that items in
// flight are delivered.
//
// Backpressure: upstream waits while downstream is busy or the gate is closed;
// notifier never waits. An item that waits at the gate when the stream ends early
// counts as discarded, and [OnDiscard] is called for it. Memory: none, except the
// item that upstream waits with. Goroutines: one, for notifier, joined before the
// stream ends; items come on the subscriber's goroutine.
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
				s.Fail(err) // before end: when upstream has ended by itself, err may look like an echo
				g.end()
			}
		})
		// The state is read again after emit: upstream must not fetch an item that is refused.
		return in.Push(s.Ctx, func(v T) bool {
			if !g.pass(s.Ctx) {
				return lost.Refuse(v)
			}
			if !emit(v) {
				s.Stop() // stop notifier too, while upstream unwinds
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

// gateRun is the state of one Gate. Items wait until it is open.
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
	default: // the goroutine that waits there will read state anyway
	}
}

// stopped reports whether the subscription is being stopped gracefully.
func (g *gateRun) stopped() bool {
	select {
	case <-g.stopping:
		return true
	default:
		return false
	}
}

// follow sets the state to each item of open.
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

// pass waits until the gate is open. It returns false when the stream has ended.
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
