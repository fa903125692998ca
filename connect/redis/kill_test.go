package redis_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/turbopipes/turbopipes/connect/redis"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// TestSIGKILL kills worker processes while they consume, and checks the effects.
// REDIS_KILLS is how often, with 2000 events for each kill.
func TestSIGKILL(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv("REDIS_KILLS"))
	if err != nil {
		kills = 2
	}
	for mode, opts := range map[string][]redis.Option{"group": nil, "consumer": {redis.Consumer("c")}} {
		t.Run(mode, func(t *testing.T) {
			deliverytest.Kill(t, func(t *testing.T) deliverytest.Harness {
				h := harness(t, opts...)
				h.Ordered = mode == "consumer"
				return h
			}, deliverytest.KillOptions{Kills: kills, Events: 2000 * kills, MaxUncommitted: 256})
		})
	}
}
