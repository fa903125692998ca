package files

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// model is a writer, a rotator and a reader of a log.
type model struct {
	t       *testing.T
	r       *rand.Rand
	dir     string
	name    string
	copying bool // it is rotated by copies

	out     *os.File // that the writer has open
	pending string   // that it has not written yet
	written int      // lines
	rotated int
	calm    bool // no rotation by a copy until something was read: it could not be noticed

	src      delivery.Source[[]byte]
	faults   *faults
	sub      *turbopipes.Subscription
	effects  map[int]int
	last     map[string]int
	wrong    []string
	most     int // that may be repeated
	repeated int
}

const bound = 8

// write writes some lines, and perhaps the beginning of another one.
func (m *model) write() {
	for range m.r.IntN(12) {
		m.pending += strconv.Itoa(m.written) + strings.Repeat("x", m.r.IntN(100)) + "\n"
		m.written++
	}
	n := m.r.IntN(len(m.pending) + 1)
	if m.r.IntN(3) > 0 {
		n = len(m.pending)
	}
	m.put(n)
}

func (m *model) put(n int) {
	_, err := m.out.WriteString(m.pending[:n])
	require.NoError(m.t, err)
	m.pending = m.pending[n:]
}

// reopen makes the writer write to the file that has the name.
func (m *model) reopen() {
	if m.out != nil {
		m.put(len(m.pending)) // lines are whole in a file
		require.NoError(m.t, m.out.Close())
	}
	var err error
	m.out, err = os.OpenFile(m.name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	require.NoError(m.t, err)
}

// rotate renames the file, or copies and truncates it.
func (m *model) rotate() {
	old := fmt.Sprintf("%s.%06d", m.name, m.rotated)
	m.rotated++
	if m.copying {
		if m.calm {
			return
		}
		m.put(len(m.pending))
		copyOf(m.t, m.name, old)
		require.NoError(m.t, os.Truncate(m.name, 0))
		m.calm = true
		return
	}
	require.NoError(m.t, os.Rename(m.name, old))
	if m.r.IntN(2) == 0 {
		m.write() // to the old file
	}
	m.reopen()
}

func (m *model) begin() {
	m.sub = delivery.Process(m.src, 3, m.effect, delivery.MaxUncommitted(bound)).Subscribe(m.t.Context(), turbopipes.Observer[delivery.Receipt]{})
}

// effect is the function of the pipeline: it takes a while.
func (m *model) effect(ctx context.Context, d delivery.Delivery[[]byte]) error {
	wait := time.NewTimer(time.Duration(len(d.Value)%7) * 10 * time.Millisecond)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	n, err := strconv.Atoi(strings.TrimRight(string(d.Value), "x"))
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	if err != nil || n >= m.written {
		m.wrong = append(m.wrong, fmt.Sprintf("the line %q", d.Value))
		return nil
	}
	if m.effects[n]++; m.effects[n] > 1 {
		m.repeated++
		return nil
	}
	if last, ok := m.last[d.Key]; ok && last > n {
		m.wrong = append(m.wrong, fmt.Sprintf("%d after %d", n, last))
	}
	m.last[d.Key] = n
	return nil
}

// end ends the session, gracefully or not.
func (m *model) end() {
	if m.sub == nil {
		return
	}
	switch m.r.IntN(3) {
	case 0:
		require.NoError(m.t, m.sub.Stop(m.t.Context()))
	case 1:
		m.sub.Dispose()
		m.most += bound * (1 + m.rotated)
	case 2:
		m.faults.crash()
		m.sub.Dispose()
		m.most += bound * (1 + m.rotated)
	}
	m.sub = nil
}

func (m *model) sleep(d time.Duration) {
	info, err := os.Stat(m.name)
	require.NoError(m.t, err)
	time.Sleep(d)
	if m.sub != nil && d >= 400*time.Millisecond && info.Size() > 0 { // it was looked at
		m.calm = false
	}
}

func (m *model) step() {
	switch m.r.IntN(10) {
	case 0, 1, 2, 3:
		m.write()
	case 4:
		m.rotate()
	case 5:
		m.end()
	case 6, 7:
		if m.sub == nil {
			m.begin()
			m.sleep(400 * time.Millisecond)
		}
	default:
		m.sleep(time.Duration(m.r.IntN(600)) * time.Millisecond)
	}
}

func (m *model) run(seed uint64) {
	m.r = rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
	m.copying = m.r.IntN(2) == 0
	m.name = filepath.Join(m.dir, "app.log")
	m.effects, m.last, m.faults = map[int]int{}, map[string]int{}, &faults{dead: map[*session]bool{}, fast: true}
	key := KeyBy(func(b []byte) string { return string(b[:1]) })
	trouble := OnTrouble(func(tr Trouble) { m.wrong = append(m.wrong, tr.Err.Error()) })
	pattern, rotation := m.name+"*", Exclude("*.gz")
	if m.copying {
		pattern, rotation = m.name, Copies(m.name+".0*")
	}
	own, _ := Source(pattern, filepath.Join(m.dir, "position"), key, trouble, rotation, MaxOpen(1+m.r.IntN(3)), Linger(time.Second)).(source)
	own.hook = m.faults.hook
	m.src = own
	m.reopen()
	m.calm = true
	for range 60 {
		m.step()
	}
	if m.sub == nil {
		m.begin()
	}
	m.put(len(m.pending))
	time.Sleep(time.Minute)
	require.NoError(m.t, m.sub.Stop(m.t.Context()))
	require.NoError(m.t, m.out.Close())
	require.Empty(m.t, m.wrong, "seed %d", seed)
	require.Equal(m.t, m.written, len(m.effects), "seed %d: lines are lost", seed)
	require.LessOrEqual(m.t, m.repeated, m.most, "seed %d", seed)
}

// TestRandom: a log that is written in pieces and rotated, by renames or by copies, and
// sessions that end gracefully, by Dispose and by a crash: every line has its effect, in
// order within its key, and only what was not committed is repeated.
func TestRandom(t *testing.T) {
	n := 100
	if testing.Short() {
		n = 20
	}
	if s := os.Getenv("DELIVERY_RUNS"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	for seed := range n {
		m := &model{dir: t.TempDir()}
		synctest.Test(t, func(t *testing.T) {
			m.t = t
			m.run(uint64(seed)) //nolint:gosec // it is positive
		})
		if t.Failed() {
			return
		}
	}
}
