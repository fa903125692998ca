//go:build !turbopipes_norx

package rxv

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/reactivex/rxgo/v2"
)

// errLeft ends an inner stream that was cut before somebody read it.
var errLeft = errors.New("turbopipes: the stream of this window or group was left, and nobody was reading it")

// windows makes guarded an operator of rxgo's whose items are streams, one after
// another.
//
// An inner stream is read after the outer one was left, too, as the window of a
// First is, so it runs under the user's ctx and not under that of an operator
// downstream. Once the outer stream was left, the source goes on, in the
// background, for as long as an inner stream is being read. It ends at the next
// inner stream, which nobody will read, or when nobody has read any for the time
// of [Grace].
func (v View) windows(opts []rxgo.Option, f operate) View {
	return v.nested(opts, f, false, false)
}

// calmWindows is windows for operators that must not see their ctx end.
func (v View) calmWindows(opts []rxgo.Option, f operate) View {
	return v.nested(opts, f, true, false)
}

// groups is windows for inner streams that go on side by side.
func (v View) groups(opts []rxgo.Option, f operate) View {
	return v.nested(opts, f, false, true)
}

func (v View) nested(opts []rxgo.Option, f operate, calm, many bool) View {
	return View{opts: opts, to: v.to, produce: func(r run, next chan<- rxgo.Item) {
		n := &nest{many: many, to: v.to, gate: open(r.user, r.user), change: make(chan struct{}, 1)}
		n.gate.outer = gateOf(r.user)
		if calm {
			n.gate.as = context.WithoutCancel(n.gate.ctx)
		}
		n.ch = f(v.under(n.gate), n.gate.with(opts)).Observe()
		switch ended := n.forward(r.ctx, next); {
		case ended:
			n.gate.Close(nil, nil, nil)
		case r.user.Err() != nil:
			n.finish()
		default:
			go n.finish()
		}
	}}
}

// nest is one run of an operator whose items are streams.
type nest struct {
	many   bool // the inner streams go on side by side
	gate   *Gate
	to     *Gate            // as in View
	ch     <-chan rxgo.Item // the inner streams, as rxgo gives them
	change chan struct{}    // tells finish that readers has changed

	mu      sync.Mutex       // guards the rest; never held across a wait
	last    <-chan rxgo.Item // the items of the inner stream that was handed out last
	readers int              // of inner streams
	cut     bool             // because there were none
}

// forward hands the inner streams out; ended tells that there are no more.
func (n *nest) forward(ctx context.Context, next chan<- rxgo.Item) (ended bool) {
	for {
		select {
		case <-ctx.Done():
			return false
		case i, ok := <-n.ch:
			if !ok {
				return true
			}
			if !n.handOut(i).SendContext(ctx, next) {
				n.gate.cancel() // nobody has got this one
				return false
			}
		}
	}
}

// handOut makes of a stream in i one that tells n when it is read.
func (n *nest) handOut(i rxgo.Item) rxgo.Item {
	ch := inner(i)
	if ch == nil {
		return i
	}
	n.mu.Lock()
	n.last = ch
	n.mu.Unlock()
	v := View{to: n.to, produce: func(r run, next chan<- rxgo.Item) {
		n.reading(1)
		defer n.reading(-1)
		ctx, release := either(r.ctx, n.gate.user)
		defer release()
		forward(ctx, ch, next)
		if n.isCut(ch) {
			rxgo.Error(errLeft).SendContext(ctx, next)
		}
	}}
	if g, ok := i.V.(rxgo.GroupedObservable); ok {
		g.Observable = v
		return rxgo.Of(g)
	}
	return rxgo.Of(v)
}

// inner gives the items of a stream that is an item. All observers of it share
// one channel.
func inner(i rxgo.Item) <-chan rxgo.Item {
	if s, ok := i.V.(rxgo.Iterable); ok {
		return s.Observe()
	}
	return nil
}

func (n *nest) reading(by int) {
	n.mu.Lock()
	n.readers += by
	n.mu.Unlock()
	select {
	case n.change <- struct{}{}:
	default: // one is waiting to be seen
	}
}

// isCut tells whether the inner stream with items ch has lost some.
func (n *nest) isCut(ch <-chan rxgo.Item) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cut && (n.many || ch == n.last)
}

// leaveUnread cuts, unless somebody reads.
func (n *nest) leaveUnread() (cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = n.readers == 0
	return n.cut
}

// finish lets those read on who do, and then reads away what rxgo has to get rid
// of in order to end.
func (n *nest) finish() {
	last := n.await()
	n.gate.cancel()
	n.gate.reap(n.ch, last, inner)
}

// await waits until the source is not wanted any more. It gives the items of the
// inner stream that may have to be read away.
func (n *nest) await() (last <-chan rxgo.Item) {
	last = n.last // this goroutine is the only one to change it
	unread := time.NewTimer(Grace)
	defer unread.Stop()
	for {
		select {
		case <-n.gate.ctx.Done():
			return last
		case i, ok := <-n.ch:
			if !ok {
				n.ch = nil
				return last
			}
			if ch := inner(i); ch != nil {
				return ch
			}
		case <-unread.C:
			if n.leaveUnread() {
				return last
			}
		case <-n.change:
			unread.Reset(Grace)
		}
	}
}
