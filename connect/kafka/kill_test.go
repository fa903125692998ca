package kafka_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/kafka"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// The environment of the process that is killed.
const (
	killAddresses = "KAFKA_KILL_ADDRESSES"
	killEffects   = "KAFKA_KILL_EFFECTS"
	killDead      = "KAFKA_KILL_DEAD"

	killBound      = 256
	killPartitions = 4
)

// hopeless reports whether the event never succeeds.
func hopeless(id string) bool { return strings.HasSuffix(id, "13") }

// worker consumes until it is killed. Each effect, and each dead letter, is a line of a
// file, in one write.
func worker(t *testing.T) {
	t.Helper()
	file := func(name string) *os.File {
		f, err := os.OpenFile(os.Getenv(name), os.O_WRONLY|os.O_APPEND, 0)
		require.NoError(t, err)
		return f
	}
	effects, dead := file(killEffects), file(killDead)
	b := &broker{addresses: split(os.Getenv(killAddresses))}
	kick(t, b.addresses) // the one before it; a broker does so after the session timeout
	tries := map[string]bool{}
	unsteady := make(chan struct{}, 1)
	err := delivery.Process(b.subscription(kafka.CommitEvery(50*time.Millisecond)), 64, func(_ context.Context, d delivery.Delivery[[]byte]) error {
		id := d.Key + "/" + string(d.Value)
		if hopeless(id) {
			return delivery.Permanent(errors.New("it never succeeds"))
		}
		if len(id)%2 == 0 {
			time.Sleep(200 * time.Microsecond)
		}
		if strings.HasSuffix(id, "7") {
			unsteady <- struct{}{}
			first := !tries[id]
			tries[id] = true
			<-unsteady
			if first {
				return errors.New("it fails at first")
			}
		}
		_, err := effects.WriteString(id + "\n")
		return err
	}, delivery.MaxUncommitted(killBound), delivery.Retry(5, operators.Constant(time.Millisecond)),
		delivery.DeadLetter(func(_ context.Context, d delivery.Dead[[]byte]) error {
			_, err := dead.WriteString(d.Delivery.Key + "/" + string(d.Delivery.Value) + "\n")
			return err
		})).Drain(context.Background())
	fmt.Fprintln(os.Stderr, "the stream has ended:", err)
	os.Exit(1)
}

// follower reads a file that grows, line by line.
type follower struct {
	*bufio.Reader
	part string
}

func follow(t *testing.T, name string) *follower {
	t.Helper()
	require.NoError(t, os.WriteFile(name, nil, 0o600))
	f, err := os.Open(name) //nolint:gosec // the test's
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return &follower{Reader: bufio.NewReader(f)}
}

// lines calls fn for each line that is there.
func (f *follower) lines(fn func(string)) {
	for {
		more, err := f.ReadString('\n')
		if f.part += more; err != nil {
			return
		}
		fn(strings.TrimSuffix(f.part, "\n"))
		f.part = ""
	}
}

// TestKill runs a worker in a process of its own, and kills it by SIGKILL again and
// again. The broker is in this process. The sink keeps the ids of effects, so that an
// event that comes again has no second one. With KAFKA_KILLS=10 there are so many kills,
// and 20,000 events.
func TestKill(t *testing.T) {
	if os.Getenv(killAddresses) != "" {
		worker(t)
	}
	kills := number("KAFKA_KILLS", 3)
	n := 2000 * kills
	b := newBroker(t, killPartitions)
	b.publish(t, numbered(n, 200)...)
	dir := t.TempDir()
	effects, dead := follow(t, filepath.Join(dir, "effects")), follow(t, filepath.Join(dir, "dead"))
	all, letters := newAccount(), newAccount()
	read := func() int {
		note := func(a *account) func(string) {
			return func(id string) { key, value, _ := strings.Cut(id, "/"); a.effect(key, value) }
		}
		effects.lines(note(all))
		dead.lines(note(letters))
		return all.distinct() + letters.distinct()
	}
	start := func() *exec.Cmd {
		c := exec.Command(os.Args[0], "-test.run=^TestKill$", "-test.count=1") //nolint:gosec // this binary
		c.Env = append(os.Environ(), killAddresses+"="+join(b.addresses),
			killEffects+"="+filepath.Join(dir, "effects"), killDead+"="+filepath.Join(dir, "dead"))
		c.Stderr = os.Stderr
		require.NoError(t, c.Start())
		return c
	}
	for kill := range kills + 1 {
		child := start()
		want := (kill + 1) * n / (kills + 1)
		for late := time.Now().Add(time.Minute); read() < want && time.Now().Before(late); {
			time.Sleep(time.Millisecond)
		}
		if kill == kills { // all have had their effect; what is committed stays so
			eventually(t, "the last commit", func() bool { return sum(b.committed(t, killPartitions)) == int64(n) })
		}
		require.NoError(t, child.Process.Kill())
		_ = child.Wait() // it was killed
		require.GreaterOrEqual(t, read(), want, "events are missing")
	}
	repeated := all.repeated() + letters.repeated()
	t.Logf("%d events, %d kills: %d repeated, of at most %d", n, kills, repeated, kills*killPartitions*killBound)
	wantDead := 0
	for _, r := range numbered(n, 200) {
		if hopeless(string(r.Key) + "/" + string(r.Value)) {
			wantDead++
		}
	}
	letters.check(t, wantDead)
	all.check(t, n-wantDead)
	require.LessOrEqual(t, repeated, kills*killPartitions*killBound)
	require.Positive(t, repeated, "the kills have hit nothing")
}

// TestBacklog consumes what has waited at the broker: memory does not depend on how much
// that is. It runs with KAFKA_BACKLOG=1000000.
func TestBacklog(t *testing.T) {
	n := number("KAFKA_BACKLOG", 0)
	if n == 0 {
		t.Skip("KAFKA_BACKLOG is not set; the suite has a smaller one")
	}
	b := newBroker(t, 4)
	random := rand.NewChaCha8([32]byte{1})
	for left := n; left > 0; left -= 10_000 {
		records := numbered(min(left, 10_000), 1000)
		for _, r := range records {
			r.Value = make([]byte, 128)
			_, _ = random.Read(r.Value)
		}
		b.publish(t, records...)
	}
	before := heap()
	var tenth, most uint64
	got, done := 0, make(chan struct{})
	s := delivery.Process(b.subscription(), 64, func(context.Context, delivery.Delivery[[]byte]) error { return nil }).
		Subscribe(t.Context(), turbopipes.Observer[delivery.Receipt]{Next: func(delivery.Receipt) {
			if got++; got%(n/10) == 0 {
				h := heap()
				h -= min(h, before)
				if most = max(most, h); got == n/10 {
					tenth = h
				}
			}
			if got == n {
				close(done)
			}
		}})
	<-done
	stop(t, s)
	t.Logf("heap above the broker's: %.1f MB after a tenth of %d events, %.1f MB at most", float64(tenth)/1e6, n, float64(most)/1e6)
	require.Less(t, most, tenth+tenth/2+8<<20)
}
