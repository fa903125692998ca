package deliverytest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// The environment of a process that is to be killed.
const (
	addressEnv = "DELIVERYTEST_ADDRESS"
	effectsEnv = "DELIVERYTEST_EFFECTS"
	boundEnv   = "DELIVERYTEST_UNCOMMITTED"
)

// Address returns where the broker is, in a process that was started to be killed, and
// an empty string in all others.
func Address() string { return os.Getenv(addressEnv) }

// KillOptions are the options of [Kill].
type KillOptions struct {
	Kills  int // while the process consumes; one more follows when everything is done
	Events int // they are published before the first process starts
	// MaxUncommitted is that of the pipeline; 0 is that of the suite, 64.
	MaxUncommitted int
	// Committed reports whether the broker has all events as done. If it is set, Kill waits
	// for it in the end.
	Committed func(t testing.TB) bool
}

// Kill tests that processes that are killed lose no event. It runs the test binary again,
// for the test that has called it, and kills that process by SIGKILL again and again while
// it consumes. In the end each event has had one effect, or is a dead letter: none is lost,
// none has two, and if the harness is Ordered, the effects are in order per key. A kill
// repeats at most MaxUncommitted events for each partition. The suite of [Run] has this test
// with 8 kills and 5000 events. Kill skips the test if the harness has no Address.
//
// In that process, some calls fail and are tried again. Some events always fail, and become
// dead letters. The sink ignores an event whose value it has already. harness is called in
// each process, as that of Run is.
func Kill(t *testing.T, harness func(t *testing.T) Harness, o KillOptions) {
	if Address() != "" {
		work(harness(t)) // never returns
	}
	kill(t, harness(t), o)
}

// hopeless reports whether an event never succeeds.
func hopeless(n int) bool { return n%97 == 13 }

// work consumes until it is killed.
func work(h Harness) {
	err := consumeInto(h.Source, os.Getenv(effectsEnv))
	fmt.Fprintln(os.Stderr, "the stream has ended:", err)
	os.Exit(1)
}

func consumeInto(src delivery.Source[[]byte], file string) error {
	sink, err := openEffects(file)
	if err != nil {
		return err
	}
	bound, err := strconv.Atoi(os.Getenv(boundEnv))
	if err != nil {
		return err
	}
	return delivery.Process(src, 64, func(_ context.Context, d delivery.Delivery[[]byte]) error {
		if rand.IntN(4) == 0 {
			time.Sleep(time.Duration(rand.IntN(4)) * time.Millisecond)
		}
		switch _, n := parse(d.Value); {
		case hopeless(n):
			return delivery.Permanent(errors.New("hopeless"))
		case rand.IntN(50) == 0:
			return errors.New("now and then")
		}
		return sink.add("effect", d.Value)
	},
		delivery.MaxUncommitted(bound),
		delivery.Retry(turbopipes.Infinite, operators.Constant(time.Millisecond)),
		delivery.DeadLetter(func(_ context.Context, d delivery.Dead[[]byte]) error { return sink.add("dead", d.Delivery.Value) }),
	).Drain(context.Background())
}

// effects is a sink that has each effect once: an effect is a line in a file, in one
// write, and a process that begins reads the lines that are there.
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

func (s *effects) add(what string, event []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[string(event)] {
		what = "repeated"
	}
	s.seen[string(event)] = true
	_, err := fmt.Fprintln(s.file, what, string(event))
	return err
}

// reader reads the effects that other processes write.
type reader struct {
	*bufio.Reader
	line           string
	all            *account // effects and dead letters
	dead, repeated int
}

// next reads a line. It returns false if there is none yet.
func (r *reader) next() bool {
	more, err := r.ReadString('\n')
	if r.line += more; err != nil { // the end of the file so far
		return false
	}
	switch what, event, _ := strings.Cut(strings.TrimSuffix(r.line, "\n"), " "); what {
	case "repeated":
		r.repeated++
	case "dead":
		r.dead++
		fallthrough
	default:
		r.all.effect([]byte(event))
	}
	r.line = ""
	return true
}

// await reads until want events have had an effect or are dead letters. It fails the test at
// late.
func (r *reader) await(t *testing.T, want int, late time.Time) {
	t.Helper()
	for r.all.distinct() < want && time.Now().Before(late) {
		if !r.next() {
			time.Sleep(time.Millisecond)
		}
	}
	require.GreaterOrEqual(t, r.all.distinct(), want, "events are missing")
}

func kill(t *testing.T, h Harness, o KillOptions) {
	if h.Address == "" {
		t.Skip("the broker is in this process")
	}
	if o.MaxUncommitted == 0 {
		o.MaxUncommitted = maxUncommitted
	}
	h.Publish(t, events(0, o.Events, 200))
	name := filepath.Join(t.TempDir(), "effects")
	require.NoError(t, os.WriteFile(name, nil, 0o600))
	file, err := os.Open(name) //nolint:gosec // the test's
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	r, begin := &reader{Reader: bufio.NewReader(file), all: newAccount()}, time.Now()
	for round := range o.Kills + 1 {
		child := exec.Command(os.Args[0], "-test.run="+onlyThis(t), "-test.count=1") //nolint:gosec // this binary
		child.Env = append(os.Environ(), addressEnv+"="+h.Address, effectsEnv+"="+name, boundEnv+"="+strconv.Itoa(o.MaxUncommitted))
		child.Stderr = os.Stderr
		require.NoError(t, child.Start())
		late := time.Now().Add(patience + h.Redelivery)
		r.await(t, (round+1)*o.Events/(o.Kills+1), late)
		for round == o.Kills && o.Committed != nil && !o.Committed(t) {
			require.True(t, time.Now().Before(late), "not all events are committed")
			time.Sleep(time.Millisecond)
		}
		require.NoError(t, child.Process.Kill())
		_ = child.Wait() // it was killed
	}
	for r.next() { // what was written before the last kill
	}
	wantDead := 0
	for n := range o.Events {
		if hopeless(n) {
			wantDead++
		}
	}
	t.Logf("%d events, %d kills, %.1f s: lost %d, twice %d, out of order %d, dead letters %d, repeated and ignored %d",
		o.Events, o.Kills, time.Since(begin).Seconds(), o.Events-r.all.distinct(), r.all.repeated(), len(r.all.wrong), r.dead, r.repeated)
	require.Equal(t, o.Events, r.all.distinct(), "lost")
	require.Zero(t, r.all.repeated(), "twice")
	require.Equal(t, wantDead, r.dead, "dead letters")
	require.LessOrEqual(t, r.repeated, (o.Kills+1)*max(1, h.Partitions)*o.MaxUncommitted)
	if h.Ordered {
		r.all.inOrder(t)
	}
}

// onlyThis is the pattern of the test that runs.
func onlyThis(t *testing.T) string {
	t.Helper()
	return "^" + strings.ReplaceAll(regexp.QuoteMeta(t.Name()), "/", "$/^") + "$"
}
