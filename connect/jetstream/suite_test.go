package jetstream_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/connect/jetstream"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// source is that of a test: short waits, and the key is the last token of the subject.
func source(js natsjs.JetStream, stream string, opts ...jetstream.Option) delivery.Source[[]byte] {
	opts = append([]jetstream.Option{
		jetstream.AckWait(2 * time.Second),
		jetstream.KeyBy(func(m *nats.Msg) string { return m.Subject[strings.LastIndexByte(m.Subject, '.')+1:] }),
	}, opts...)
	return jetstream.Source(js, stream, "c", opts...)
}

// wait is the AckWait and the PinTTL of a test of the suite. Only where a process or the
// server ends without a farewell it is short: in the other tests nothing may depend on
// it, nor on how busy the machine is.
func wait(t *testing.T) time.Duration {
	t.Helper()
	if deliverytest.Address() != "" || strings.HasSuffix(t.Name(), "/Kill") || strings.HasSuffix(t.Name(), "/BrokerAway") {
		return 500 * time.Millisecond
	}
	return longWait
}

func harness(t *testing.T, opts ...jetstream.Option) deliverytest.Harness {
	if at := deliverytest.Address(); at != "" {
		url, stream, _ := strings.Cut(at, " ")
		return deliverytest.Harness{Source: source(streaming(t, connect(t, url)), stream, opts...)}
	}
	b := newBroker(t)
	js := streaming(t, connect(t, b.ClientURL()))
	stream := newStream(t, js)
	return deliverytest.Harness{
		Publish: func(t testing.TB, events []deliverytest.Event) {
			for _, e := range events {
				_, err := js.PublishMsgAsync(&nats.Msg{Subject: stream + "." + e.Key, Data: e.Value}, natsjs.WithMsgID(e.ID), natsjs.WithRetryAttempts(100), natsjs.WithStallWait(10*time.Second))
				require.NoError(t, err)
			}
			select {
			case <-js.PublishAsyncComplete():
			case <-time.After(30 * time.Second):
				require.FailNow(t, "events are not published")
			}
		},
		Source: source(js, stream, opts...),
		Away: func(t testing.TB, away bool) {
			if away {
				b.stop()
				return
			}
			b.start(t)
			require.Eventually(t, js.Conn().IsConnected, 10*time.Second, time.Millisecond)
		},
		Address: b.ClientURL() + " " + stream,
	}
}

func TestExclusive(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		h := harness(t, jetstream.PinTTL(wait(t)))
		h.Ordered, h.Exclusive, h.Redelivery = true, true, wait(t)
		return h
	})
}

func TestPrefix(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		h := harness(t, jetstream.Prefix(), jetstream.PinTTL(wait(t)))
		h.Ordered, h.Exclusive, h.Redelivery = true, true, wait(t)
		return h
	})
}

func TestUnpinned(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		h := harness(t, jetstream.Unpinned(), jetstream.PinTTL(300*time.Millisecond))
		h.Ordered, h.Exclusive = true, true
		return h
	})
}

func TestUnpinnedPrefix(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		h := harness(t, jetstream.Prefix(), jetstream.Unpinned(), jetstream.PinTTL(300*time.Millisecond))
		h.Ordered, h.Exclusive = true, true
		return h
	})
}

func TestShared(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		h := harness(t, jetstream.Shared(), jetstream.AckWait(wait(t)))
		h.Group, h.Redelivery = true, wait(t)
		return h
	})
}
