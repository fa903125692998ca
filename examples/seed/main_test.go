package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/turbopipes/turbopipes/examples/internal/command"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRollingWindow(t *testing.T) {
	for range 50 { // the order of equal items is open, the total is not
		synctest.Test(t, func(t *testing.T) {
			spans, total, err := rollingWindow(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1100*time.Millisecond, total)

			for i, s := range spans {
				held := 0
				for _, other := range spans {
					if other.begun <= s.begun && s.begun < other.taken {
						held++
					}
				}
				require.LessOrEqual(t, held, atOnce, "when item %d begins", i)
				require.Equal(t, taskTime, s.ended-s.begun)
				require.GreaterOrEqual(t, s.taken, s.ended)
				if i == 5 {
					require.ErrorIs(t, s.err, errSoft)
					require.Equal(t, s.taken, s.done)
				} else {
					require.NoError(t, s.err)
					require.Equal(t, dawdle, s.done-s.taken)
				}
			}
		})
	}
}

func TestTimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		require.Zero(t, run(t.Context(), &command.Command{Name: "seed", Stdout: &out, Stderr: io.Discard, Signals: make(chan os.Signal)}))
		require.Contains(t, out.String(), "window 3333333333333333221100\n")
		require.Contains(t, out.String(), "item 5 failed (nothing to see here), and the others went on")
		require.True(t, strings.HasSuffix(out.String(), "all done after 1.1 s\n"), out.String())
	})
}

func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		signals := make(chan os.Signal, 1)
		time.AfterFunc(350*time.Millisecond, func() { signals <- os.Interrupt })
		start := time.Now()
		require.Equal(t, 130, run(t.Context(), &command.Command{Name: "seed", Stdout: &stdout, Stderr: &stderr, Signals: signals}))
		require.Equal(t, 350*time.Millisecond, time.Since(start))
		require.Equal(t, "seed: interrupted\n", stderr.String())
		require.Empty(t, stdout.String())
	})
}

func TestBadArguments(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"-x"}, {"more"}} {
		var stderr bytes.Buffer
		require.Equal(t, 2, run(t.Context(), &command.Command{Name: "seed", Args: args, Stdout: io.Discard, Stderr: &stderr}), args)
		require.Contains(t, stderr.String(), "usage: seed", args)
	}
}
