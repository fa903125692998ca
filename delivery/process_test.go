package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
	"github.com/turbopipes/turbopipes/operators"
)

type event = delivery.Delivery[[]byte]

// published returns a broker of one partition with events whose keys and values are
// the words: "a1" has the key "a". "-1" has no key.
func published(words ...string) *deliverytest.Broker {
	b := deliverytest.NewBroker(1)
	for _, w := range words {
		key := w[:1]
		if key == "-" {
			key = ""
		}
		b.Publish(deliverytest.Event{Key: key, Value: []byte(w), ID: w})
	}
	b.End()
	return b
}

func logOf(b *deliverytest.Broker) delivery.Source[[]byte] { return b.Log(deliverytest.LogOptions{}) }

// trace notes what happens, with the time.
type trace struct {
	mu    sync.Mutex
	born  time.Time
	lines []string
}

func newTrace() *trace { return &trace{born: time.Now()} }

func (t *trace) add(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, fmt.Sprintf("%d ", time.Since(t.born)/time.Second)+fmt.Sprintf(format, args...))
}

func (t *trace) sorted() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(slices.Values(t.lines))
}

// bubble runs f on virtual time.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func TestProcess(t *testing.T) {
	bubble(t, "acks, keeps the order per key, and no order without a key", func(t *testing.T) {
		b := published("a1", "a2", "b1", "-1", "-2")
		tr := newTrace()
		receipts, err := delivery.Process(logOf(b), 8, func(ctx context.Context, d event) error {
			tr.add("begin %s", d.Value)
			return sleep(ctx, time.Second)
		}).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"0 begin -1", "0 begin -2", "0 begin a1", "0 begin b1", "1 begin a2"}, tr.sorted())
		require.Len(t, receipts, 5)
		last := receipts[4]
		require.Equal(t, "log/0@1", last.Info.String())
		require.Equal(t, "a", last.Key)
		require.Equal(t, delivery.Done, last.Outcome)
		require.Equal(t, 1, last.Tries)
		require.Equal(t, time.Second, last.Took)
		require.NoError(t, last.Err)
		require.Equal(t, 5, b.Committed())
	})
	bubble(t, "OrderBy and Unordered", func(t *testing.T) {
		for want, opt := range map[string]delivery.Option{
			"[0 b 1 a 2 c]": delivery.OrderBy(func(event) string { return "one" }),
			"[0 a 0 b 0 c]": delivery.Unordered(),
		} {
			b := published("b", "a", "c")
			tr := newTrace()
			require.NoError(t, delivery.Process(logOf(b), 8, func(ctx context.Context, d event) error {
				tr.add("%s", d.Value)
				return sleep(ctx, time.Second)
			}, opt).Drain(t.Context()))
			require.Equal(t, want, fmt.Sprint(tr.sorted()))
		}
	})
	bubble(t, "retries in place: the key waits", func(t *testing.T) {
		b := published("a1", "a2", "b1")
		tr := newTrace()
		receipts, err := delivery.Process(logOf(b), 8, func(_ context.Context, d event) error {
			tr.add("%s", d.Value)
			if string(d.Value) == "a1" && len(tr.sorted()) < 4 {
				return errBoom
			}
			return nil
		}, delivery.Retry(5, operators.Constant(time.Second))).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"0 a1", "0 b1", "1 a1", "2 a1", "2 a2"}, tr.sorted())
		i := slices.IndexFunc(receipts, func(r delivery.Receipt) bool { return r.Info.Position == "0" })
		require.Equal(t, 3, receipts[i].Tries)
		require.Equal(t, 2*time.Second, receipts[i].Took)
	})
	bubble(t, "stops at a failure: what runs finishes, and the failed one comes first", func(t *testing.T) {
		b := published("a1", "b1", "a2", "c1", "c2")
		fail := true
		tr := newTrace()
		fn := func(ctx context.Context, d event) error {
			if string(d.Value) == "a1" && fail {
				return errors.Join(sleep(ctx, time.Second/2), errBoom)
			}
			if err := sleep(ctx, time.Second); err != nil {
				return err
			}
			tr.add("%s", d.Value)
			return nil
		}
		err := delivery.Process(logOf(b), 3, fn).Drain(t.Context())
		require.ErrorIs(t, err, errBoom)
		require.ErrorContains(t, err, "delivery: log/0@0 after 1 tries: it fails")
		require.Equal(t, []string{"1 b1", "1 c1"}, tr.sorted())
		require.Zero(t, b.Committed())
		fail = false
		require.NoError(t, delivery.Process(logOf(b), 1, fn).Drain(t.Context()))
		require.Equal(t, []string{"1 b1", "1 c1", "2 a1", "3 b1", "4 c1", "5 a2", "6 c2"}, tr.sorted())
		require.Equal(t, 5, b.Committed())
	})
	bubble(t, "a failure ends the endless retries of others", func(t *testing.T) {
		b := published("a1", "b1")
		err := delivery.Process(logOf(b), 3, func(ctx context.Context, d event) error {
			if string(d.Value) == "a1" {
				return errBoom
			}
			return errors.Join(sleep(ctx, 10*time.Second), delivery.Permanent(errBroker))
		}, delivery.Retry(tp.Infinite, operators.Constant(time.Hour))).Drain(t.Context())
		require.ErrorIs(t, err, errBroker)
		require.ErrorIs(t, err, errBoom)
	})
	bubble(t, "panics", func(t *testing.T) {
		b := published("a1", "a2")
		var panics atomic.Int64
		require.NoError(t, delivery.Process(logOf(b), 3, func(context.Context, event) error {
			if panics.Add(1) == 1 {
				panic(errBoom)
			}
			return nil
		}, delivery.Retry(1, operators.Constant(0))).Drain(t.Context()))
		require.Equal(t, 2, b.Committed())

		b = published("a1", "a2")
		err := delivery.Process(logOf(b), 3, func(context.Context, event) error { panic(errBoom) }).Drain(t.Context())
		p := (*tp.PanicError)(nil)
		require.ErrorAs(t, err, &p)
		require.Zero(t, b.Committed())
	})
	bubble(t, "Goexit", func(t *testing.T) {
		b := published("a1", "b1")
		err := delivery.Process(logOf(b), 3, func(ctx context.Context, d event) error {
			if string(d.Value) == "a1" {
				runtime.Goexit()
			}
			return errBoom
		}, delivery.Retry(tp.Infinite, operators.Constant(time.Second))).Drain(t.Context())
		require.ErrorIs(t, err, tp.ErrGoexit)
		require.Zero(t, b.Committed())
	})
	bubble(t, "Timeout is of each try", func(t *testing.T) {
		b := published("a1")
		tr := newTrace()
		_, err := delivery.Process(logOf(b), 3, func(ctx context.Context, d event) error {
			tr.add("%s", d.Value)
			return sleep(ctx, time.Hour)
		}, delivery.Retry(2, operators.Constant(time.Second)), delivery.Timeout(time.Second)).Collect(t.Context())
		require.ErrorIs(t, err, tp.ErrTimeout)
		require.Equal(t, []string{"0 a1", "2 a1", "4 a1"}, tr.sorted())
	})
	bubble(t, "a result after the time limit counts", func(t *testing.T) {
		b := published("a1")
		require.NoError(t, delivery.Process(logOf(b), 3, func(context.Context, event) error {
			time.Sleep(time.Minute)
			return nil
		}, delivery.Timeout(time.Second)).Drain(t.Context()))
		require.Equal(t, 1, b.Committed())
	})
	bubble(t, "RetryIf and Permanent", func(t *testing.T) {
		for _, opts := range [][]delivery.Option{
			{delivery.Retry(9, operators.Constant(0)), delivery.RetryIf(func(error) bool { return false })},
			{delivery.Retry(9, operators.Constant(0))},
		} {
			calls := 0
			err := delivery.Process(logOf(published("a1")), 1, func(context.Context, event) error {
				calls++
				if len(opts) == 1 {
					return fmt.Errorf("wrapped: %w", delivery.Permanent(errBoom))
				}
				return errBoom
			}, opts...).Drain(t.Context())
			require.ErrorIs(t, err, errBoom)
			require.Equal(t, 1, calls)
		}
	})
}

func TestProcessDeadLetters(t *testing.T) {
	bubble(t, "Skip", func(t *testing.T) {
		b := published("a1", "a2")
		var told []delivery.Receipt
		receipts, err := delivery.Process(logOf(b), 3, func(context.Context, event) error { return errBoom },
			delivery.Skip(func(r delivery.Receipt) { told = append(told, r) })).Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, told, 2)
		require.Equal(t, delivery.Skipped, receipts[0].Outcome)
		require.ErrorIs(t, receipts[0].Err, errBoom)
		require.Equal(t, 2, b.Committed())
	})
	bubble(t, "DeadLetter", func(t *testing.T) {
		b := published("a1", "b1")
		receipts, err := delivery.Process(logOf(b), 3, func(_ context.Context, d event) error {
			if string(d.Value) == "a1" {
				return errBoom
			}
			return nil
		}, delivery.DeadLetter(func(_ context.Context, d delivery.Dead[[]byte]) error {
			require.Equal(t, "a1", string(d.Delivery.Value))
			return nil
		})).Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, receipts, 2)
		require.Equal(t, 2, b.Committed())
	})
	bubble(t, "a sink that fails ends the stream, and nothing is acked", func(t *testing.T) {
		b := published("a1", "a2")
		tr := newTrace()
		err := delivery.Process(logOf(b), 3, func(context.Context, event) error { return errBoom },
			delivery.DeadLetter(func(context.Context, delivery.Dead[[]byte]) error {
				tr.add("sink")
				return errBroker
			}), delivery.Retry(1, operators.Constant(time.Second))).Drain(t.Context())
		require.ErrorIs(t, err, errBroker)
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, []string{"1 sink", "2 sink"}, tr.sorted())
		require.Zero(t, b.Committed())
	})
	bubble(t, "Requeue", func(t *testing.T) {
		b := published("a1")
		tr := newTrace()
		receipts, err := delivery.Process(b.Queue(deliverytest.QueueOptions{}), 3, func(_ context.Context, d event) error {
			tr.add("attempt %d", d.Info().Attempt)
			if d.Info().Attempt < 3 {
				return errBoom
			}
			return nil
		}, delivery.Unordered(), delivery.Requeue(func(i delivery.Info, err error) time.Duration {
			require.ErrorIs(t, err, errBoom)
			return time.Duration(i.Attempt) * time.Minute
		})).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"0 attempt 1", "180 attempt 3", "60 attempt 2"}, tr.sorted())
		require.Equal(t, delivery.Requeued, receipts[0].Outcome)
		require.Equal(t, delivery.Done, receipts[2].Outcome)
	})
}

func TestProcessEnds(t *testing.T) {
	bubble(t, "Stop ends the waits of retries", func(t *testing.T) {
		b := published("a1", "a2", "b1")
		tr := newTrace()
		s := delivery.Process(logOf(b), 3, func(_ context.Context, d event) error {
			tr.add("%s", d.Value)
			if string(d.Value) == "a1" {
				return errBoom
			}
			return nil
		}, delivery.Retry(tp.Infinite, operators.Constant(time.Hour))).Subscribe(t.Context(), tp.Observer[delivery.Receipt]{})
		time.Sleep(90 * time.Minute)
		require.ErrorIs(t, s.Stop(t.Context()), errBoom)
		require.Equal(t, []string{"0 a1", "0 b1", "3600 a1"}, tr.sorted(), "a2 must not overtake a1")
		require.Zero(t, b.Committed())
	})
	bubble(t, "Dispose cancels, and what returns nil is acked", func(t *testing.T) {
		b := published("a1", "b1", "c1")
		var began sync.WaitGroup
		began.Add(3)
		s := delivery.Process(logOf(b), 3, func(ctx context.Context, d event) error {
			began.Done()
			<-ctx.Done()
			if string(d.Value) == "c1" {
				return ctx.Err()
			}
			return nil
		}).Subscribe(t.Context(), tp.Observer[delivery.Receipt]{})
		began.Wait()
		s.Dispose()
		require.Equal(t, 2, b.Committed())
	})
	bubble(t, "a tenure that ends", func(t *testing.T) {
		b := published("a1", "a2", "b1")
		var cause error
		s := delivery.Process(b.Log(deliverytest.LogOptions{RevokeWait: time.Second}), 3, func(ctx context.Context, d event) error {
			if string(d.Value) == "a1" {
				<-ctx.Done()
				cause = context.Cause(ctx)
				return ctx.Err()
			}
			return nil
		})
		var receipts []delivery.Receipt
		sub := s.Subscribe(t.Context(), tp.Observer[delivery.Receipt]{Next: func(r delivery.Receipt) { receipts = append(receipts, r) }})
		synctest.Wait()
		b.Crash()
		go func() { time.Sleep(time.Second); sub.Cancel() }()
		_ = sub.Wait()
		require.NotErrorIs(t, cause, delivery.ErrRevoked, "a crash does not tell")
		require.Zero(t, b.Committed())
	})
}
