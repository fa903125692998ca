package deliverytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// Run runs the suite. harness is called for each test, and in each process that is to
// be killed; it makes a new stream without events.
func Run(t *testing.T, harness func(t *testing.T) Harness) {
	if Address() != "" {
		work(harness(t)) // never returns
	}
	for _, test := range []struct {
		name string
		run  func(t *testing.T, h Harness)
	}{
		{"InOrderAndOnce", inOrderAndOnce},
		{"DisposeLosesNothing", disposeLosesNothing},
		{"DisposeKeepsWhatIsDone", disposeKeepsWhatIsDone},
		{"StopRepeatsNothing", stopRepeatsNothing},
		{"StopAfterTheLast", stopAfterTheLast},
		{"FailureStops", failureStops},
		{"RetriesKeepTheOrder", retriesKeepTheOrder},
		{"Poison", poison},
		{"Undecodable", undecodable},
		{"LateSettlement", lateSettlement},
		{"BatchesThatNeverFill", batchesThatNeverFill},
		{"RefusedCommits", refusedCommits},
		{"BrokerAway", brokerAway},
		{"SecondSession", secondSession},
		{"Handover", handover},
		{"Storm", storm},
		{"Crash", crash},
		{"Kill", func(t *testing.T, h Harness) { kill(t, h, KillOptions{Kills: 8, Events: 5000}) }},
		{"LongBacklog", longBacklog},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, harness(t)) })
	}
}

type handler = func(context.Context, delivery.Delivery[[]byte]) error

// consumer is a pipeline that runs.
type consumer struct {
	*turbopipes.Subscription
	receipts atomic.Int64
}

// start runs Process over the harness's source.
func (h *Harness) start(t *testing.T, n int, fn handler, opts ...delivery.Option) *consumer {
	t.Helper()
	c := &consumer{}
	opts = append([]delivery.Option{delivery.MaxUncommitted(maxUncommitted)}, opts...)
	c.Subscription = delivery.Process(h.Source, n, fn, opts...).Subscribe(t.Context(), turbopipes.Observer[delivery.Receipt]{
		Next: func(delivery.Receipt) { c.receipts.Add(1) },
	})
	t.Cleanup(c.Dispose)
	return c
}

// stop stops c gracefully.
func (c *consumer) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, c.Stop(ctx))
}

// finish consumes until all of n events have had an effect, and stops.
func (h *Harness) finish(t *testing.T, a *account, n int) {
	t.Helper()
	c := h.start(t, 8, a.handle)
	a.wait(t, n)
	c.stop(t)
	if h.Ordered {
		a.inOrder(t)
	}
}

// handle notes the effect, and fails never.
func (a *account) handle(_ context.Context, d delivery.Delivery[[]byte]) error {
	a.effect(d.Value)
	return nil
}

// slowly is a.handle that takes a little longer for some events.
func (a *account) slowly(ctx context.Context, d delivery.Delivery[[]byte]) error {
	if _, n := parse(d.Value); n%7 == 0 {
		nap(ctx, time.Millisecond)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return a.handle(ctx, d)
}

func nap(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func inOrderAndOnce(t *testing.T, h Harness) {
	a := newAccount()
	h.Publish(t, events(0, 500, 20))
	c := h.start(t, 16, a.slowly)
	a.wait(t, 500)
	h.Publish(t, events(500, 100, 20))
	a.wait(t, 600)
	c.stop(t)
	a.inOrder(t)
	require.Zero(t, a.repeated())
	require.EqualValues(t, 600, c.receipts.Load())
}

func disposeLosesNothing(t *testing.T, h Harness) {
	const n, rounds = 1000, 5
	a := newAccount()
	h.Publish(t, events(0, n, 20))
	for round := range rounds {
		c := h.start(t, 8, a.slowly)
		a.wait(t, (round+1)*n/(rounds+1))
		c.Dispose()
	}
	h.finish(t, a, n)
	require.LessOrEqual(t, a.repeated(), rounds*h.repeats())
}

// disposeKeepsWhatIsDone: a function that ignores its ctx and returns nil has had its
// effect.
func disposeKeepsWhatIsDone(t *testing.T, h Harness) {
	a := newAccount()
	h.Publish(t, events(0, 4, 4))
	var running sync.WaitGroup
	running.Add(4)
	c := h.start(t, 4, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		running.Done()
		<-ctx.Done()
		a.effect(d.Value)
		return nil
	})
	running.Wait()
	c.Dispose()
	h.Publish(t, events(4, 10, 4))
	h.finish(t, a, 14)
	require.Zero(t, a.repeated())
}

func stopRepeatsNothing(t *testing.T, h Harness) {
	const n, rounds = 600, 5
	a := newAccount()
	h.Publish(t, events(0, n, 20))
	for round := range rounds {
		c := h.start(t, 8, a.slowly)
		a.wait(t, (round+1)*n/(rounds+1))
		c.stop(t)
	}
	h.finish(t, a, n)
	require.Zero(t, a.repeated())
	if h.Ordered { // a queue may give what it has back in another order
		a.inOrder(t)
	}
}

// stopAfterTheLast: what is acked right before the end is committed.
func stopAfterTheLast(t *testing.T, h Harness) {
	a := newAccount()
	h.Publish(t, events(0, 50, 5))
	h.finish(t, a, 50)
	h.Publish(t, events(50, 1, 5))
	h.finish(t, a, 51)
	require.Zero(t, a.repeated())
}

var errBoom = errors.New("it fails")

// failureStops: the event that has failed comes again, and no event of its key before.
func failureStops(t *testing.T, h Harness) {
	const n = 200
	a := newAccount()
	h.Publish(t, events(0, n, 10))
	err := h.start(t, 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		if _, i := parse(d.Value); i == 77 {
			return errBoom
		}
		return a.handle(ctx, d)
	}).Wait()
	require.ErrorIs(t, err, errBoom)
	h.finish(t, a, n)
	require.LessOrEqual(t, a.repeated(), h.repeats())
}

func retriesKeepTheOrder(t *testing.T, h Harness) {
	const n = 200
	a := newAccount()
	tries := make([]atomic.Int64, n)
	h.Publish(t, events(0, n, 10))
	c := h.start(t, 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		if _, i := parse(d.Value); i%9 == 0 && tries[i].Add(1) < 3 {
			if i%2 == 0 {
				panic(errBoom)
			}
			return errBoom
		}
		return a.handle(ctx, d)
	}, delivery.Retry(2, operators.Constant(time.Millisecond)))
	a.wait(t, n)
	c.stop(t)
	a.inOrder(t)
	require.Zero(t, a.repeated())
}

func poison(t *testing.T, h Harness) {
	const n = 100
	a, dead := newAccount(), newAccount()
	h.Publish(t, events(0, n, 10))
	sunk := map[string]int{}
	var mu sync.Mutex
	c := h.start(t, 8, func(ctx context.Context, d delivery.Delivery[[]byte]) error {
		if _, i := parse(d.Value); i%10 == 3 {
			return errBoom
		}
		return a.handle(ctx, d)
	}, delivery.Retry(2, operators.Constant(0)), delivery.DeadLetter(func(_ context.Context, d delivery.Dead[[]byte]) error {
		mu.Lock()
		defer mu.Unlock()
		sunk[string(d.Delivery.Value)]++
		if !errors.Is(d.Err, errBoom) || d.Tries != 3 {
			return delivery.Permanent(fmt.Errorf("the dead letter has %d tries and the error %w", d.Tries, d.Err))
		}
		if sunk[string(d.Delivery.Value)] == 1 {
			return errBoom // the sink is tried again
		}
		dead.effect(d.Delivery.Value)
		return nil
	}))
	a.wait(t, n-n/10)
	dead.wait(t, n/10)
	c.stop(t)
	require.Zero(t, a.repeated())
	require.Zero(t, dead.repeated())
	h.Publish(t, events(n, 1, 10))
	h.finish(t, a, n-n/10+1)
	require.Zero(t, a.repeated(), "dead letters are settled")
}

func undecodable(t *testing.T, h Harness) {
	h.Publish(t, []Event{{Key: "k", Value: []byte("1")}, {Key: "k", Value: []byte("no number")}, {Key: "k", Value: []byte("3")}})
	var mu sync.Mutex
	var got []string
	all := make(chan struct{})
	note := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		if got = append(got, s); len(got) == 3 {
			close(all)
		}
	}
	c := h.start(t, 4, delivery.JSON(func(_ context.Context, d delivery.Delivery[int]) error {
		note(fmt.Sprint(d.Value))
		return nil
	}), delivery.Retry(5, operators.Constant(time.Hour)), delivery.DeadLetter(func(_ context.Context, d delivery.Dead[[]byte]) error {
		note(fmt.Sprintf("dead %s after %d", d.Delivery.Value, d.Tries))
		return nil
	}))
	select {
	case <-all:
	case <-time.After(patience):
	}
	c.stop(t)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []string{"1", "dead no number after 1", "3"}, got)
}

// lateSettlement: what is settled after its session has ended settles nothing.
func lateSettlement(t *testing.T, h Harness) {
	const n, held = 20, 7
	h.Publish(t, events(0, n, 4))
	var kept []delivery.Delivery[[]byte]
	got := make(chan struct{})
	s := delivery.Through(h.Source, func(in turbopipes.Observable[delivery.Delivery[[]byte]]) turbopipes.Observable[delivery.Delivery[[]byte]] {
		return in
	}, delivery.MaxUncommitted(maxUncommitted)).Subscribe(t.Context(), turbopipes.Observer[delivery.Delivery[[]byte]]{
		Next: func(d delivery.Delivery[[]byte]) {
			if kept = append(kept, d); len(kept) == held {
				close(got)
			}
		},
	})
	<-got
	s.Dispose()
	for _, d := range kept {
		select {
		case <-d.Context().Done():
		default:
			require.Fail(t, "the context of an event does not end with its session")
		}
		d.Ack()
		d.Nack(errBoom)
		d.Ack()
	}
	a := newAccount()
	h.finish(t, a, n)
	require.Zero(t, a.repeated())
}

// batchesThatNeverFill: they flush at a stop, and lose nothing at a dispose.
func batchesThatNeverFill(t *testing.T, h Harness) {
	const n = maxUncommitted / 2
	a := newAccount()
	h.Publish(t, events(0, n, 5))
	arrived := newAccount()
	run := func() *turbopipes.Subscription {
		s := delivery.Through(h.Source, func(in turbopipes.Observable[delivery.Delivery[[]byte]]) turbopipes.Observable[delivery.Receipt] {
			return turbopipes.Pipe3(in,
				delivery.Map(func(v []byte) []byte { arrived.effect(v); return v }),
				delivery.Batch[[]byte](10*n, time.Hour),
				delivery.Each(1, func(_ context.Context, d delivery.Delivery[[][]byte]) error {
					for _, v := range d.Value {
						a.effect(v)
					}
					return nil
				}))
		}, delivery.MaxUncommitted(maxUncommitted)).Subscribe(t.Context(), turbopipes.Observer[delivery.Receipt]{})
		t.Cleanup(s.Dispose)
		return s
	}
	s := run()
	arrived.wait(t, n)
	s.Dispose()
	require.Zero(t, a.distinct())
	s = run()
	for arrived.repeated() < n {
		h.yield(t, arrived)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, s.Stop(ctx))
	require.Equal(t, n, a.distinct())
	if h.Ordered {
		a.inOrder(t)
	}
	require.Zero(t, a.repeated())
}

// yield waits for the next change of a.
func (h *Harness) yield(t *testing.T, a *account) {
	t.Helper()
	a.mu.Lock()
	changed := a.changed
	a.mu.Unlock()
	select {
	case <-changed:
	case <-time.After(10 * time.Millisecond): // it may have changed before
	}
}
