package redis_test

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

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/connect/redis"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// The worker processes of the test.
const (
	workerEnv      = "REDIS_WORKER" // the address, the stream, the mode and the file of the effects
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

func work(addr, stream, mode, file string) error {
	client := goredis.NewClient(&goredis.Options{Addr: addr})
	defer func() { _ = client.Close() }()
	sink, err := openEffects(file)
	if err != nil {
		return err
	}
	var opts []redis.Option
	if mode == "consumer" {
		opts = append(opts, redis.Consumer("c"))
	}
	return delivery.Process(source(client, stream, opts...), 64, func(_ context.Context, d event) error {
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
	all, err := os.ReadFile(name) //nolint:gosec // the test's
	if err != nil {
		return nil, err
	}
	s := &effects{seen: map[string]bool{}}
	for line := range strings.Lines(string(all)) {
		s.seen[strings.Fields(line)[1]] = true
	}
	s.file, err = os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0) //nolint:gosec // the test's
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
// REDIS_KILLS is how often, with 2000 events for each kill.
func TestSIGKILL(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv("REDIS_KILLS"))
	if err != nil {
		kills = 2
	}
	for _, mode := range []string{"group", "consumer"} {
		t.Run(mode, func(t *testing.T) { sigkill(t, mode, kills, 2000*kills) })
	}
}

func sigkill(t *testing.T, mode string, kills, n int) {
	addr := server(t)
	c := connect(t, addr)
	stream := newStream(t, c)
	add(t, c, stream, numbers(0, n, 200)...)
	name := filepath.Join(t.TempDir(), "effects")
	require.NoError(t, os.WriteFile(name, nil, 0o600))
	v := &verifier{last: map[string]int{}, seen: map[string]bool{}}
	file, err := os.Open(name) //nolint:gosec // the test's
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	lines := bufio.NewReader(file)
	begin, line := time.Now(), ""
	// read reads the effects until there are want, or until no more are there.
	read := func(want int) {
		for late := time.Now().Add(time.Minute); len(v.seen) < want || want == 0; {
			more, err := lines.ReadString('\n')
			switch line += more; {
			case err == nil:
				v.read(t, line)
				line = ""
			case want == 0:
				return
			case time.Now().After(late):
				require.FailNow(t, "events are missing", "%d of %d", len(v.seen), want)
			default:
				time.Sleep(time.Millisecond)
			}
		}
	}
	for round := range kills + 1 {
		child := exec.Command(os.Args[0]) //nolint:gosec // this binary
		child.Env = append(os.Environ(), workerEnv+"="+strings.Join([]string{addr, stream, mode, name}, " "))
		child.Stderr = os.Stderr
		require.NoError(t, child.Start())
		read((round + 1) * n / (kills + 1))
		require.NoError(t, child.Process.Kill())
		_ = child.Wait() // it was killed
	}
	read(0)
	t.Logf("%s: %d events, %d kills, %.1f s: lost %d, twice %d, out of order %d, dead letters %d, repeated and ignored %d",
		mode, n, kills, time.Since(begin).Seconds(), n-len(v.seen), v.twice, v.disorder, v.dead, v.repeated)
	require.Len(t, v.seen, n, "lost")
	require.Zero(t, v.twice)
	if mode == "consumer" {
		require.Zero(t, v.disorder)
	}
	require.Equal(t, (n-13+96)/97, v.dead)
	require.LessOrEqual(t, v.repeated, (kills+1)*maxUncommitted)
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
	}
	if f[0] == "dead" {
		v.dead++
	}
	v.seen[f[1]] = true
	v.last[f[2]] = n
}
