package kafka_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/kafka"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// TestKill kills worker processes while they consume, and checks the effects. The broker
// is in this process. KAFKA_KILLS is how often, with 2000 events for each kill.
func TestKill(t *testing.T) {
	kills := number("KAFKA_KILLS", 3)
	n := 2000 * kills
	var b *broker
	deliverytest.Kill(t, func(t *testing.T) deliverytest.Harness {
		h := harness(t, kafka.CommitEvery(50*time.Millisecond))
		if h.Publish != nil {
			b = &broker{addresses: split(h.Address)}
		}
		return h
	}, deliverytest.KillOptions{
		Kills: kills, Events: n, MaxUncommitted: 256,
		Committed: func(t testing.TB) bool { return sum(b.committed(t, 3)) == int64(n) },
	})
}

// TestBacklog consumes what has waited at the broker: memory does not depend on how much
// that is. It runs with KAFKA_BACKLOG=1000000.
func TestBacklog(t *testing.T) {
	n := number("KAFKA_BACKLOG", 0)
	if n == 0 {
		t.Skip("KAFKA_BACKLOG is not set; the suite has a smaller one")
	}
	b := newBroker(t, 4)
	random := rand.NewChaCha8([32]byte{1})
	for left := n; left > 0; left -= 10_000 {
		records := numbered(min(left, 10_000), 1000)
		for _, r := range records {
			r.Value = make([]byte, 128)
			_, _ = random.Read(r.Value)
		}
		b.publish(t, records...)
	}
	before := heap()
	var tenth, most uint64
	got, done := 0, make(chan struct{})
	s := delivery.Process(b.subscription(), 64, func(context.Context, delivery.Delivery[[]byte]) error { return nil }).
		Subscribe(t.Context(), turbopipes.Observer[delivery.Receipt]{Next: func(delivery.Receipt) {
			if got++; got%(n/10) == 0 {
				h := heap()
				h -= min(h, before)
				if most = max(most, h); got == n/10 {
					tenth = h
				}
			}
			if got == n {
				close(done)
			}
		}})
	<-done
	stop(t, s)
	t.Logf("heap above the broker's: %.1f MB after a tenth of %d events, %.1f MB at most", float64(tenth)/1e6, n, float64(most)/1e6)
	require.Less(t, most, tenth+tenth/2+8<<20)
}
