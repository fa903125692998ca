package delivery_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// queue notes what a ledger tells its broker.
type queue struct {
	*trace
	mu  sync.Mutex
	err error
}

func (q *queue) failure() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err
}

func (q *queue) set(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.err = err
}

func (q *queue) options() delivery.LedgerOptions[string] {
	return delivery.LedgerOptions[string]{
		Ack: func(_ context.Context, ms []string) error { q.add("ack %v", ms); return q.failure() },
		Nack: func(_ context.Context, m string, after time.Duration, err error) error {
			q.add("nack %s after %v: %v", m, after, err)
			return q.failure()
		},
		Heartbeat: func(_ context.Context, ms []string) error { q.add("beat %v", ms); return q.failure() },
		Info:      func(m string) delivery.Info { return delivery.Info{Position: m} },
		Every:     10 * time.Second,
	}
}

func TestLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queue{trace: newTrace()}
		o := q.options()
		o.MaxOpen = 3
		l := delivery.NewLedger(t.Context(), o)
		var entries []*delivery.Entry[string]
		for _, m := range []string{"a", "b", "c"} {
			e, ok := l.Begin(m)
			require.True(t, ok)
			entries = append(entries, e)
		}
		_, ok := l.Begin("d")
		require.False(t, ok)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.False(t, l.Wait(ctx, 1))
		d := delivery.New("a", "", entries[1], 0)
		require.Equal(t, "b", d.Info().Position)
		time.Sleep(time.Second)
		d.Ack()
		d.Nack(errBoom)
		require.True(t, l.Wait(t.Context(), 1))
		time.Sleep(10 * time.Second)
		entries[0].Settle(0, errBoom)
		synctest.Wait()
		require.Equal(t, 1, l.Open())
		time.Sleep(10 * time.Second)
		require.NoError(t, d.Context().Err())
		require.NoError(t, l.Close(t.Context()))
		require.ErrorIs(t, context.Cause(d.Context()), delivery.ErrRevoked)
		entries[2].Settle(0, nil)
		require.EqualValues(t, 1, l.Late())
		_, ok = l.Begin("e")
		require.False(t, ok)
		require.Equal(t, []string{
			"2 ack [b]", "10 beat [a c]", "12 nack a after 0s: it fails", "20 beat [c]",
			"22 nack c after 0s: delivery: the session was closed before the event was settled",
		}, q.lines)
	})
}

// TestLedgerMaxHold: a message that is held for too long is let go.
func TestLedgerMaxHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queue{trace: newTrace()}
		o := q.options()
		o.MaxHold = 25 * time.Second
		l := delivery.NewLedger(t.Context(), o)
		e, _ := l.Begin("a")
		d := delivery.New("a", "", e, 0)
		<-d.Context().Done()
		require.ErrorIs(t, context.Cause(d.Context()), delivery.ErrRevoked)
		d.Ack()
		require.EqualValues(t, 1, l.Late())
		f, _ := l.Begin("b")
		q.set(errBroker)
		delivery.New("b", "", f, 0).Ack()
		synctest.Wait()
		require.ErrorIs(t, l.Err(), errBroker)
		require.NoError(t, l.Close(t.Context()), "what was refused comes again")
		require.Equal(t, []string{"10 beat [a]", "20 beat [a]", "25 ack [b]"}, q.lines)
	})
}

func TestLedgerArguments(t *testing.T) {
	q := &queue{trace: newTrace()}
	for text, change := range map[string]func(o *delivery.LedgerOptions[string]){
		"delivery: NewLedger: Ack is nil":                    func(o *delivery.LedgerOptions[string]) { o.Ack = nil },
		"delivery: NewLedger: Info is nil":                   func(o *delivery.LedgerOptions[string]) { o.Info = nil },
		"delivery: NewLedger: Every is 0s, want more than 0": func(o *delivery.LedgerOptions[string]) { o.Every = 0 },
	} {
		o := q.options()
		change(&o)
		require.PanicsWithValue(t, text, func() { delivery.NewLedger(t.Context(), o) })
	}
}

// TestQueueHeartbeats: a handler that takes longer than the broker waits is delivered
// once, also one whose message has waited in the client's buffer.
func TestQueueHeartbeats(t *testing.T) {
	for name, hold := range map[string]time.Duration{"once": 0, "let go": 90 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := published("a1", "b1", "c1")
				calls := map[string]int{}
				src := b.Queue(deliverytest.QueueOptions{AckWait: 10 * time.Second, MaxHold: hold})
				revoked := 0
				err := delivery.Process(src, 1, func(ctx context.Context, d event) error {
					calls[string(d.Value)]++
					return sleep(ctx, time.Minute)
				}).Each(t.Context(), func(r delivery.Receipt) error {
					if r.Outcome == delivery.Revoked {
						revoked++
					}
					return nil
				})
				require.NoError(t, err)
				if hold == 0 {
					require.Equal(t, map[string]int{"a1": 1, "b1": 1, "c1": 1}, calls)
					require.Zero(t, revoked)
				} else {
					require.NotZero(t, revoked)
				}
				require.Equal(t, 3, b.Committed())
			})
		})
	}
}

// TestQueueGivesBackItsBuffer: a Dispose gives back what the client has fetched, before
// the broker would deliver it again by itself.
func TestQueueGivesBackItsBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := deliverytest.NewBroker(1)
		for i := range 50 {
			b.Publish(deliverytest.Event{Value: []byte(fmt.Sprint(i))})
		}
		b.End()
		src := b.Queue(deliverytest.QueueOptions{AckWait: time.Hour})
		first := delivery.Process(src, 1, func(ctx context.Context, _ event) error { return sleep(ctx, time.Minute) }).
			Subscribe(t.Context(), tp.Observer[delivery.Receipt]{})
		time.Sleep(90 * time.Second)
		first.Dispose()
		began := time.Now()
		require.NoError(t, delivery.Process(src, 1, func(context.Context, event) error { return nil }).Drain(t.Context()))
		require.Less(t, time.Since(began), time.Second)
		require.Equal(t, 50, b.Committed())
	})
}

// A broker that delivers a nacked message at once: the ledger holds the message for the
// pause, or for the longer delay of a requeue. It is open meanwhile, and Close gives it back.
func TestLedgerHoldsNacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var mu sync.Mutex
		nacked := map[string]time.Duration{}
		l := delivery.NewLedger(t.Context(), delivery.LedgerOptions[string]{
			Ack:  func(context.Context, []string) error { return nil },
			Info: func(string) delivery.Info { return delivery.Info{} },
			Nack: func(_ context.Context, m string, after time.Duration, _ error) error {
				mu.Lock()
				defer mu.Unlock()
				require.Zero(t, after)
				nacked[m] = time.Since(begin)
				return nil
			},
			HoldNacks: true, NackPause: time.Second,
		})
		settle := func(m string, err error) {
			e, ok := l.Begin(m)
			require.True(t, ok)
			e.Settle(0, err)
		}
		all := func() map[string]time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return maps.Clone(nacked)
		}
		settle("paused", errBoom)
		settle("acked", nil)
		require.Equal(t, 1, l.Open())
		time.Sleep(999 * time.Millisecond)
		synctest.Wait()
		require.Empty(t, all())
		time.Sleep(time.Millisecond)
		synctest.Wait()
		require.Equal(t, map[string]time.Duration{"paused": time.Second}, all())
		require.Zero(t, l.Open())

		settle("held to the end", errBoom)
		time.Sleep(time.Second / 2)
		require.NoError(t, l.Close(t.Context()))
		require.Equal(t, 1500*time.Millisecond, all()["held to the end"])
		require.Zero(t, l.Late())
	})
}

// A message that is held does not hold up Close, also if the ledger has let go of it, or if it
// was settled again.
func TestLedgerHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var nacked []string
		l := delivery.NewLedger(t.Context(), delivery.LedgerOptions[string]{
			Ack:  func(context.Context, []string) error { return nil },
			Info: func(string) delivery.Info { return delivery.Info{} },
			Nack: func(_ context.Context, m string, _ time.Duration, _ error) error {
				nacked = append(nacked, m)
				return nil
			},
			HoldNacks: true, NackPause: time.Hour, MaxHold: 10 * time.Minute,
		})
		begin := func(m string) *delivery.Entry[string] {
			e, ok := l.Begin(m)
			require.True(t, ok)
			e.Settle(0, errBoom)
			return e
		}
		begin("expires")
		time.Sleep(15 * time.Minute)
		require.Zero(t, l.Open())
		begin("settled again").Settle(0, errBoom)
		begin("given up").GiveUp(errBoom)
		begin("acked").Settle(0, nil)
		late := begin("given up and settled")
		late.GiveUp(errBoom)
		late.Settle(0, nil)
		require.Zero(t, l.Open())
		begin("held")
		at := time.Now()
		require.NoError(t, l.Close(t.Context()))
		require.Zero(t, time.Since(at))
		require.ElementsMatch(t, []string{"settled again", "given up", "given up and settled", "held"}, nacked)
		require.EqualValues(t, 1, l.Late())
	})
}
