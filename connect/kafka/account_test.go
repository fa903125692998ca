package kafka_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

type handler = func(context.Context, delivery.Delivery[[]byte]) error

// account knows which effects there are. The events of a key are numbered.
type account struct {
	mu       sync.Mutex
	counts   map[string]int // by key and number
	last     map[string]int // by key: the number of the last first effect
	busy     map[string]int // by key
	overlaps int
	wrong    []string
}

func newAccount() *account {
	return &account{counts: map[string]int{}, last: map[string]int{}, busy: map[string]int{}}
}

// handle notes the effect, and never fails.
func (a *account) handle(_ context.Context, d delivery.Delivery[[]byte]) error {
	a.effect(d.Key, string(d.Value))
	return nil
}

func (a *account) effect(key, value string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, err := strconv.Atoi(value)
	if err != nil {
		a.wrong = append(a.wrong, key+" has the value "+value)
	}
	id := key + "/" + value
	if a.counts[id]++; a.counts[id] == 1 {
		if a.last[key] > n {
			a.wrong = append(a.wrong, fmt.Sprintf("%d after %d of key %s", n, a.last[key], key))
		}
		a.last[key] = n
	}
}

// enter and leave are around the work for a key.
func (a *account) enter(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy[key]++; a.busy[key] > 1 {
		a.overlaps++
	}
}

func (a *account) leave(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy[key]--
}

// distinct is how many events have had an effect.
func (a *account) distinct() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.counts)
}

// of is how many effects of a key there are.
func (a *account) of(key string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last[key]
}

// repeated is how many effects there are too many.
func (a *account) repeated() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.counts {
		n += c - 1
	}
	return n
}

// has waits until n events have had an effect.
func (a *account) has(t testing.TB, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d effects", n), func() bool { return a.distinct() >= n })
}

// check is that n events have had an effect, in order within their keys.
func (a *account) check(t testing.TB, n int) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	require.Len(t, a.counts, n, "lost, or from nowhere")
	require.Empty(t, a.wrong, "out of order")
}

// start runs Process over s.
func (s *subscription) start(t testing.TB, n int, fn handler, opts ...delivery.Option) *turbopipes.Subscription {
	t.Helper()
	sub := delivery.Process(s, n, fn, opts...).Subscribe(context.Background(), turbopipes.Observer[delivery.Receipt]{Error: func(error) {}})
	t.Cleanup(sub.Dispose)
	return sub
}

// stop stops a stream gracefully.
func stop(t testing.TB, s *turbopipes.Subscription) {
	t.Helper()
	require.NoError(t, s.Stop(context.Background()))
}

// failure waits until a stream has ended, and returns its error.
func failure(t testing.TB, s *turbopipes.Subscription) error {
	t.Helper()
	select {
	case <-s.Done():
	case <-time.After(60 * time.Second):
		require.FailNow(t, "the stream does not end")
	}
	return s.Err()
}
