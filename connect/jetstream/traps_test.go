package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/connect/jetstream"
	"github.com/turbopipes/turbopipes/delivery"
)

// The modes, for tests that hold in each.
var modes = []struct {
	name    string
	ordered bool
	opts    []jetstream.Option
}{
	{"exclusive", true, nil},
	{"prefix", true, []jetstream.Option{jetstream.Prefix()}},
	{"shared", false, []jetstream.Option{jetstream.Shared()}},
}

// inEachMode runs test in each mode, with a server that has a stream of n events.
func inEachMode(t *testing.T, n, keys int, test func(t *testing.T, js natsjs.JetStream, stream string, ordered bool, opts []jetstream.Option)) {
	t.Helper()
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			js := streaming(t, connect(t, newBroker(t).ClientURL()))
			stream := newStream(t, js)
			publish(t, js, stream, 0, n, keys)
			test(t, js, stream, m.ordered, m.opts)
		})
	}
}

// nats.go #1328 and #1673: the end of a subscription drops what the client has in its
// buffer, and those events wait for AckWait.
func TestDisposeWithAFullBuffer(t *testing.T) {
	inEachMode(t, 200, 10, func(t *testing.T, js natsjs.JetStream, stream string, ordered bool, opts []jetstream.Option) {
		src := source(js, stream, append(opts, jetstream.AckWait(longWait), jetstream.Prefetch(20))...)
		var began atomic.Int64
		held := newSignal()
		s := start(t, src, 4, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
			if began.Add(1) == 4 {
				held.give()
			}
			<-ctx.Done()
			return ctx.Err()
		}, delivery.Ahead(4))
		held.wait(t)
		require.Eventually(t, func() bool { return consumerInfo(t, js, stream, "c").NumAckPending >= 20 }, patience, time.Millisecond)
		s.Dispose()
		r := newRecord()
		s = start(t, src, 8, r.handle)
		r.wait(t, 200)
		stop(t, s)
		require.Zero(t, r.repeated())
		if ordered {
			r.inOrder(t)
		}
	})
}

// nats-server #4786: an event that takes longer than AckWait is delivered again, and its
// ack settles that delivery. Heartbeats prevent it, also for events that wait in the
// window and in the buffer of the client.
func TestEventsThatTakeLongerThanAckWait(t *testing.T) {
	const ackWait = 2 * time.Second
	inEachMode(t, 40, 40, func(t *testing.T, js natsjs.JetStream, stream string, _ bool, opts []jetstream.Option) {
		t.Parallel()
		r := newRecord()
		release := newSignal()
		s := start(t, source(js, stream, append(opts, jetstream.AckWait(ackWait))...), 2, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
			<-release.c
			return r.handle(ctx, d)
		}, delivery.Ahead(2))
		require.Eventually(t, func() bool { return consumerInfo(t, js, stream, "c").NumAckPending >= 16 }, patience, time.Millisecond)
		time.Sleep(ackWait + ackWait/2) // the server has had the time to deliver again
		release.give()
		r.wait(t, 40)
		stop(t, s)
		require.Zero(t, r.repeated())
		require.Zero(t, consumerInfo(t, js, stream, "c").NumRedelivered)
		for n, attempt := range r.attempts {
			require.Equal(t, 1, attempt, "event %d", n)
		}
	})
}

// vector #14761: acks that are under way at the end are not handled.
func TestStopRightAfterTheLast(t *testing.T) {
	inEachMode(t, 50, 5, func(t *testing.T, js natsjs.JetStream, stream string, _ bool, opts []jetstream.Option) {
		r := newRecord()
		s := start(t, source(js, stream, append(opts, jetstream.CommitEvery(time.Hour))...), 8, r.handle)
		r.wait(t, 50)
		stop(t, s)
		require.Eventually(t, func() bool { // the server takes acks from a queue
			info := consumerInfo(t, js, stream, "c")
			return info.AckFloor.Stream == 50 && info.NumAckPending == 0
		}, patience, time.Millisecond)
		require.Zero(t, r.repeated())
	})
}

// watermill #568: a ctx that is cancelled at the end keeps acks from being sent.
func TestDisposeAcksWhatIsDone(t *testing.T) {
	inEachMode(t, 4, 4, func(t *testing.T, js natsjs.JetStream, stream string, _ bool, opts []jetstream.Option) {
		r := newRecord()
		var began atomic.Int64
		all := newSignal()
		s := start(t, source(js, stream, opts...), 4, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
			if began.Add(1) == 4 {
				all.give()
			}
			<-ctx.Done()
			return r.handle(ctx, d)
		})
		all.wait(t)
		s.Dispose()
		require.Eventually(t, func() bool { return consumerInfo(t, js, stream, "c").AckFloor.Stream == 4 }, patience, time.Millisecond)
	})
}

// The server's bound for open acks does not bound the events that a crash repeats, so
// the session has one: MaxUncommitted, and the buffer of the client beyond it.
func TestNoMoreThanMaxUncommitted(t *testing.T) {
	const most, prefetch = 30, 20
	inEachMode(t, 200, 200, func(t *testing.T, js natsjs.JetStream, stream string, ordered bool, opts []jetstream.Option) {
		r := newRecord()
		release := newSignal()
		var began atomic.Int64
		s := start(t, source(js, stream, append(opts, jetstream.Prefetch(prefetch))...), 100, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
			began.Add(1)
			if string(d.Value) == "0" {
				<-release.c
			}
			return r.handle(ctx, d)
		}, delivery.MaxUncommitted(most))
		if !ordered { // each event is settled by itself
			r.wait(t, 199)
		} else {
			require.Eventually(t, func() bool { return began.Load() == most }, patience, time.Millisecond)
			time.Sleep(50 * time.Millisecond)
			require.EqualValues(t, most, began.Load())
			require.LessOrEqual(t, consumerInfo(t, js, stream, "c").NumAckPending, most+prefetch)
		}
		release.give()
		r.wait(t, 200)
		stop(t, s)
		require.Zero(t, r.repeated())
	})
}

// A broker that is away is no end. Tasks go on, and what is done meanwhile is committed
// later. JETSTREAM_AWAY is for how many seconds it is away.
func TestServerAway(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			b := newBroker(t)
			js := streaming(t, connect(t, b.ClientURL()))
			stream := newStream(t, js)
			publish(t, js, stream, 0, 2000, 50)
			r := newRecord()
			opts := m.opts
			if m.ordered {
				opts = append(opts, jetstream.PinTTL(500*time.Millisecond))
			}
			s := start(t, source(js, stream, opts...), 16, r.slowly, delivery.MaxUncommitted(256))
			r.wait(t, 500)
			b.stop()
			time.Sleep(time.Duration(env("JETSTREAM_AWAY", 1)) * time.Second)
			b.start(t)
			r.wait(t, 2000)
			stop(t, s)
			require.LessOrEqual(t, r.repeated(), 256)
			if m.ordered {
				r.inOrder(t)
			}
			t.Logf("%d events repeated", r.repeated())
		})
	}
}

// A consumer that is deleted can't be mended.
func TestConsumerDeleted(t *testing.T) {
	inEachMode(t, 10, 2, func(t *testing.T, js natsjs.JetStream, stream string, _ bool, opts []jetstream.Option) {
		r := newRecord()
		s := start(t, source(js, stream, opts...), 2, r.handle, delivery.CloseTimeout(time.Second))
		r.wait(t, 10)
		require.NoError(t, js.DeleteConsumer(t.Context(), stream, "c"))
		require.ErrorIs(t, s.Wait(), natsjs.ErrConsumerNotFound)
	})
}

var errBoom = errors.New("it fails")

// An event that can't be processed ends in another stream, and the events after it go
// on.
func TestDeadLettersInAnotherStream(t *testing.T) {
	inEachMode(t, 100, 10, func(t *testing.T, js natsjs.JetStream, stream string, _ bool, opts []jetstream.Option) {
		dead := newStream(t, js)
		r := newRecord()
		s := start(t, source(js, stream, opts...), 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
			if n, _ := strconv.Atoi(string(d.Value)); n%10 == 3 {
				return delivery.Permanent(errBoom)
			}
			return r.handle(ctx, d)
		}, delivery.DeadLetter(jetstream.NewSink(js).DeadLetter(dead+".orders")))
		r.wait(t, 90)
		stop(t, s)
		c, err := js.CreateConsumer(t.Context(), dead, natsjs.ConsumerConfig{})
		require.NoError(t, err)
		got, err := c.Fetch(10, natsjs.FetchMaxWait(patience))
		require.NoError(t, err)
		sum := 0
		for m := range got.Messages() {
			n, err := strconv.Atoi(string(m.Data()))
			require.NoError(t, err)
			sum += n
			require.Equal(t, errBoom.Error(), m.Headers().Get("Delivery-Error"))
			require.Equal(t, "1", m.Headers().Get("Delivery-Tries"))
			require.Equal(t, fmt.Sprintf("%s/0@%d", stream, n+1), m.Headers().Get("Delivery-Event"))
		}
		require.Equal(t, 3+13+23+33+43+53+63+73+83+93, sum)
	})
}
