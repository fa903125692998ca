package chaos

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	tp "github.com/turbopipes/turbopipes"
)

// run is a pipeline that is being consumed.
type run struct {
	w      *world
	how    string // the way to consume
	cuts   cut
	first  int // the first request; 0: no limit
	slow   int // the longest time that it takes for an item
	late   atomic.Bool
	shared bool // there are other runs, so user code may be alive when it returns
	o      stream
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when the consuming call has returned
	sub    atomic.Pointer[tp.Subscription]
	subbed chan struct{} // closed when sub is set
	leave  atomic.Bool   // Pull: the consumer must leave

	mu    sync.Mutex
	got   []int
	ends  int  // calls of Error and Complete
	over  bool // nothing may come any more
	quit  bool // nothing may come any more, because the cut came from within
	busy  bool
	cut   bool // the cut has happened
	own   error
	err   error // the result of the consuming call
	told  error // the argument of Error
	stats tp.Stats
	exits bool // the consuming call has not returned, but exited or panicked
}

func newRun(w *world) *run {
	r := newRunOf(w, w.build())
	r.how, r.cuts, r.first = w.plan.Consume, w.plan.Cut, w.plan.Request
	return r
}

func newRunOf(w *world, o stream) *run {
	r := &run{w: w, o: o, done: make(chan struct{}), subbed: make(chan struct{})}
	r.ctx, r.cancel = w.ctx()
	return r
}

// next is called by the consumer for each item. It reports whether the consumer goes on.
func (r *run) next(v int) (ok bool) {
	r.mu.Lock()
	if r.busy {
		r.w.violated("two calls of Next at a time")
	}
	if r.over || r.ends > 0 || r.quit {
		r.w.violated("Next(%d) after the end: over %v, ends %d, quit %v", v, r.over, r.ends, r.quit)
	}
	r.busy = true
	r.got = append(r.got, v)
	k := len(r.got)
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.busy = false
		r.mu.Unlock()
	}()
	d := r.w.delay(0, v)
	if r.slow > 0 {
		d = r.w.time(int(roll(r.w.plan.Seed, uint64(r.slow), uint64(v)) % uint64(r.slow+1)))
	}
	if d > 0 {
		time.Sleep(d)
	}
	if c := r.cuts; c.Within && c.K == k {
		return r.within(c.How)
	}
	return !r.leave.Load()
}

func (r *run) setCut() {
	r.mu.Lock()
	r.cut = true
	r.mu.Unlock()
}

// within cuts the pipeline on the goroutine of the consumer.
func (r *run) within(how string) bool {
	r.setCut()
	switch how {
	case "ctx":
		r.cancel(errCut)
	case "panic":
		panic(errCut)
	case "goexit":
		runtime.Goexit()
	case "error":
		r.own = errCut
		r.setQuit()
		return false
	case "break":
		r.setQuit()
		return false
	default:
		<-r.subbed
		if r.stop(how) {
			r.setQuit()
		}
	}
	return true
}

func (r *run) setQuit() {
	r.mu.Lock()
	r.quit = true
	r.mu.Unlock()
}

// stop cuts a subscription. It reports whether nothing may come any more.
func (r *run) stop(how string) (over bool) {
	sub := r.sub.Load()
	switch how {
	case "stop":
		_ = sub.Stop(context.Background())
	case "stopShort":
		ctx, cancel := context.WithTimeoutCause(context.Background(), r.w.time(2), errCut)
		defer cancel()
		_ = sub.Stop(ctx)
	case "dispose":
		sub.Dispose()
		return true
	case "cancel":
		sub.Cancel()
		return true
	}
	return false
}

// outside cuts the pipeline from another goroutine.
func (r *run) outside() {
	c := r.cuts
	if c.How == "none" || c.Within {
		return
	}
	select {
	case <-time.After(r.w.time(c.At)):
	case <-r.done:
		return
	}
	r.setCut()
	switch c.How {
	case "ctx":
		r.cancel(errCut)
	case "break":
		r.leave.Store(true)
	default:
		if r.stop(c.How) && c.How == "dispose" {
			r.quiet("Dispose")
		}
	}
}

// quiet checks that nothing is alive after a call has returned.
func (r *run) quiet(call string) {
	if n := r.w.alive.Load(); n != 0 && !r.shared {
		r.w.violated("%d of user code are alive when %s has returned", n, call)
	}
}

// start consumes the pipeline.
func (r *run) start() {
	if r.how == "Subscribe" {
		r.subscribe()
		return
	}
	go func() {
		defer close(r.done)
		r.exits = true
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok {
					r.err = err
				} else {
					r.w.violated("panic: %v", p)
				}
			}
			r.quiet(r.how)
			r.mu.Lock()
			r.over = true
			r.mu.Unlock()
		}()
		r.err = r.call(r.how)
		r.exits = false
	}()
}

func (r *run) subscribe() {
	var opts []tp.SubscribeOption
	n := r.first
	if n > 0 {
		opts = append(opts, tp.InitialRequest(int64(n)))
	}
	end := func(err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told = err
		r.ends++
		if r.ends > 1 || r.over || r.quit {
			r.w.violated("end %d (%v) after the end: over %v, quit %v", r.ends, err, r.over, r.quit)
		}
	}
	sub := r.o.Subscribe(r.ctx, tp.Observer[int]{
		Next: func(v int) { r.next(v) }, Error: end, Complete: func() { end(nil) },
	}, opts...)
	r.sub.Store(sub)
	close(r.subbed)
	go func() {
		defer close(r.done)
		r.err = sub.Wait()
		r.quiet("Wait")
		r.stats = sub.Stats()
		r.mu.Lock()
		r.over = true
		r.mu.Unlock()
	}()
	if n > 0 {
		go r.request(sub)
	}
}

// request asks for more items now and then.
func (r *run) request(sub *tp.Subscription) {
	for i, wait := 0, r.w.unit; ; i++ {
		if i == 1000 {
			wait *= 1000
		}
		select {
		case <-r.done:
			return
		case <-time.After(wait):
			sub.Request(int64(1 + i%3))
		}
	}
}

// call is a consuming call that has no handle.
func (r *run) call(how string) error {
	switch how {
	case "Each":
		return r.o.Each(r.ctx, func(v int) error { r.next(v); return r.own })
	case "Seq":
		for v, err := range r.o.Seq(r.ctx) {
			if err != nil {
				return err
			}
			if !r.next(v) {
				return nil
			}
		}
		return nil
	case "Pull":
		next, stop := r.o.Pull(r.ctx)
		defer stop()
		for {
			v, err, ok := next()
			if err != nil || !ok {
				return err
			}
			if !r.next(v) {
				return nil
			}
		}
	case "ToChannel":
		items, wait := r.o.ToChannel(r.ctx)
		for v := range items {
			r.next(v)
		}
		return wait()
	case "Collect":
		all, err := r.o.Collect(r.ctx)
		r.got = all
		return err
	}
	return errors.New("no way " + how)
}
