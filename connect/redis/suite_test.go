package redis_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/turbopipes/turbopipes/connect/redis"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

const testAckWait = 300 * time.Millisecond

func harness(t *testing.T, opts ...redis.Option) deliverytest.Harness {
	opts = append([]redis.Option{redis.AckWait(testAckWait), redis.Block(20 * time.Millisecond)}, opts...)
	if at := deliverytest.Address(); at != "" {
		addr, stream, _ := strings.Cut(at, " ")
		return deliverytest.Harness{Source: redis.Source(connect(t, addr), stream, "g", opts...)}
	}
	addr := server(t)
	client := connect(t, addr)
	stream := newStream(t, client)
	network := newProxy(t, addr)
	refuse, crashes := &atomic.Bool{}, &atomic.Int64{}
	src := crashing{network.addr, refuse, crashes, func(c goredis.UniversalClient) delivery.Source[[]byte] {
		return redis.Source(c, stream, "g", opts...)
	}}
	return deliverytest.Harness{
		Publish:    func(t testing.TB, events []deliverytest.Event) { add(t, client, stream, events...) },
		Source:     src,
		Redelivery: testAckWait,
		Refuse:     func(_ testing.TB, on bool) { refuse.Store(on) },
		Away: func(t testing.TB, away bool) {
			if away {
				network.down()
			} else {
				network.up(t)
			}
		},
		Crash:   func(testing.TB) { crashes.Add(1) },
		Address: addr + " " + stream,
	}
}

// TestGroup: sessions share the entries.
func TestGroup(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		h := harness(t)
		h.Group = true
		return h
	})
}

// TestConsumer: one session at a time, with a fixed name, keeps the order per key.
func TestConsumer(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		h := harness(t, redis.Consumer("c"))
		h.Ordered = true
		return h
	})
}
