package jetstream_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// patience is how long a test waits for what must come. It is less than longWait, an
// AckWait that a test must not need.
const (
	patience = 30 * time.Second
	longWait = 10 * time.Minute
)

// record knows the effects of a test.
type record struct {
	mu       sync.Mutex
	changed  chan struct{}
	counts   map[int]int    // by number
	last     map[string]int // by key
	disorder int
	attempts map[int]int // the greatest Attempt
	epochs   map[int64]bool
}

func newRecord() *record {
	return &record{
		changed: make(chan struct{}), counts: map[int]int{}, last: map[string]int{}, attempts: map[int]int{}, epochs: map[int64]bool{},
	}
}

// handle has an effect.
func (r *record) handle(_ context.Context, d delivery.Delivery[[]byte]) error {
	n, err := strconv.Atoi(string(d.Value))
	if err != nil {
		return err
	}
	info := d.Info()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts[n]++; r.counts[n] == 1 {
		if last, ok := r.last[d.Key]; ok && n < last {
			r.disorder++
		}
		r.last[d.Key] = n
	}
	r.attempts[n] = max(r.attempts[n], info.Attempt)
	r.epochs[info.Epoch] = true
	close(r.changed)
	r.changed = make(chan struct{})
	return nil
}

// slowly is handle that takes a millisecond.
func (r *record) slowly(ctx context.Context, d delivery.Delivery[[]byte]) error {
	select {
	case <-time.After(time.Millisecond):
	case <-ctx.Done():
		return ctx.Err()
	}
	return r.handle(ctx, d)
}

// wait waits until n events have had an effect.
func (r *record) wait(t testing.TB, n int) {
	t.Helper()
	late := time.After(patience)
	for {
		r.mu.Lock()
		got, changed := len(r.counts), r.changed
		r.mu.Unlock()
		if got >= n {
			return
		}
		select {
		case <-changed:
		case <-late:
			require.FailNow(t, "events are missing", "%d of %d", got, n)
		}
	}
}

func (r *record) repeated() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.counts {
		n += c - 1
	}
	return n
}

func (r *record) inOrder(t testing.TB) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Zero(t, r.disorder, "out of order")
}

type handler = func(context.Context, delivery.Delivery[[]byte]) error

// start runs Process over src.
func start(t testing.TB, src delivery.Source[[]byte], n int, fn handler, opts ...delivery.Option) *turbopipes.Subscription {
	t.Helper()
	s := delivery.Process(src, n, fn, opts...).Subscribe(t.Context(), turbopipes.Observer[delivery.Receipt]{})
	t.Cleanup(s.Dispose)
	return s
}

func stop(t testing.TB, s *turbopipes.Subscription) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, s.Stop(ctx))
}

// signal is closed once.
type signal struct {
	once sync.Once
	c    chan struct{}
}

func newSignal() *signal { return &signal{c: make(chan struct{})} }

func (s *signal) give() { s.once.Do(func() { close(s.c) }) }

func (s *signal) wait(t testing.TB) {
	t.Helper()
	select {
	case <-s.c:
	case <-time.After(patience):
		require.FailNow(t, "it has not happened")
	}
}
