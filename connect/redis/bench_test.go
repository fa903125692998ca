package redis_test

import (
	"context"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/turbopipes/turbopipes/connect/redis"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

const benchEvents = 20_000

// clientLoop is a loop over the client that acks each entry, or all of a read at once.
func clientLoop(b *testing.B, c *goredis.Client, stream string, each bool) {
	b.Helper()
	ctx := context.Background()
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	check(c.XGroupCreateMkStream(ctx, stream, group, "0").Err())
	for done := 0; done < benchEvents; {
		got, err := c.XReadGroup(ctx, &goredis.XReadGroupArgs{Group: group, Consumer: "c", Streams: []string{stream, ">"}, Count: 128, Block: time.Second}).Result()
		check(err)
		ids := make([]string, len(got[0].Messages))
		for i, m := range got[0].Messages {
			if ids[i] = m.ID; each {
				check(c.XAck(ctx, stream, group, m.ID).Err())
			}
		}
		if !each {
			check(c.XAck(ctx, stream, group, ids...).Err())
		}
		done += len(ids)
	}
}

// BenchmarkConsume consumes 20,000 events that cost nothing, in one process with the
// client's own loops.
func BenchmarkConsume(b *testing.B) {
	process := func(opts ...delivery.Option) func(*testing.B, *goredis.Client, string) {
		return func(b *testing.B, c *goredis.Client, stream string) {
			in := delivery.Process(redis.Source(c, stream, group, redis.Block(time.Millisecond)), 64, func(context.Context, event) error { return nil }, opts...)
			if err := operators.Take[delivery.Receipt](benchEvents)(in).Drain(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, v := range []struct {
		name string
		run  func(*testing.B, *goredis.Client, string)
	}{
		{"client-ack-each", func(b *testing.B, c *goredis.Client, s string) { clientLoop(b, c, s, true) }},
		{"client-ack-read", func(b *testing.B, c *goredis.Client, s string) { clientLoop(b, c, s, false) }},
		{"keyed", process(delivery.MaxUncommitted(1024))},
		{"unordered", process(delivery.MaxUncommitted(1024), delivery.Unordered())},
	} {
		b.Run(v.name, func(b *testing.B) {
			c := connect(b, server(b))
			for range b.N {
				b.StopTimer()
				stream := newStream(b, c)
				add(b, c, stream, numbers(0, benchEvents, 1000)...)
				b.StartTimer()
				v.run(b, c, stream)
			}
			b.ReportMetric(float64(benchEvents*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
