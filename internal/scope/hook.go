package scope

import (
	"context"
	"sync"
)

// Ender is the reaction to the end of a ctx.
type Ender interface{ CtxEnded() }

// Hook calls an Ender when a ctx ends. It is part of another struct.
type Hook struct {
	stop    func() bool // nil: ctx never ends
	running sync.WaitGroup
}

// On calls e on its own goroutine when ctx ends, until Release.
func (h *Hook) On(ctx context.Context, e Ender) {
	if ctx.Done() == nil {
		return
	}
	h.running.Add(1)
	h.stop = context.AfterFunc(ctx, func() {
		defer h.running.Done()
		e.CtxEnded()
	})
}

// Release undoes On. It waits for a call that is running.
func (h *Hook) Release() {
	if h.stop != nil && !h.stop() {
		h.running.Wait()
	}
}

// enderFunc is a function as an Ender.
type enderFunc func()

func (f enderFunc) CtxEnded() { f() }

// OnDone calls f on its own goroutine when ctx ends. release undoes that, and waits
// for a running f.
func OnDone(ctx context.Context, f func()) (release func()) {
	h := &Hook{}
	h.On(ctx, enderFunc(f))
	return h.Release
}
