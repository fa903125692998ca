package split

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Part is one of the streams: a queue that takes items from the start, and has one
// subscriber, which may come later.
type Part[K, T any] struct {
	Key   K
	split *Split[K, T]
	queue *handoff.Queue[T]
	taken atomic.Bool // it has had its subscriber
	shut  atomic.Bool // the Split's owner has closed it
	gone  bool        // its subscriber has left while it was open; guarded by the Split's lock

	prev, next *Part[K, T] // of the Split's list; nil if it is not in the list
}

// Push is the part as a stream. When its subscriber leaves, for whatever reason, the
// part is closed, and the items that wait in it are lost.
func (p *Part[K, T]) Push(ctx context.Context, emit func(T) bool) (err error) {
	switch taken := p.taken.Swap(true); {
	case own.LetsGo(ctx) && taken:
		return nil
	case own.LetsGo(ctx):
		p.leave(&err)
		return err
	case taken:
		return fmt.Errorf("%w: %s: each of its streams takes one subscriber", p.split.Taken, p.split.Name)
	}
	defer p.leave(&err)
	if ctx.Err() != nil && !p.split.own(ctx) {
		return context.Cause(ctx)
	}
	// A graceful stop of the subscription lets nothing more in.
	rec := run.From(ctx)
	defer rec.Leave(rec.Enter(p.split.Name, func() { p.queue.Close(nil) }))
	defer scope.OnDone(ctx, func() {
		if !p.split.own(ctx) {
			p.queue.Halt()
		}
	})()
	rec.Settle(ctx)
	for {
		v, ok := p.queue.Next()
		if !ok {
			break
		}
		if !emit(v) {
			return nil
		}
	}
	if ctx.Err() != nil && !p.split.own(ctx) {
		return context.Cause(ctx)
	}
	if err = p.queue.Err(); err != nil {
		p.split.failureDelivered.Store(true)
	}
	return err
}

func (p *Part[K, T]) leave(err *error) {
	p.split.leaves(p)
	p.queue.Halt()
	*err = fault.Join(*err, p.split.lost.Discard(p.queue.Left()...))
}

// abandon ends a part with err, now, and returns the items in it.
func (p *Part[K, T]) abandon(err error) []T {
	p.queue.Abort(err)
	return p.queue.Left()
}
