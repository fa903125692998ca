package feed

import (
	"context"
	"runtime"
	"sync"

	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Band is several upstreams of an operator that asks one or the other of them for its
// next item. The failure of one takes the place of its next item. An operator that
// waits for another one then waits no longer than it takes an upstream that is running
// to come up with an item: see Await.
type Band struct {
	*scope.Scope
	once    sync.Once
	broken  chan struct{} // closed by the first failure
	failure error         // written before
}

// OpenBand opens one without an upstream. The caller must defer Close.
func OpenBand(ctx context.Context, name string) *Band {
	return &Band{Scope: scope.Open(ctx, name), broken: make(chan struct{})}
}

// In starts an upstream of b. Items is closed when it has completed or failed; End
// tells which.
func In[T any](b *Band, hooks run.Hooks[T], up Push[T]) *Feed[T] {
	f := &Feed[T]{Scope: b.Scope, items: make(chan T), lost: hooks.At(b.Stage()), counts: true}
	f.account()
	f.Scope.Upstream(func(ctx context.Context) error { return up(ctx, f.hand) }, func(err error) {
		if b.Ctx.Err() != nil {
			b.Fail(err) // of its clean-up
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

// End is how the upstream of a Band has ended, once Items is closed.
func (f *Feed[T]) End() error { return f.err }

// Broken is closed when an upstream has failed.
func (b *Band) Broken() <-chan struct{} { return b.broken }

// Failure is the first failure, once Broken is closed, else nil.
func (b *Band) Failure() error {
	select {
	case <-b.broken:
		return b.failure
	default:
		return nil
	}
}

// patience is how often an operator whose Band is broken lets others run before it
// gives up waiting for one of them.
const patience = 1000

// Linger calls try, which tells whether an item has come, until it has, or until every
// upstream that runs has had the time to come up with one. Only who runs on can: one
// that waits for something is not waited for.
func (b *Band) Linger(try func() bool) bool {
	for range patience {
		if try() {
			return true
		}
		runtime.Gosched()
	}
	return false
}

// Await waits for the next item of f. ok is false where another upstream has failed, or
// ctx is done; more is false where f has ended.
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
