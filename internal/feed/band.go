package feed

import (
	"context"
	"runtime"
	"sync"

	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Band is the upstreams of an operator that waits for the next item of one upstream
// at a time. If an upstream fails, the failure takes the place of its next item. If
// the operator waits for another upstream at that time, it waits only as long as a
// running upstream needs to emit an item: see Await.
type Band struct {
	*scope.Scope
	once    sync.Once
	broken  chan struct{} // closed by the first failure
	failure error         // written before broken is closed
}

// OpenBand opens a Band without an upstream. The caller must defer Close.
func OpenBand(ctx context.Context, name string) *Band {
	return &Band{Scope: scope.Open(ctx, name), broken: make(chan struct{})}
}

// In starts an upstream of b. Items is closed after the upstream has completed or
// failed; End reports which.
func In[T any](b *Band, hooks run.Hooks[T], up Push[T]) *Feed[T] {
	f := &Feed[T]{Scope: b.Scope, items: make(chan T), lost: hooks.At(b.Stage()), counts: true}
	f.account()
	f.Scope.Upstream(func(ctx context.Context) error { return up(ctx, f.hand) }, func(err error) {
		if b.Ctx.Err() != nil {
			b.Fail(err) // the failure of its clean-up
			return
		}
		f.err = err
		close(f.items)
		if err != nil {
			b.once.Do(func() {
				b.failure = err
				close(b.broken)
			})
		}
	})
	return f
}

// End is the error of the upstream of a Band, after Items is closed.
func (f *Feed[T]) End() error { return f.err }

// Broken is closed when an upstream has failed.
func (b *Band) Broken() <-chan struct{} { return b.broken }

// Failure is the first failure after Broken is closed, and nil before.
func (b *Band) Failure() error {
	select {
	case <-b.broken:
		return b.failure
	default:
		return nil
	}
}

// lingerYields is how often an operator whose Band is broken yields to other
// goroutines before it stops waiting for an upstream.
const lingerYields = 1000

// Linger calls try until it reports that an item has come, or until every running
// upstream has had the time to emit one. It does not wait for an upstream that is
// blocked.
func (b *Band) Linger(try func() bool) bool {
	for range lingerYields {
		if try() {
			return true
		}
		runtime.Gosched()
	}
	return false
}

// Await waits for the next item of f. ok is false if another upstream has failed or
// ctx is done. more is false if f has ended.
func Await[T any](b *Band, f *Feed[T]) (v T, more, ok bool) {
	items := f.Items()
	select {
	case v, more = <-items:
		return v, more, true
	case <-b.Ctx.Done():
		return v, false, false
	case <-b.broken:
	}
	ok = b.Linger(func() (came bool) {
		select {
		case v, more = <-items:
			return true
		default:
			return false
		}
	})
	return v, more, ok
}
