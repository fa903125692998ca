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

// windows returns a guarded rxgo operator whose items are streams, one after
// another.
//
// An inner stream may also be read after the outer stream was left, for example the
// window of a First. So the source runs under the user's ctx, and not under the ctx
// of an operator downstream. After the outer stream was left, the source goes on in
// the background as long as an inner stream is being read. It ends at the next inner
// stream, which nobody will read, or when nobody has read an inner stream for the
// time of [Grace].
func (v View) windows(opts []rxgo.Option, f operate) View {
	return v.nested(opts, f, false, false)
}

// calmWindows is windows for operators that must not see the end of their ctx.
func (v View) calmWindows(opts []rxgo.Option, f operate) View {
	return v.nested(opts, f, true, false)
}

// groups is windows for inner streams that run at the same time.
func (v View) groups(opts []rxgo.Option, f operate) View {
	return v.nested(opts, f, false, true)
}

func (v View) nested(opts []rxgo.Option, f operate, calm, many bool) View {
	return View{opts: opts, to: v.to, produce: func(r run, next chan<- rxgo.Item) {
		n := &nest{sideBySide: many, to: v.to, gate: open(r.user, r.user), change: make(chan struct{}, 1)}
		n.gate.outer = gateOf(r.user)
		if calm {
			n.gate.operatorContext = context.WithoutCancel(n.gate.context)
		}
		n.outer = f(v.under(n.gate), n.gate.with(opts)).Observe()
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
	sideBySide bool // the inner streams run at the same time
	gate       *Gate
	to         *Gate            // as in View
	outer      <-chan rxgo.Item // the inner streams, from rxgo
	change     chan struct{}    // tells finish that readers has changed

	mu      sync.Mutex       // guards the fields below; never held across a wait
	last    <-chan rxgo.Item // the items of the inner stream that was handed out last
	readers int              // of inner streams
	cut     bool             // set because there were no readers
}

// forward hands the inner streams out. ended reports whether there are no more.
func (n *nest) forward(ctx context.Context, next chan<- rxgo.Item) (ended bool) {
	for {
		select {
		case <-ctx.Done():
			return false
		case i, ok := <-n.outer:
			if !ok {
				return true
			}
			if !n.handOut(i).SendContext(ctx, next) {
				n.gate.cancel() // nobody has received this one
				return false
			}
		}
	}
}

// handOut replaces a stream in i by one that tells n when it is read.
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
		ctx, release := either(r.ctx, n.gate.userContext)
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

// inner returns the items of i if i is a stream. All observers of the stream share
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
	default: // a change is already signalled
	}
}

// isCut reports whether the inner stream with items ch has lost items.
func (n *nest) isCut(ch <-chan rxgo.Item) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cut && (n.sideBySide || ch == n.last)
}

// leaveUnread cuts the inner streams, unless somebody reads.
func (n *nest) leaveUnread() (cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = n.readers == 0
	return n.cut
}

// finish waits for the readers. Then it reads and drops the items that rxgo must
// send in order to end.
func (n *nest) finish() {
	last := n.await()
	n.gate.cancel()
	n.gate.reap(n.outer, last, inner)
}

// await waits until the source is not needed any more. It returns the items of the
// inner stream that may have to be read and dropped.
func (n *nest) await() (last <-chan rxgo.Item) {
	last = n.last // only this goroutine changes it
	unread := time.NewTimer(Grace)
	defer unread.Stop()
	for {
		select {
		case <-n.gate.context.Done():
			return last
		case i, ok := <-n.outer:
			if !ok {
				n.outer = nil
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
