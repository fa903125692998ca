package jetstream_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/connect/jetstream"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// The worker processes of the test.
const (
	workerEnv      = "JETSTREAM_WORKER" // the address, the stream, the mode and the file of the effects
	workerPinTTL   = 300 * time.Millisecond
	maxUncommitted = 256
)

// worker runs this process as a worker, if it was started as one.
func worker() bool {
	args := strings.Fields(os.Getenv(workerEnv))
	if len(args) == 0 {
		return false
	}
	fmt.Fprintln(os.Stderr, "the worker has ended:", work(args[0], args[1], args[2], args[3]))
	return true
}

func work(url, stream, mode, file string) error {
	nc, err := nats.Connect(url)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := natsjs.New(nc)
	if err != nil {
		return err
	}
	sink, err := openEffects(file)
	if err != nil {
		return err
	}
	opts := []jetstream.Option{jetstream.PinTTL(workerPinTTL)}
	if mode == "prefix" {
		opts = append(opts, jetstream.Prefix())
	}
	src := source(js, stream, opts...)
	return delivery.Process(src, 64, func(_ context.Context, d delivery.Delivery[[]byte]) error {
		if rand.IntN(4) == 0 {
			time.Sleep(time.Duration(rand.IntN(4)) * time.Millisecond)
		}
		switch n, err := strconv.Atoi(string(d.Value)); {
		case err != nil || n%97 == 13:
			return delivery.Permanent(errors.New("hopeless"))
		case rand.IntN(50) == 0:
			return errors.New("now and then")
		}
		return sink.add("effect", d.Info().ID, d.Key, string(d.Value))
	},
		delivery.MaxUncommitted(maxUncommitted),
		delivery.Retry(20, operators.Constant(time.Millisecond)),
		delivery.DeadLetter(func(_ context.Context, d delivery.Dead[[]byte]) error {
			return sink.add("dead", d.Delivery.Info().ID, d.Delivery.Key, string(d.Delivery.Value))
		}),
	).Drain(context.Background())
}

// effects is a sink that has each effect once: an effect is a line with the id of its
// event, in one write, and a process that begins reads the lines that are there.
type effects struct {
	mu   sync.Mutex
	file *os.File
	seen map[string]bool
}

func openEffects(name string) (*effects, error) {
	all, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	s := &effects{seen: map[string]bool{}}
	for line := range strings.Lines(string(all)) {
		s.seen[strings.Fields(line)[1]] = true
	}
	s.file, err = os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	return s, err
}

func (s *effects) add(what, id, key, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[id] {
		what = "repeated"
	}
	s.seen[id] = true
	_, err := fmt.Fprintln(s.file, what, id, key, value)
	return err
}

// TestSIGKILL kills worker processes while they consume, and checks the effects.
// JETSTREAM_KILLS is how often, with 2500 events for each kill.
func TestSIGKILL(t *testing.T) {
	for _, mode := range []string{"exclusive", "prefix"} {
		t.Run(mode, func(t *testing.T) { sigkill(t, mode, env("JETSTREAM_KILLS", 3)) })
	}
}

func sigkill(t *testing.T, mode string, kills int) {
	n := max(3000, 2500*kills)
	b := newBroker(t)
	js := streaming(t, connect(t, b.ClientURL()))
	stream := newStream(t, js)
	publish(t, js, stream, 0, n, 200)
	name := filepath.Join(t.TempDir(), "effects")
	require.NoError(t, os.WriteFile(name, nil, 0o600))
	v := &verifier{last: map[string]int{}, seen: map[string]bool{}}
	file, err := os.Open(name) //nolint:gosec // the test's
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	lines := bufio.NewReader(file)
	begin, line := time.Now(), ""
	for round := range kills + 1 {
		child := exec.Command(os.Args[0]) //nolint:gosec // this binary
		child.Env = append(os.Environ(), workerEnv+"="+strings.Join([]string{b.ClientURL(), stream, mode, name}, " "))
		child.Stderr = os.Stderr
		require.NoError(t, child.Start())
		want := (round + 1) * n / (kills + 1)
		for late := time.Now().Add(time.Minute); len(v.seen) < want; {
			more, err := lines.ReadString('\n')
			if line += more; err == nil {
				v.read(t, line)
				line = ""
				continue
			}
			if time.Now().After(late) {
				require.Fail(t, "events are missing", "%d of %d", len(v.seen), want)
				break
			}
			time.Sleep(time.Millisecond)
		}
		require.NoError(t, child.Process.Kill())
		_ = child.Wait() // it was killed
	}
	for err = nil; err == nil; { // what was written before the last kill
		var more string
		if more, err = lines.ReadString('\n'); err == nil {
			v.read(t, line+more)
			line = ""
		}
	}
	t.Logf("%s: %d events, %d kills, %.1f s: lost %d, twice %d, out of order %d, dead letters %d, repeated and ignored %d",
		mode, n, kills, time.Since(begin).Seconds(), n-len(v.seen), v.twice, v.disorder, v.dead, v.repeated)
	require.Len(t, v.seen, n, "lost")
	require.Zero(t, v.twice)
	require.Zero(t, v.disorder)
	require.Equal(t, (n-13+96)/97, v.dead)
	require.LessOrEqual(t, v.repeated, kills*maxUncommitted)
}

// verifier reads the effects.
type verifier struct {
	seen                            map[string]bool
	last                            map[string]int
	twice, disorder, dead, repeated int
}

func (v *verifier) read(t *testing.T, line string) {
	t.Helper()
	f := strings.Fields(line)
	require.Len(t, f, 4)
	n, err := strconv.Atoi(f[3])
	require.NoError(t, err)
	switch {
	case f[0] == "repeated":
		v.repeated++
		return
	case v.seen[f[1]]:
		v.twice++
	case n < v.last[f[2]]:
		v.disorder++
	case f[0] == "dead":
		v.dead++
	}
	v.seen[f[1]] = true
	v.last[f[2]] = n
}
