package deliverytest

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what must come.
const patience = 60 * time.Second

// account knows which effects there are.
type account struct {
	mu      sync.Mutex
	counts  map[string]int // by value
	last    map[string]int // by key: the number of the last first effect
	wrong   []string
	changed chan struct{}
}

func newAccount() *account {
	return &account{counts: map[string]int{}, last: map[string]int{}, changed: make(chan struct{})}
}

// events makes n events, numbered from from on, with keys keys in turn.
func events(from, n, keys int) []Event {
	out := make([]Event, n)
	for i := range out {
		key := "k" + strconv.Itoa((from+i)%keys)
		out[i] = Event{Key: key, Value: []byte(key + "/" + strconv.Itoa(from+i)), ID: strconv.Itoa(from + i)}
	}
	return out
}

// parse is the number and the key of the event with that value.
func parse(v []byte) (key string, n int) {
	key, s, _ := strings.Cut(string(v), "/")
	n, err := strconv.Atoi(s)
	if err != nil {
		n = -1
	}
	return key, n
}

// effect notes the effect of an event.
func (a *account) effect(v []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key, n := parse(v)
	a.counts[string(v)]++
	if a.counts[string(v)] == 1 {
		if last, ok := a.last[key]; ok && last > n {
			a.wrong = append(a.wrong, fmt.Sprintf("%d after %d of key %s", n, last, key))
		}
		a.last[key] = n
	}
	close(a.changed)
	a.changed = make(chan struct{})
}

// distinct is how many events have had an effect.
func (a *account) distinct() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.counts)
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

// wait waits until n events have had an effect.
func (a *account) wait(t testing.TB, n int) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		a.mu.Lock()
		got, changed := len(a.counts), a.changed
		a.mu.Unlock()
		if got >= n {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			require.FailNow(t, "events are missing", "%d of %d have come within %v", got, n, patience)
		}
	}
}

// inOrder checks the order within each key.
func (a *account) inOrder(t testing.TB) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	require.Empty(t, a.wrong, "out of order")
}
