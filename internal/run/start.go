package run

import (
	"context"
	"sync"
	"sync/atomic"
)

// Subscribe waits for each goroutine that the subscription starts meanwhile. The
// wait ends when the goroutine has joined a hot stream, comes to a source or to a
// wait, or is about to run user code: it settles. A Start counts the goroutines that
// have not settled. Each of them has a token in its ctx, which it gives back once.

// Start is the beginning of a subscription. The zero Start is over.
type Start struct {
	unsettled atomic.Int64
	first     token // of the subscription's first goroutine
	settled   sync.WaitGroup
}

// token is held by a goroutine that a Start counts.
type token struct {
	start   *Start
	settled atomic.Bool
}

// holding is a ctx with a token of its own.
type holding struct {
	Context
	own token
}

// Starts makes s the beginning of r's subscription, which is waited for. ctx is that
// of Begin, for the subscription's first goroutine, which must Settle.
func (r *Record) Starts(s *Start) {
	s.unsettled.Store(1)
	s.settled.Add(1)
	s.first.start = s
	r.start = s
	r.own.token = &s.first
}

// Wait waits until everything has settled.
func (s *Start) Wait() { s.settled.Wait() }

// Starting reports whether anybody waits for the beginning. It costs two loads.
func (r *Record) Starting() bool { return r.start != nil && r.start.unsettled.Load() > 0 }

// Fork returns a ctx for a goroutine that is about to be started under ctx. If the
// goroutine of ctx has not settled, the beginning also waits for the new goroutine,
// which must Settle.
func (r *Record) Fork(ctx context.Context) context.Context {
	if !r.Starting() {
		return ctx
	}
	t := of(ctx).token
	if t == nil || t.settled.Load() {
		return ctx
	}
	for {
		n := t.start.unsettled.Load()
		if n == 0 { // the goroutine of t has settled meanwhile
			return ctx
		}
		if t.start.unsettled.CompareAndSwap(n, n+1) {
			return hold(ctx, t.start, false)
		}
	}
}

// hold returns ctx with a token of its own.
func hold(ctx context.Context, s *Start, settled bool) context.Context {
	h := &holding{Context: of(ctx).under(ctx)}
	h.own.start = s
	h.own.settled.Store(settled)
	h.token = &h.own
	return &h.Context
}

// Moved returns ctx with the token of from.
func (r *Record) Moved(ctx, from context.Context) context.Context {
	if !r.Starting() {
		return ctx
	}
	t := of(from).token
	if t == nil {
		return ctx
	}
	c := of(ctx).under(ctx)
	c.token = t
	return &c
}

// Detach returns a ctx for a goroutine that is about to be started under ctx, and
// that the beginning does not wait for.
func (r *Record) Detach(ctx context.Context) context.Context {
	if !r.Starting() {
		return ctx
	}
	return hold(ctx, nil, true)
}

// Settle is called before the goroutine of ctx waits, or runs user code or a source,
// and after it has joined a hot stream. Only the first call counts.
func (r *Record) Settle(ctx context.Context) {
	if !r.Starting() {
		return
	}
	if t := of(ctx).token; t != nil && !t.settled.Swap(true) && t.start.unsettled.Add(-1) == 0 {
		t.start.settled.Done()
	}
}

// Settle is Record.Settle for callers without a Record.
func Settle(ctx context.Context) { From(ctx).Settle(ctx) }
