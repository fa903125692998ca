package split

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Part is one of the streams: a queue that takes items from the start, and has
// one subscriber, whenever that comes.
type Part[K, T any] struct {
	Key   K
	s     *Split[K, T]
	queue *handoff.Queue[T]
	taken atomic.Bool // it has had its subscriber
	shut  atomic.Bool // the Split's owner has closed it

	prev, next *Part[K, T] // of the Split's list; nil where it is not in it
}

// Push is the part as a stream. When its subscriber leaves, for whatever reason,
// the part is closed, and what waits in it is lost.
func (p *Part[K, T]) Push(ctx context.Context, emit func(T) bool) (err error) {
	if p.taken.Swap(true) {
		return fmt.Errorf("%w: %s: a stream of it", p.s.Taken, p.s.Name)
	}
	defer p.leave(&err)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	// A graceful stop of its subscription lets nothing more in.
	rec := run.From(ctx)
	defer rec.Leave(rec.Enter(p.s.Name, func() { p.queue.Close(nil) }))
	defer scope.OnDone(ctx, p.queue.Halt)()
	for {
		v, ok := p.queue.Next()
		if !ok {
			break
		}
		if !emit(v) {
			return nil
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err = p.queue.Err(); err != nil {
		p.s.told.Store(true)
	}
	return err
}

func (p *Part[K, T]) leave(err *error) {
	p.queue.Halt()
	*err = fault.Join(*err, run.Lost(p.s.Record(), p.s.Lost, p.queue.Left()...))
}

// abandon ends a part with err, now, and gives what is in it.
func (p *Part[K, T]) abandon(err error) []T {
	p.queue.Abort(err)
	return p.queue.Left()
}
