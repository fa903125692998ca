package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/ring"
	"github.com/turbopipes/turbopipes/internal/run"
)

// LimitRate lets upstream run ahead in bursts: until n items wait, and then again
// when at most a quarter of n items are left. No item is dropped. It is for an
// upstream that should be asked rarely and for many items, such as a source that
// fetches pages.
//
//	in:  a-b-c-|   n: 4
//	out: a-b-c-|
//
// Emits when downstream is free and an item waits. Items that wait are delivered
// before a completion or an error. Items that are left when the stream ends early
// count as discarded, and [OnDrop] is called for them. Fails and completes with
// upstream. Backpressure: from the moment that the queue is full, upstream waits
// until it is low. Memory: n items. Goroutines: one, for upstream, joined before the
// stream ends.
//
// An n below 1 is an ErrInvalidArgument. To refill item by item, see
// [OnBackpressureBuffer]; to limit a rate in time, [RateLimit]. It corresponds to
// Reactor's limitRate.
func LimitRate[T any](n int, opts ...BackpressureOption[T]) turbopipes.Operator[T, T] {
	const name = "LimitRate"
	if n < 1 {
		return turbopipes.Invalid[T, T](name, opt.TooSmall("n", n, 1))
	}
	return withOptions(name, opts, func(o opt.Typed[T]) turbopipes.Operator[T, T] { return limitRate(name, n, o) })
}

func limitRate[T any](name string, n int, o opt.Typed[T]) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		b := burstQueue[T]{most: uint64(n), low: uint64(n / 4)}
		d := handoff.OpenDesk(ctx, name)
		lost := dropping(o).At(d.Stage())
		var refused run.Refused[T]
		defer func() { err = fault.Join(err, lost.Discard(append(b.left(), refused.Take()...)...)) }()
		defer d.Close(&err)
		d.Start(func(ctx context.Context) error {
			return in.Push(ctx, func(v T) bool { return d.Put(func() bool { return b.put(v) }) || refused.Keep(v) })
		})
		return handoff.Deliver(d, func() (T, bool) {
			v, ok := b.take()
			if b.isLow() {
				d.Room()
			}
			return v, ok
		}, emit)
	})
}

// burstQueue is a queue that, once full, has no room until it is low.
type burstQueue[T any] struct {
	most, low uint64
	ring      ring.Ring[T]
	lo, hi    uint64
	held      bool // it was full, and has not been low since then
}

func (b *burstQueue[T]) isLow() bool { return b.hi-b.lo <= b.low }

func (b *burstQueue[T]) put(v T) bool {
	if b.held && !b.isLow() {
		return false
	}
	b.ring.Grow(b.lo, b.hi)
	*b.ring.At(b.hi) = v
	b.hi++
	b.held = b.hi-b.lo == b.most
	return true
}

func (b *burstQueue[T]) take() (v T, ok bool) {
	if b.lo == b.hi {
		return v, false
	}
	b.lo++
	return b.ring.Take(b.lo - 1), true
}

// left takes all.
func (b *burstQueue[T]) left() (all []T) {
	for v, ok := b.take(); ok; v, ok = b.take() {
		all = append(all, v)
	}
	return all
}
