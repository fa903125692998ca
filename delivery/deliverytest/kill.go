package deliverytest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/delivery"
)

// The environment of a process that is to be killed.
const (
	addressEnv = "DELIVERYTEST_ADDRESS"
	effectsEnv = "DELIVERYTEST_EFFECTS"
)

// Address returns where the broker is, in a process that the suite has started to kill
// it, and an empty string in all others.
func Address() string { return os.Getenv(addressEnv) }

// killed consumes until it is killed. An effect is a line in a file, in one write.
func killed(t *testing.T, h Harness) {
	effects, err := os.OpenFile(os.Getenv(effectsEnv), os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	err = delivery.Process(h.Source, 8, func(_ context.Context, d delivery.Delivery[[]byte]) error {
		if _, n := parse(d.Value); n%7 == 0 {
			time.Sleep(time.Millisecond)
		}
		_, err := effects.Write(append(d.Value[:len(d.Value):len(d.Value)], '\n'))
		return err
	}, delivery.MaxUncommitted(maxUncommitted)).Drain(context.Background())
	fmt.Fprintln(os.Stderr, "the stream has ended:", err)
	os.Exit(1)
}

// kill runs the test binary again, and kills that process, until all events have had
// their effect.
func kill(t *testing.T, h Harness) {
	if h.Address == "" {
		t.Skip("the broker is in this process")
	}
	const n, kills = 5000, 8
	h.Publish(t, events(0, n, 50))
	name := filepath.Join(t.TempDir(), "effects")
	require.NoError(t, os.WriteFile(name, nil, 0o600))
	a := newAccount()
	file, err := os.Open(name) //nolint:gosec // the test's
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	lines := bufio.NewReader(file)
	line := ""
	// read reads the effects until there are want, or until no more come.
	read := func(want int) {
		deadline := time.Now().Add(patience + h.Redelivery)
		for a.distinct() < want && time.Now().Before(deadline) {
			more, err := lines.ReadString('\n')
			if line += more; err != nil { // the end of the file so far
				time.Sleep(time.Millisecond)
				continue
			}
			a.effect([]byte(line[:len(line)-1]))
			line = ""
		}
		require.GreaterOrEqual(t, a.distinct(), want, "events are missing")
	}
	for round := range kills + 1 {
		child := exec.Command(os.Args[0], "-test.run=^"+topOf(t)+"$", "-test.count=1") //nolint:gosec // this binary
		child.Env = append(os.Environ(), addressEnv+"="+h.Address, effectsEnv+"="+name)
		child.Stderr = os.Stderr
		require.NoError(t, child.Start())
		read((round + 1) * n / (kills + 1))
		require.NoError(t, child.Process.Kill())
		_ = child.Wait() // it was killed
	}
	for { // what was written before the last kill
		more, err := lines.ReadString('\n')
		if line += more; err != nil {
			break
		}
		a.effect([]byte(line[:len(line)-1]))
		line = ""
	}
	require.Equal(t, n, a.distinct())
	t.Logf("%d kills: %d of %d events repeated", kills+1, a.repeated(), n)
	require.LessOrEqual(t, a.repeated(), (kills+1)*h.repeats())
	if h.Ordered {
		a.inOrder(t)
	}
}

// topOf is the name of the test that has called Run.
func topOf(t *testing.T) string {
	t.Helper()
	name := t.Name()
	for i, r := range name {
		if r == '/' {
			return name[:i]
		}
	}
	return name
}
