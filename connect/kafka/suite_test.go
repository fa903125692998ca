package kafka_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/turbopipes/turbopipes/connect/kafka"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// TestSuiteCooperative is the suite of all connectors, with the default balancer.
func TestSuiteCooperative(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness { return harness(t) })
}

// TestSuiteRange is the suite with a balancer that revokes everything at each change.
func TestSuiteRange(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		return harness(t, kafka.Client(kgo.Balancers(kgo.RangeBalancer())))
	})
}

func harness(t *testing.T, opts ...kafka.Option) deliverytest.Harness {
	t.Helper()
	if address := deliverytest.Address(); address != "" { // a process that is to be killed
		b := &broker{addresses: split(address)}
		kick(t, b.addresses) // the one before it
		return deliverytest.Harness{Source: b.subscription(opts...)}
	}
	const partitions = 3
	b := newBroker(t, partitions)
	s := b.subscription(opts...)
	var end func()
	return deliverytest.Harness{
		Publish: func(t testing.TB, events []deliverytest.Event) {
			records := make([]*kgo.Record, len(events))
			for i, e := range events {
				records[i] = kgo.KeySliceRecord([]byte(e.Key), e.Value)
			}
			b.publish(t, records...)
		},
		Source: s, Ordered: true, Group: true, Partitions: partitions,
		Refuse: func(_ testing.TB, refuse bool) {
			if end != nil {
				end()
				end = nil
			}
			if refuse {
				end = b.refuse(kerr.RebalanceInProgress, -1)
			}
		},
		Away:    func(_ testing.TB, away bool) { s.network().cut(away) },
		Crash:   s.crash,
		Address: join(b.addresses),
	}
}
