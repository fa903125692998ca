package deliverytest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// harness is that of a broker in memory.
func harness(b *deliverytest.Broker, source delivery.Source[[]byte], partitions int) deliverytest.Harness {
	return deliverytest.Harness{
		Publish: func(_ testing.TB, events []deliverytest.Event) { b.Publish(events...) },
		Source:  source, Group: true, Partitions: partitions,
		Refuse: func(_ testing.TB, refuse bool) {
			if !refuse {
				b.Refuse(nil)
				return
			}
			b.Refuse(func() error { return errors.New("refused") })
		},
		Away:  func(_ testing.TB, away bool) { b.Away(away) },
		Crash: func(testing.TB) { b.Crash() },
	}
}

func TestLog(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		b := deliverytest.NewBroker(3)
		t.Cleanup(func() { require.Empty(t, b.Breaches()) })
		h := harness(b, b.Log(deliverytest.LogOptions{}), 3)
		h.Ordered = true
		return h
	})
}

// TestExclusiveLog: of a group with one partition, one session has it, and the others
// wait.
func TestExclusiveLog(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		b := deliverytest.NewBroker(1)
		t.Cleanup(func() { require.Empty(t, b.Breaches()) })
		h := harness(b, b.Log(deliverytest.LogOptions{}), 1)
		h.Ordered, h.Exclusive, h.Group = true, true, false
		return h
	})
}

func TestQueue(t *testing.T) {
	deliverytest.Run(t, func(*testing.T) deliverytest.Harness {
		b := deliverytest.NewBroker(1)
		h := harness(b, b.Queue(deliverytest.QueueOptions{AckWait: 100 * time.Millisecond}), 1)
		h.Redelivery = 100 * time.Millisecond
		return h
	})
}
