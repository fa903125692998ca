package jetstream_test

import (
	"testing"
	"time"

	"github.com/turbopipes/turbopipes/connect/jetstream"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// maxUncommitted is what a kill repeats at most.
const maxUncommitted = 256

// TestSIGKILL kills worker processes while they consume, and checks the effects.
// JETSTREAM_KILLS is how often, with 2500 events for each kill.
func TestSIGKILL(t *testing.T) {
	kills := env("JETSTREAM_KILLS", 3)
	for mode, opts := range map[string][]jetstream.Option{"exclusive": nil, "prefix": {jetstream.Prefix()}} {
		t.Run(mode, func(t *testing.T) {
			deliverytest.Kill(t, func(t *testing.T) deliverytest.Harness {
				h := harness(t, append(opts, jetstream.PinTTL(300*time.Millisecond))...)
				h.Ordered = true
				return h
			}, deliverytest.KillOptions{Kills: kills, Events: max(3000, 2500*kills), MaxUncommitted: maxUncommitted})
		})
	}
}
