package jetstream_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/connect/jetstream"
	"github.com/turbopipes/turbopipes/delivery"
)

// TestBacklog consumes JETSTREAM_BACKLOG queued events: the memory does not depend on
// their number. The heap is that of the server, too.
func TestBacklog(t *testing.T) {
	n := env("JETSTREAM_BACKLOG", 0)
	if n == 0 {
		t.Skip("JETSTREAM_BACKLOG is not set; LongBacklog of the suite has 50,000 events")
	}
	js := streaming(t, connect(t, newBroker(t).ClientURL()))
	stream := newStream(t, js)
	publish(t, js, stream, 0, n, 1000)
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc) //nolint:gosec // it fits
	}
	for _, m := range modes {
		before := heap()
		var done, first, most atomic.Int64
		over := newSignal()
		begin := time.Now()
		src := jetstream.Source(js, stream, m.name, m.opts...)
		s := start(t, src, 64, func(context.Context, delivery.Delivery[[]byte]) error {
			if i := done.Add(1); i%int64(n/10) == 0 {
				now := heap() - before
				first.CompareAndSwap(0, now)
				most.Store(max(most.Load(), now))
				if i == int64(n) {
					over.give()
				}
			}
			return nil
		})
		select {
		case <-over.c:
		case <-time.After(5 * time.Minute):
			require.FailNow(t, "it takes too long")
		}
		took := time.Since(begin)
		stop(t, s)
		t.Logf("%s: %d events in %.1f s: the heap grew by %.1f MB after a tenth, and by %.1f MB at most",
			m.name, n, took.Seconds(), float64(first.Load())/1e6, float64(most.Load())/1e6)
		require.Less(t, most.Load(), first.Load()+32<<20)
	}
}
