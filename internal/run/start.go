package run

import (
	"context"
	"sync/atomic"
)

// Subscribe waits for each goroutine that the subscription starts meanwhile. The
// wait ends when the goroutine has joined a hot stream, comes to a source or to a
// wait, or is about to run user code: it settles. A Start counts the goroutines that
// have not settled. Each of them has a token in its ctx, which it gives back once.

// Start is the beginning of a subscription.
type Start struct {
	unsettled atomic.Int64
	done      chan struct{}
}

// token is the ctx of a goroutine that a Start counts.
type token struct {
	context.Context //nolint:containedctx // a token is a ctx
	start           *Start
	settled         atomic.Bool
}

type tokenKey struct{}

// Value returns the token itself, or the value of the ctx in it.
func (t *token) Value(key any) any {
	if key == (tokenKey{}) {
		return t
	}
	return t.Context.Value(key)
}

// Starts makes the beginning of r's subscription one that is waited for. ctx is that
// of the subscription's first goroutine, which must Settle.
func (r *Record) Starts(ctx context.Context) (context.Context, *Start) {
	s := &Start{done: make(chan struct{})}
	s.unsettled.Store(1)
	r.start = s
	return &token{Context: ctx, start: s}, s
}

// Done is closed when everything has settled.
func (s *Start) Done() <-chan struct{} { return s.done }

// Starting reports whether anybody waits for the beginning. It costs two loads.
func (r *Record) Starting() bool { return r.start != nil && r.start.unsettled.Load() > 0 }

// Fork returns a ctx for a goroutine that is about to be started under ctx. If the
// goroutine of ctx has not settled, the beginning also waits for the new goroutine,
// which must Settle.
func (r *Record) Fork(ctx context.Context) context.Context {
	if !r.Starting() {
		return ctx
	}
	t, ok := ctx.Value(tokenKey{}).(*token)
	if !ok || t.settled.Load() {
		return ctx
	}
	for {
		n := t.start.unsettled.Load()
		if n == 0 { // the goroutine of t has settled meanwhile
			return ctx
		}
		if t.start.unsettled.CompareAndSwap(n, n+1) {
			return &token{Context: ctx, start: t.start}
		}
	}
}

// Moved returns ctx with the token of from.
func (r *Record) Moved(ctx, from context.Context) context.Context {
	if !r.Starting() {
		return ctx
	}
	t, ok := from.Value(tokenKey{}).(*token)
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, tokenKey{}, t)
}

// Detach returns a ctx for a goroutine that is about to be started under ctx, and
// that the beginning does not wait for.
func (r *Record) Detach(ctx context.Context) context.Context {
	if !r.Starting() {
		return ctx
	}
	t := &token{Context: ctx}
	t.settled.Store(true)
	return t
}

// Settle is called before the goroutine of ctx waits, or runs user code or a source,
// and after it has joined a hot stream. Only the first call counts.
func (r *Record) Settle(ctx context.Context) {
	if !r.Starting() {
		return
	}
	if t, ok := ctx.Value(tokenKey{}).(*token); ok && !t.settled.Swap(true) && t.start.unsettled.Add(-1) == 0 {
		close(t.start.done)
	}
}

// Settle is Record.Settle for callers without a Record.
func Settle(ctx context.Context) { From(ctx).Settle(ctx) }
