package tptest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/turbopipes/turbopipes"
)

// probePatience is how long a Probe waits for an expected signal.
const probePatience = 10 * time.Second

// Probe is a subscriber that lets items through by hand, and checks them. Its Expect
// methods wait for a signal for up to 10 seconds, by package time: in a bubble of
// testing/synctest this is virtual time. They fail the test at once when another
// signal comes. They must be called on the test's goroutine.
type Probe[T any] struct {
	t         testing.TB
	sub       *turbopipes.Subscription
	mark      mark
	cancelled bool

	mu      sync.Mutex // guards arrived
	arrived []arrival[T]
	more    chan struct{} // cap 1: something has arrived
}

// arrival is an item, or the end: an error or nil.
type arrival[T any] struct {
	kind kind
	item T
	err  error
}

// String returns the arrival as failures show it.
func (a arrival[T]) String() string {
	switch a.kind {
	case complete:
		return "completion"
	case failure:
		return fmt.Sprintf("the error %s", quote(a.err.Error()))
	}
	return "the item " + without(fmt.Sprintf("%+v", a.item), mostLine)
}

// NewProbe subscribes to o, and lets no item through before [Probe.Request] requests
// some. When the test ends, the Probe cancels the subscription. It fails the test if
// the stream does not end then, or leaves a goroutine behind.
//
// In a bubble, t is the T of the bubble, or the [Scenario].
func NewProbe[T any](t testing.TB, o turbopipes.Observable[T]) *Probe[T] {
	t.Helper()
	p := &Probe[T]{t: t, mark: newMark(t.Name()), more: make(chan struct{}, 1)}
	// t's own ctx ends before the cleanup, and would end the stream.
	p.mark.do(context.WithoutCancel(t.Context()), func(ctx context.Context) {
		p.sub = o.Subscribe(ctx, turbopipes.Observer[T]{
			Next:     func(v T) { p.put(arrival[T]{kind: item, item: v}) },
			Error:    func(err error) { p.put(arrival[T]{kind: failure, err: err}) },
			Complete: func() { p.put(arrival[T]{kind: complete}) },
		}, turbopipes.InitialRequest(0))
	})
	t.Cleanup(p.Cancel)
	return p
}

func (p *Probe[T]) put(a arrival[T]) {
	p.mu.Lock()
	p.arrived = append(p.arrived, a)
	p.mu.Unlock()
	select {
	case p.more <- struct{}{}:
	default:
	}
}

// next returns the next arrival, if it comes within d.
func (p *Probe[T]) next(d time.Duration) (a arrival[T], ok bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		p.mu.Lock()
		if len(p.arrived) > 0 {
			a, p.arrived = p.arrived[0], p.arrived[1:]
			p.mu.Unlock()
			return a, true
		}
		p.mu.Unlock()
		select {
		case <-p.more:
		case <-timer.C:
			return a, false
		}
	}
}

// must returns the next arrival, and fails the test if there is none. wanted
// describes the expected arrival.
func (p *Probe[T]) must(wanted string) arrival[T] {
	p.t.Helper()
	a, ok := p.next(probePatience)
	if !ok {
		p.t.Fatalf("tptest: wanted %s, got nothing within %v", wanted, probePatience)
	}
	return a
}

// Subscription returns the Probe's subscription, for Stop and Stats.
func (p *Probe[T]) Subscription() *turbopipes.Subscription { return p.sub }

// Request lets n more items through. An n below 1 ends the stream with an
// ErrInvalidArgument.
func (p *Probe[T]) Request(n int64) { p.sub.Request(n) }

// ExpectNext fails the test unless the next items are v, in order, by
// [reflect.DeepEqual]. The items must have been requested.
func (p *Probe[T]) ExpectNext(v ...T) {
	p.t.Helper()
	for i, want := range v {
		wanted := fmt.Sprintf("%v (%d of %d)", arrival[T]{kind: item, item: want}, i+1, len(v))
		if a := p.must(wanted); a.kind != item || !reflect.DeepEqual(a.item, want) {
			p.t.Fatalf("tptest: wanted %s, got %v", wanted, a)
		}
	}
}

// ExpectNone fails the test if an item or the end comes within d.
func (p *Probe[T]) ExpectNone(d time.Duration) {
	p.t.Helper()
	if a, ok := p.next(d); ok {
		p.t.Fatalf("tptest: wanted nothing for %v, got %v", d, a)
	}
}

// ExpectComplete fails the test unless the stream completes next. This needs no
// demand.
func (p *Probe[T]) ExpectComplete() {
	p.t.Helper()
	if a := p.must("completion"); a.kind != complete {
		p.t.Fatalf("tptest: wanted completion, got %v", a)
	}
}

// ExpectError fails the test unless the stream fails next, with an err for which
// errors.Is(err, target) is true. This needs no demand.
func (p *Probe[T]) ExpectError(target error) {
	p.t.Helper()
	wanted := fmt.Sprintf("the error %q", target)
	if a := p.must(wanted); a.kind != failure || !errors.Is(a.err, target) {
		p.t.Fatalf("tptest: wanted %s, got %v", wanted, a)
	}
}

// Cancel ends the subscription and waits until it is reaped. It fails the test if
// that takes longer than 10 seconds, or if a goroutine is left behind. It may be
// called again. The end of the test calls it too.
func (p *Probe[T]) Cancel() {
	p.t.Helper()
	if p.cancelled {
		return
	}
	p.cancelled = true
	p.sub.Cancel()
	timer := time.NewTimer(probePatience)
	defer timer.Stop()
	select {
	case <-p.sub.Done():
	case <-timer.C:
		p.t.Errorf("tptest: the stream did not end within %v of its cancellation:\n%s", probePatience, strings.Join(p.mark.alive(), "\n"))
		return
	}
	for _, stack := range p.mark.left() {
		p.t.Errorf("tptest: a goroutine was left behind:\n%s", stack)
	}
}
