package deliverytest

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/delivery"
)

func refusedCommits(t *testing.T, h Harness) {
	if h.Refuse == nil {
		t.Skip("the broker can't be made to refuse commits")
	}
	const n = 400
	a := newAccount()
	h.Publish(t, events(0, n, 10))
	var refused atomic.Bool
	c := h.start(t, 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		if _, i := parse(d.Value); i%50 == 25 {
			h.Refuse(t, !refused.Swap(true))
			nap(ctx, 20*time.Millisecond)
			refused.Store(false)
			h.Refuse(t, false)
		}
		return a.handle(ctx, d)
	})
	a.wait(t, n)
	h.Refuse(t, false)
	c.stop(t)
	h.Publish(t, events(n, 1, 10))
	h.finish(t, a, n+1)
	if h.Ordered {
		require.Zero(t, a.repeated(), "a commit that was refused is made later")
	}
}

func brokerAway(t *testing.T, h Harness) {
	if h.Away == nil {
		t.Skip("the broker can't be taken away")
	}
	const n = 300
	a := newAccount()
	h.Publish(t, events(0, n/2, 10))
	c := h.start(t, 8, a.slowly)
	a.wait(t, n/4)
	h.Away(t, true)
	nap(t.Context(), 100*time.Millisecond)
	h.Away(t, false)
	h.Publish(t, events(n/2, n/2, 10))
	a.wait(t, n)
	c.stop(t)
	if h.Ordered {
		a.inOrder(t)
	}
}

func secondSession(t *testing.T, h Harness) {
	const n = 400
	a := newAccount()
	h.Publish(t, events(0, n/2, 10))
	first := h.start(t, 4, a.slowly)
	a.wait(t, 10)
	ordered := h.Ordered
	second := h.start(t, 4, a.slowly)
	h.Publish(t, events(n/2, n/2, 10))
	switch {
	case h.Group:
		a.wait(t, n)
		first.stop(t)
		second.stop(t)
		require.Zero(t, a.repeated(), "nothing has failed")
	case h.Exclusive:
		select {
		case <-first.Done(): // until it learns that it is fenced, both have events
			require.ErrorIs(t, first.Err(), delivery.ErrFenced)
			ordered = false
		case <-second.Done():
			require.ErrorIs(t, second.Err(), delivery.ErrFenced)
		case <-time.After(100 * time.Millisecond): // the second one waits, or the first one has not noticed yet
		}
		first.Dispose()
		ordered = ordered && !errors.Is(first.Err(), delivery.ErrFenced)
		second.Dispose()
		h.finish(t, a, n)
	default:
		t.Skip("neither a group nor exclusive")
	}
	if ordered {
		a.inOrder(t)
	}
}

// handover: a second session of an exclusive consumer waits or is refused. It gets no
// event beside the first one, unless the first one is fenced. A graceful end of the first
// one repeats nothing.
func handover(t *testing.T, h Harness) {
	if !h.Exclusive {
		t.Skip("several sessions may share the events")
	}
	const n, rounds = 600, 4
	a := newAccount()
	h.Publish(t, events(0, n, 10))
	fenced := false
	running := h.start(t, 4, a.slowly)
	a.wait(t, 10)
	for round := range rounds {
		var gone atomic.Bool // running has ended, or was fenced
		var early atomic.Int64
		next := h.start(t, 4, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
			if !gone.Load() {
				early.Add(1)
			}
			return a.slowly(ctx, d)
		})
		a.wait(t, (round+1)*n/(rounds+2))
		if early.Load() > 0 { // then the first one has to end
			select {
			case <-running.Done():
			case <-time.After(patience):
				require.Fail(t, "two sessions have events at the same time")
			}
		}
		select {
		case <-running.Done():
			require.ErrorIs(t, running.Err(), delivery.ErrFenced)
			fenced = true
			gone.Store(true)
		case <-next.Done(): // refused
			require.ErrorIs(t, next.Err(), delivery.ErrFenced)
			require.Zero(t, early.Load(), "a session that is refused had events")
			continue
		default:
			gone.Store(true)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			err := running.Stop(ctx)
			cancel()
			if fenced = fenced || errors.Is(err, delivery.ErrFenced); !fenced { // it may be, right now
				require.NoError(t, err)
			}
		}
		running = next
	}
	a.wait(t, n-n/(rounds+2))
	running.stop(t)
	h.finish(t, a, n)
	if !fenced {
		require.Zero(t, a.repeated(), "graceful changes repeat nothing")
	}
	if h.Ordered {
		a.inOrder(t)
	}
}

// storm: sessions join and leave gracefully. Nothing is lost, repeated or out of order.
func storm(t *testing.T, h Harness) {
	if !h.Group {
		t.Skip("one session at a time")
	}
	const n, changes = 2000, 20
	a := newAccount()
	h.Publish(t, events(0, n, 50))
	consumers := []*consumer{h.start(t, 8, a.slowly)}
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // a test
	for i := range changes {
		a.wait(t, i*n/changes)
		if len(consumers) > 1 && (len(consumers) == 4 || r.IntN(2) == 0) {
			j := r.IntN(len(consumers))
			consumers[j].stop(t)
			consumers = append(consumers[:j], consumers[j+1:]...)
			continue
		}
		consumers = append(consumers, h.start(t, 8, a.slowly))
	}
	a.wait(t, n)
	var all sync.WaitGroup
	for _, c := range consumers {
		all.Go(func() { c.stop(t) })
	}
	all.Wait()
	require.Zero(t, a.repeated(), "graceful changes repeat nothing")
	if h.Ordered {
		a.inOrder(t)
	}
}

func crash(t *testing.T, h Harness) {
	if h.Crash == nil {
		t.Skip("a session can't be made to crash")
	}
	const n, rounds = 1000, 8
	a := newAccount()
	h.Publish(t, events(0, n, 20))
	for round := range rounds {
		var over atomic.Bool
		c := h.start(t, 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
			if over.Load() {
				return errBoom // the process is gone, and has no effects
			}
			return a.slowly(ctx, d)
		}, delivery.CloseTimeout(time.Second))
		a.wait(t, (round+1)*n/(rounds+1))
		over.Store(true)
		h.Crash(t)
		c.Dispose()
	}
	h.finish(t, a, n)
	require.LessOrEqual(t, a.repeated(), rounds*h.repeats())
}

// longBacklog: memory does not depend on how much waits at the broker.
func longBacklog(t *testing.T, h Harness) {
	const n = 50_000
	all := events(0, n, 100)
	h.Publish(t, all)
	var m runtime.MemStats
	heap := func() uint64 {
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var done, most atomic.Int64
	over := make(chan struct{})
	c := h.start(t, 8, func(context.Context, delivery.Delivery[[]byte]) error {
		switch i := done.Add(1); {
		case i%(n/10) == 0:
			most.Store(max(most.Load(), int64(heap())-int64(before))) //nolint:gosec // a few MB
			if i == n {
				close(over)
			}
		default:
		}
		return nil
	})
	select {
	case <-over:
	case <-time.After(patience):
		require.Fail(t, "it takes too long")
	}
	c.stop(t)
	runtime.KeepAlive(all)
	t.Logf("%d events: the heap grew by %d KB at most", n, most.Load()/1024)
	require.Less(t, most.Load(), int64(32<<20))
}
