// Package run has the record of a subscription: its losses, its goroutines, its
// stop. The record travels in the ctx.
package run

import (
	"context"
	"sync"
	"sync/atomic"
)

// Record belongs to one subscription, or is a shield against the stop of one. The
// zero Record can't be stopped, and nobody reads its counters.
type Record struct {
	own       Context // see Begin
	parent    *Record
	handle    *handle // nil for consuming calls without a handle and for shields: they can't be stopped
	start     *Start  // nil: nobody waits for its beginning
	hook      Hook    // receives losses; may be nil
	call      bool    // of a consuming call, and not a shield
	relays    bool    // it has counters of its own, but stops with its parent
	reported  atomic.Bool
	joins     atomic.Int64 // scopes that wait for their goroutines
	limitOver atomic.Int64 // when a wait with its own limit last ended, in Unix nanoseconds

	mu     sync.Mutex // guards leaves, free, and the fields of handle that it names; never held across a call of anything
	leaves *Leaf      // a list of the running sources
	free   *Leaf      // a list of leaves for reuse: a short stream costs no allocation

	batches atomic.Pointer[[]batch]

	Delivered, Dropped, Discarded, Failed atomic.Int64
}

// Handle is the Record of a Subscription or a connection, which can be stopped.
type Handle struct {
	Record
	own handle
}

// handle is the part of a Record that only a Handle needs.
type handle struct {
	callContext context.Context //nolint:containedctx // of the consuming call
	id          uint64          // see Mark
	stopping    atomic.Bool
	stopped     chan struct{} // closed by Stop; nil before somebody needs it; guarded by mu
	gauges      *Gauge        // a list; guarded by mu
	request     request
}

// Leaf is a running source. Leave recycles it.
type Leaf struct {
	name       string
	stop       func()
	prev, next *Leaf // of the list that the leaf is in
}

// Init makes r, a zero Record that is part of another struct, the record of a
// consuming call under ctx.
func (r *Record) Init(ctx context.Context) {
	r.call, r.hook = true, hookOf(ctx)
	if p := From(ctx); p != none {
		r.parent = p
	}
}

// Init is Record.Init for a call with a handle.
func (h *Handle) Init(ctx context.Context) {
	h.Record.Init(ctx)
	h.own.callContext = ctx
	if p := h.parent; p != nil && p.Starting() {
		h.start = p.start // for a connection; a Subscription has its own
	}
	h.handle = &h.own
	h.own.id = register(&h.Record)
}

// CallContext is the ctx of Init.
func (h *Handle) CallContext() context.Context { return h.own.callContext }

var none = &Record{}

// Shield returns a ctx whose streams are not cut short by the Stop of an outer
// subscription.
func Shield(ctx context.Context) context.Context {
	r := From(ctx)
	if !r.Stoppable() {
		return ctx
	}
	return (&Record{parent: r, start: r.start, hook: r.hook}).Begin(ctx)
}

// Ended is the reason why the ctx of the outermost consuming call has ended, or nil
// if it has not.
func (r *Record) Ended() error {
	for r.parent != nil {
		r = r.parent
	}
	switch {
	case r.handle != nil:
		return context.Cause(r.handle.callContext)
	case r.call:
		return context.Cause(r.own.Context)
	}
	return nil
}

// Inner returns a ctx for streams that run once per item of another stream. The ctx
// has its own Record, which counts the losses of these streams. If stops is true,
// the Stop of an outer subscription reaches them. Otherwise it does not cut them
// short, as under a Shield.
func Inner(ctx context.Context, stops bool) (context.Context, *Record) {
	r := From(ctx)
	own := &Record{start: r.start, hook: r.hook}
	if r != none {
		own.parent, own.relays = r, stops
	}
	return own.Begin(ctx), own
}

// Lost is the number of items that were counted as dropped, discarded or failed.
func (r *Record) Lost() int64 { return r.Dropped.Load() + r.Discarded.Load() + r.Failed.Load() }

// Stoppable reports whether Stop can ever be called.
func (r *Record) Stoppable() bool { return r.stopper().handle != nil }

// Stopping reports whether Stop was called.
func (r *Record) Stopping() bool {
	h := r.stopper().handle
	return h != nil && h.stopping.Load()
}

// stopper is the Record whose Stop also stops r.
func (r *Record) stopper() *Record {
	for r.relays {
		r = r.parent
	}
	return r
}

// Within reports whether r is o, or runs inside o.
func (r *Record) Within(o *Record) bool {
	for ; r != nil && o != none; r = r.parent {
		if r == o {
			return true
		}
	}
	return false
}

// Stopped is closed by Stop. It is nil if Stop can't be called.
func (r *Record) Stopped() <-chan struct{} {
	if r = r.stopper(); r.handle == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stoppedChannel()
}

// stoppedChannel returns the channel of Stopped. The caller holds mu.
func (r *Record) stoppedChannel() chan struct{} {
	if r.handle.stopped == nil {
		r.handle.stopped = make(chan struct{})
	}
	return r.handle.stopped
}

// Enter notes that a source runs. Stop calls stop, which ends the source. If Stop
// was called before, Enter calls stop at once. stop may be called twice, and after
// Leave. The caller must call Leave, once.
func (r *Record) Enter(name string, stop func()) *Leaf {
	if r = r.stopper(); r == none {
		return nil
	}
	r.mu.Lock()
	l := r.free
	if l == nil {
		l = new(Leaf)
	} else {
		r.free = l.next
	}
	l.name, l.stop, l.next = name, stop, r.leaves
	if l.next != nil {
		l.next.prev = l
	}
	r.leaves = l
	r.mu.Unlock()
	if r.handle != nil && r.handle.stopping.Load() { // also if Stop was called in between
		stop()
	}
	return l
}

// Leave undoes Enter.
func (r *Record) Leave(l *Leaf) {
	if r = r.stopper(); r == none {
		return
	}
	r.mu.Lock()
	if l.prev == nil {
		r.leaves = l.next
	} else {
		l.prev.next = l.next
	}
	if l.next != nil {
		l.next.prev = l.prev
	}
	*l = Leaf{next: r.free}
	r.free = l
	r.mu.Unlock()
}

// Running returns the names of the sources that have not returned. Sources that
// never wait by themselves, such as Just, are not among them.
func (r *Record) Running() (names []string) {
	r = r.stopper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for l := r.leaves; l != nil; l = l.next {
		if l.name != "" {
			names = append(names, l.name)
		}
	}
	return names
}

// Stop ends all sources, also later ones.
func (r *Record) Stop() {
	if r.handle.stopping.Swap(true) {
		return
	}
	var stops []func() // not the leaves: one that is recycled meanwhile has the stop of another source
	r.mu.Lock()
	close(r.stoppedChannel())
	for l := r.leaves; l != nil; l = l.next {
		stops = append(stops, l.stop)
	}
	r.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
}

// count counts n lost items, up to the outermost subscription.
func (r *Record) count(why Reason, n int64) {
	for ; r != nil && r != none && n > 0; r = r.parent {
		if why == Dropped {
			r.Dropped.Add(n)
		} else {
			r.Discarded.Add(n)
		}
	}
}

// fail counts n items whose task or function has failed, up to the outermost
// subscription.
func (r *Record) fail(n int64) {
	for ; r != nil && r != none && n > 0; r = r.parent {
		r.Failed.Add(n)
	}
}

// Join adds by to Joins, up to the outermost subscription. by is 1 when a scope begins
// to wait for its goroutines, and -1 when it has waited.
func (r *Record) Join(by int64) {
	for ; r != nil && r != none; r = r.parent {
		r.joins.Add(by)
	}
}

// Joins is the number of scopes that wait for their goroutines.
func (r *Record) Joins() int64 { return r.joins.Load() }

// FirstReport reports whether nothing was reported before for r or for a
// subscription that r runs in. From then on it is false.
func (r *Record) FirstReport() bool {
	first := true
	for ; r != nil && r != none; r = r.parent {
		first = !r.reported.Swap(true) && first
	}
	return first
}
