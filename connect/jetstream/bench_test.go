//go:build unix

package jetstream_test

import (
	"context"
	"fmt"
	"os"
	"sort"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/turbopipes/turbopipes/connect/jetstream"
	"github.com/turbopipes/turbopipes/delivery"
)

// contestant consumes n events of a stream.
type contestant struct {
	name string
	run  func(b *testing.B, js natsjs.JetStream, stream string, n int, work func())
}

// The client's own loop comes first: the others are compared with it.
var contestants = []contestant{
	{"client-messages", func(b *testing.B, js natsjs.JetStream, stream string, n int, work func()) {
		it, err := ownConsumer(b, js, stream).Messages()
		if err != nil {
			b.Fatal(err)
		}
		defer it.Stop()
		for range n {
			m, err := it.Next()
			if err != nil {
				b.Fatal(err)
			}
			work()
			if err := m.Ack(); err != nil {
				b.Fatal(err)
			}
		}
	}},
	{"client-consume", func(b *testing.B, js natsjs.JetStream, stream string, n int, work func()) {
		done := make(chan struct{})
		var got atomic.Int64
		c, err := ownConsumer(b, js, stream).Consume(func(m natsjs.Msg) {
			work()
			_ = m.Ack()
			if got.Add(1) == int64(n) {
				close(done)
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		<-done
		c.Stop()
	}},
	{"exclusive", process()},
	{"prefix", process(jetstream.Prefix())},
	{"exclusive-unpinned", process(jetstream.Unpinned())},
	{"prefix-unpinned", process(jetstream.Prefix(), jetstream.Unpinned())},
	{"shared", process(jetstream.Shared())},
}

func ownConsumer(b *testing.B, js natsjs.JetStream, stream string) natsjs.Consumer {
	b.Helper()
	c, err := js.CreateConsumer(b.Context(), stream, natsjs.ConsumerConfig{Durable: "own", MaxAckPending: 10_000})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func process(opts ...jetstream.Option) func(*testing.B, natsjs.JetStream, string, int, func()) {
	return func(b *testing.B, js natsjs.JetStream, stream string, n int, work func()) {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		s := delivery.Process(jetstream.Source(js, stream, "ours", opts...), 64, func(context.Context, delivery.Delivery[[]byte]) error {
			work()
			return nil
		})
		got := 0
		if err := s.Each(ctx, func(delivery.Receipt) error {
			if got++; got == n {
				return errEnough
			}
			return nil
		}); err != nil && got < n {
			b.Fatal(err)
		}
	}
}

var errEnough = fmt.Errorf("enough")

// BenchmarkThroughput consumes the same events with each contestant, one after another,
// again and again, and reports the median of the ratios to the first one. JETSTREAM_EVENTS
// is the number of events, and JETSTREAM_ROUNDS that of the repetitions.
func BenchmarkThroughput(b *testing.B) {
	compare(b, env("JETSTREAM_EVENTS", 20_000), func() {})
}

// BenchmarkHandler is BenchmarkThroughput with a function that takes a millisecond.
func BenchmarkHandler(b *testing.B) {
	compare(b, min(2000, env("JETSTREAM_EVENTS", 2000)), func() { time.Sleep(time.Millisecond) })
}

func compare(b *testing.B, n int, work func()) {
	br := newBroker(b)
	js := streaming(b, connect(b, br.ClientURL()))
	ratios, rates, costs := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	for range env("JETSTREAM_ROUNDS", 1) {
		first := 0.0
		for _, c := range contestants {
			if only := os.Getenv("JETSTREAM_ONLY"); only != "" && only != c.name {
				continue
			}
			stream := newStream(b, js, func(cfg *natsjs.StreamConfig) { cfg.Storage = natsjs.MemoryStorage })
			fill(b, js, stream, n)
			begin, used := time.Now(), cpu(b)
			c.run(b, js, stream, n, work)
			settled(b, js, stream, n)
			rate := float64(n) / time.Since(begin).Seconds()
			costs[c.name] = append(costs[c.name], float64((cpu(b)-used).Microseconds())/float64(n))
			if first == 0 {
				first = rate
			}
			rates[c.name] = append(rates[c.name], rate)
			ratios[c.name] = append(ratios[c.name], rate/first)
			if err := js.DeleteStream(b.Context(), stream); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, c := range contestants {
		if len(rates[c.name]) == 0 {
			continue
		}
		b.ReportMetric(median(rates[c.name]), c.name+"/s")
		b.ReportMetric(median(costs[c.name]), c.name+"-cpu-µs/event")
		b.ReportMetric(median(ratios[c.name]), c.name+"-ratio")
	}
	b.ReportMetric(0, "ns/op")
}

// cpu is the processor time of this process: the server's and the client's. Other
// processes disturb it less than the time on the clock.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// settled waits until the server has settled all n events: it takes acks from a queue.
func settled(b *testing.B, js natsjs.JetStream, stream string, n int) {
	b.Helper()
	s, err := js.Stream(b.Context(), stream)
	if err != nil {
		b.Fatal(err)
	}
	for {
		for info := range s.ListConsumers(b.Context()).Info() {
			if info.AckFloor.Stream == uint64(n) { //nolint:gosec // it is positive
				return
			}
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func median(vs []float64) float64 {
	sort.Float64s(vs)
	return vs[len(vs)/2]
}

// fill publishes n events with 128 bytes and 1000 keys.
func fill(b *testing.B, js natsjs.JetStream, stream string, n int) {
	b.Helper()
	body := make([]byte, 128)
	for i := range n {
		if _, err := js.PublishMsgAsync(&nats.Msg{Subject: fmt.Sprintf("%s.k%d", stream, i%1000), Data: body}, natsjs.WithStallWait(10*time.Second)); err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
}
