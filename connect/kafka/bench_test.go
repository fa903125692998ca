package kafka_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/kafka"
	"github.com/turbopipes/turbopipes/delivery"
)

// number is that of an environment variable.
func number(name string, or int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return or
}

// fetches are those of all loops of a comparison.
var fetches = []kgo.Opt{kgo.FetchMaxBytes(1 << 20), kgo.FetchMaxPartitionBytes(1 << 18)}

// loop is a way to consume n events, each of which takes the time cost.
type loop struct {
	name string
	n    int
	run  func(b *testing.B, br *broker, group string, n int, cost time.Duration)
}

// BenchmarkThroughput compares, in one process with the broker, the loops that one
// writes with the client to [delivery.Process]. Each repetition runs all of them. It
// reports events per second, and the median of the ratios to the loop that commits
// each record.
//
//	go test -run - -bench Throughput -benchtime 3x
func BenchmarkThroughput(b *testing.B) {
	n := number("KAFKA_BENCH_EVENTS", 200_000)
	compare(b, n, 0, []loop{
		{"commit-each", min(n, 3000), commitEach},
		{"mark-and-commit-per-poll", n, markAndCommit},
		{"process-keyed", n, process()},
		{"process-keyed-8192", n, process(delivery.MaxUncommitted(8192))},
		{"process-unordered", n, process(delivery.Unordered())},
	})
}

// BenchmarkWork is BenchmarkThroughput with events that take a millisecond.
func BenchmarkWork(b *testing.B) {
	compare(b, 40_000, time.Millisecond, []loop{
		{"mark-and-commit-per-poll", 500, markAndCommit},
		{"process-keyed", 20_000, process()},
		{"process-unordered", 20_000, process(delivery.Unordered())},
	})
}

func compare(b *testing.B, n int, cost time.Duration, loops []loop) {
	br := newBroker(b, 4)
	records := make([]*kgo.Record, n)
	for i := range records {
		records[i] = &kgo.Record{Key: []byte(strconv.Itoa(i % 1000)), Value: make([]byte, 128)}
	}
	br.publish(b, records...)
	rates := make([][]float64, len(loops))
	for b.Loop() {
		for i, l := range loops {
			began := time.Now()
			l.run(b, br, fmt.Sprint(l.name, began.UnixNano()), l.n, cost)
			rates[i] = append(rates[i], float64(l.n)/time.Since(began).Seconds())
		}
	}
	for i, l := range loops {
		ratios := make([]float64, len(rates[i]))
		for j := range ratios {
			ratios[j] = rates[i][j] / rates[0][j]
		}
		b.ReportMetric(median(rates[i]), l.name+"/s")
		b.ReportMetric(median(ratios), l.name+"-ratio")
	}
	b.ReportMetric(0, "ns/op")
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return xs[len(xs)/2]
}

// consume is a loop with the client: handle for each record, and after for each poll.
func consume(b *testing.B, br *broker, group string, n int, opts []kgo.Opt, handle func(*kgo.Client, *kgo.Record), after func(*kgo.Client)) {
	b.Helper()
	opts = append(append(opts, fetches...), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	cl := client(b, br.addresses, opts...)
	defer cl.CloseAllowingRebalance()
	for k := 0; k < n; {
		polled := cl.PollRecords(b.Context(), 1000)
		polled.EachRecord(func(r *kgo.Record) {
			if k++; k <= n {
				handle(cl, r)
			}
		})
		after(cl)
	}
}

func commitEach(b *testing.B, br *broker, group string, n int, cost time.Duration) {
	b.Helper()
	consume(b, br, group, n, []kgo.Opt{kgo.DisableAutoCommit()}, func(cl *kgo.Client, r *kgo.Record) {
		nap(cost)
		if err := cl.CommitRecords(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}, func(*kgo.Client) {})
}

func markAndCommit(b *testing.B, br *broker, group string, n int, cost time.Duration) {
	b.Helper()
	consume(b, br, group, n, []kgo.Opt{kgo.AutoCommitMarks(), kgo.BlockRebalanceOnPoll()}, func(cl *kgo.Client, r *kgo.Record) {
		nap(cost)
		cl.MarkCommitRecords(r)
	}, func(cl *kgo.Client) {
		if err := cl.CommitMarkedOffsets(b.Context()); err != nil {
			b.Fatal(err)
		}
		cl.AllowRebalance()
	})
}

func nap(cost time.Duration) {
	if cost > 0 {
		time.Sleep(cost)
	}
}

// process is a loop with delivery.Process and 64 tasks, up to the last commit.
func process(opts ...delivery.Option) func(b *testing.B, br *broker, group string, n int, cost time.Duration) {
	return func(b *testing.B, br *broker, group string, n int, cost time.Duration) {
		b.Helper()
		src := kafka.Source(append(kafka.Cluster{kgo.SeedBrokers(br.addresses...)}, fetches...), topic, group)
		got, all := 0, make(chan struct{})
		s := delivery.Process(src, 64, func(context.Context, delivery.Delivery[[]byte]) error { nap(cost); return nil }, opts...).
			Subscribe(b.Context(), turbopipes.Observer[delivery.Receipt]{Next: func(delivery.Receipt) {
				if got++; got == n {
					close(all)
				}
			}})
		select {
		case <-all:
		case <-s.Done():
		}
		require.NoError(b, s.Stop(context.Background()))
	}
}
