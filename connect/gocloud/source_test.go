package gocloud_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gocloud.dev/pubsub"
	"gocloud.dev/pubsub/driver"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/gocloud"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

func ok(context.Context, delivery.Delivery[[]byte]) error { return nil }

func numbered(n int) []*pubsub.Message {
	events := make([]deliverytest.Event, n)
	for i := range events {
		events[i] = deliverytest.Event{ID: "id" + strconv.Itoa(i+1), Key: "k" + strconv.Itoa(i), Value: []byte(strconv.Itoa(i + 1))}
	}
	return messagesOf(events...)
}

var requeue = delivery.Requeue(func(delivery.Info, error) time.Duration { return 0 })

func quiet[T any]() tp.Observer[T] { return tp.Observer[T]{Error: func(error) {}} }

// TestAcksBeforeTheEnd: handlers that ignore the end of their ctx and return nil have had
// their effects, and their messages are acked.
func TestAcksBeforeTheEnd(t *testing.T) {
	const n = 32
	q := newService()
	q.publish(numbered(n)...)
	var running sync.WaitGroup
	running.Add(n)
	s := delivery.Process(q.source(t), n, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
		running.Done()
		<-ctx.Done()
		return nil
	}).Subscribe(t.Context(), quiet[delivery.Receipt]())
	running.Wait()
	s.Dispose()
	q.await(t, "the acks", func() bool { return len(q.done) == n })
	require.Zero(t, q.nacks)
}

// TestInfo: what a delivery knows.
func TestInfo(t *testing.T) {
	q := newService()
	q.publish(
		&pubsub.Message{Body: []byte("a"), Metadata: map[string]string{"key": "k", "id": "i", "b": "2", "a": "1", "customer": "c", "event": "e"}},
		&pubsub.Message{Body: []byte("b")},
	)
	sub := q.subscription(t)
	infos := func(opts ...gocloud.Option) (got []delivery.Info, keys []string) {
		session, err := gocloud.Source(sub, "events", opts...).Open(t.Context(), delivery.SessionOptions{})
		require.NoError(t, err)
		require.NoError(t, session.Receive(t.Context(), func(d delivery.Delivery[[]byte]) bool {
			got, keys = append(got, d.Info()), append(keys, d.Key)
			return len(got) < 2
		}))
		require.NoError(t, session.Close(t.Context(), delivery.End{}))
		return got, keys
	}
	got, keys := infos()
	require.Equal(t, []string{"k", ""}, keys)
	require.Equal(t, "events", got[0].Source)
	require.Equal(t, "1", got[0].Position)
	require.Equal(t, []string{"i", "2"}, []string{got[0].ID, got[1].ID})
	require.Zero(t, got[0].Attempt)
	var headers []string
	for k, v := range got[0].Headers.All() {
		headers = append(headers, k+v)
	}
	require.Equal(t, []string{"a1", "b2", "customerc", "evente", "idi", "keyk"}, headers)

	got, keys = infos(gocloud.KeyField("customer"), gocloud.IDField("event"), gocloud.AttemptBy(func(m *pubsub.Message) int {
		var id driver.AckID
		require.True(t, m.As(&id))
		return id.(int) + 10
	}))
	require.ElementsMatch(t, []string{"c", ""}, keys)
	require.ElementsMatch(t, []string{"e", "2"}, []string{got[0].ID, got[1].ID})
	require.ElementsMatch(t, []int{11, 12}, []int{got[0].Attempt, got[1].Attempt})
	_, keys = infos(gocloud.KeyBy(func(m *pubsub.Message) string { return string(m.Body) }))
	require.ElementsMatch(t, []string{"a", "b"}, keys)
}

// TestNackPause: a message that fails comes again after the pause, or after the longer
// delay of a Requeue.
func TestNackPause(t *testing.T) {
	for name, c := range map[string]struct {
		pause, want time.Duration
		opts        []delivery.Option
	}{
		"pause": {pause: 100 * time.Millisecond, want: 100 * time.Millisecond, opts: []delivery.Option{requeue, delivery.Unordered()}},
		"requeue": {want: 150 * time.Millisecond, opts: []delivery.Option{
			delivery.Requeue(func(delivery.Info, error) time.Duration { return 150 * time.Millisecond }), delivery.Unordered(),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			q := newService()
			q.publish(numbered(1)...)
			var first time.Time
			var after time.Duration
			s := delivery.Process(q.source(t, gocloud.NackPause(c.pause)), 1, func(context.Context, delivery.Delivery[[]byte]) error {
				if first.IsZero() {
					first = time.Now()
					return errBoom
				}
				after = time.Since(first)
				return nil
			}, c.opts...).Subscribe(t.Context(), quiet[delivery.Receipt]())
			q.await(t, "an ack", func() bool { return len(q.done) == 1 })
			require.NoError(t, s.Stop(t.Context()))
			require.GreaterOrEqual(t, after, c.want)
			require.Equal(t, 1, q.nacks)
		})
	}
}

// TestStopInThePause: a message that waits for its pause is given back at the end.
func TestStopInThePause(t *testing.T) {
	q := newService()
	q.publish(numbered(1)...)
	failed := make(chan struct{})
	s := delivery.Process(q.source(t, gocloud.NackPause(time.Hour)), 1, func(context.Context, delivery.Delivery[[]byte]) error {
		close(failed)
		return errBoom
	}, requeue, delivery.Unordered()).Subscribe(t.Context(), quiet[delivery.Receipt]())
	<-failed
	require.NoError(t, s.Stop(t.Context()))
	q.await(t, "a nack", func() bool { return q.nacks == 1 && len(q.done) == 0 })
}

// TestNoNack: where the service knows no nack, a message that fails comes again when its
// time is over.
func TestNoNack(t *testing.T) {
	q := newService()
	q.noNack, q.deadline = true, 200*time.Millisecond
	q.publish(numbered(1)...)
	var times atomic.Int64
	s := delivery.Process(q.source(t), 1, func(context.Context, delivery.Delivery[[]byte]) error {
		if times.Add(1) == 1 {
			return errBoom
		}
		return nil
	}, requeue, delivery.Unordered()).Subscribe(t.Context(), quiet[delivery.Receipt]())
	q.await(t, "an ack", func() bool { return len(q.done) == 1 })
	require.NoError(t, s.Stop(t.Context()))
	require.EqualValues(t, 2, times.Load())
	require.Zero(t, q.nacks)
}

// TestAckDeadline: the context of a delivery ends when the service delivers it again.
func TestAckDeadline(t *testing.T) {
	q := newService()
	q.publish(numbered(1)...)
	var receipts []delivery.Receipt
	var mu sync.Mutex
	s := delivery.Process(q.source(t, gocloud.AckDeadline(50*time.Millisecond)), 1, func(ctx context.Context, _ delivery.Delivery[[]byte]) error {
		<-ctx.Done()
		return context.Cause(ctx)
	}).Subscribe(t.Context(), tp.Observer[delivery.Receipt]{
		Next: func(r delivery.Receipt) {
			mu.Lock()
			defer mu.Unlock()
			receipts = append(receipts, r)
			q.change(func() {})
		},
	})
	q.await(t, "a receipt", func() bool { mu.Lock(); defer mu.Unlock(); return len(receipts) > 0 })
	s.Dispose()
	require.Equal(t, delivery.Revoked, receipts[0].Outcome)
	require.ErrorIs(t, receipts[0].Err, delivery.ErrRevoked)
	require.Empty(t, q.done)
}

// TestHeartbeat: the service is asked for more time while a message is open.
func TestHeartbeat(t *testing.T) {
	q := newService()
	q.deadline = 200 * time.Millisecond
	q.publish(numbered(1)...)
	extend := func(_ context.Context, ms []*pubsub.Message) error {
		q.change(func() {
			for _, m := range ms {
				var id driver.AckID
				if m.As(&id) && q.held[id] != nil {
					q.held[id].expires = time.Now().Add(q.deadline)
					q.more++
				}
			}
		})
		return nil
	}
	var times atomic.Int64
	s := delivery.Process(q.source(t, gocloud.Heartbeat(50*time.Millisecond, extend)), 2, func(context.Context, delivery.Delivery[[]byte]) error {
		times.Add(1)
		q.await(t, "heartbeats", func() bool { return q.more > 8 })
		return nil
	}).Subscribe(t.Context(), quiet[delivery.Receipt]())
	q.await(t, "an ack", func() bool { return len(q.done) == 1 })
	require.NoError(t, s.Stop(t.Context()))
	require.EqualValues(t, 1, times.Load())
}

// TestFails: what has failed for good ends the stream with that error: a subscription that has
// gone, and an ack that was refused.
func TestFails(t *testing.T) {
	q := newService()
	q.publish(numbered(1)...)
	s := delivery.Process(q.source(t), 1, ok).Subscribe(t.Context(), quiet[delivery.Receipt]())
	q.await(t, "an ack", func() bool { return len(q.done) == 1 })
	q.change(func() { q.gone = errBoom })
	require.ErrorContains(t, s.Wait(), "gocloud: receive from events")

	q = newService()
	q.refuse, q.fatal = true, true
	q.publish(numbered(1)...)
	s = delivery.Process(q.source(t), 1, ok).Subscribe(t.Context(), quiet[delivery.Receipt]())
	q.await(t, "the message", func() bool { return len(q.held) == 1 })
	for range 10 { // an ack that fails is reported by a Receive, which a message wakes
		time.Sleep(20 * time.Millisecond)
		q.publish(numbered(1)...)
	}
	require.ErrorContains(t, s.Wait(), errRefused.Error())
}

// TestMessages: whole messages as values.
func TestMessages(t *testing.T) {
	q := newService()
	q.publish(numbered(1)...)
	var got *pubsub.Message
	s := delivery.Process(gocloud.Messages(q.subscription(t), "events"), 1, func(_ context.Context, d delivery.Delivery[*pubsub.Message]) error {
		got = d.Value
		return nil
	}).Subscribe(t.Context(), quiet[delivery.Receipt]())
	q.await(t, "an ack", func() bool { return len(q.done) == 1 })
	require.NoError(t, s.Stop(t.Context()))
	require.Equal(t, "1", string(got.Body))
	require.Equal(t, "k0", got.Metadata["key"])
}

// TestInvalid: arguments that do not fit are errors of Open.
func TestInvalid(t *testing.T) {
	q := newService()
	for want, src := range map[string]delivery.Source[[]byte]{
		"subscription is nil":                   gocloud.Source(nil, "events"),
		"name is empty":                         gocloud.Source(q.subscription(t), ""),
		"option 1 is nil":                       q.source(t, nil),
		"KeyField: the name is empty":           q.source(t, gocloud.KeyField("")),
		"KeyBy: fn is nil":                      q.source(t, gocloud.KeyBy(nil)),
		"IDField: the name is empty":            q.source(t, gocloud.IDField("")),
		"AttemptBy: fn is nil":                  q.source(t, gocloud.AttemptBy(nil)),
		"NackPause: d is -1ns, want at least 0": q.source(t, gocloud.NackPause(-1)),
		"AckDeadline: d is -1ns, want at least": q.source(t, gocloud.AckDeadline(-1)),
		"Heartbeat: fn is nil":                  q.source(t, gocloud.Heartbeat(1, nil)),
		"Heartbeat: d is 0s, want more than 0":  q.source(t, gocloud.Heartbeat(0, func(context.Context, []*pubsub.Message) error { return nil })),
	} {
		_, err := src.Open(t.Context(), delivery.SessionOptions{})
		require.ErrorIs(t, err, tp.ErrInvalidArgument, want)
		require.ErrorContains(t, err, want)
	}
}
