package delivery_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

func journal(t *testing.T, path string) *delivery.FileJournal {
	t.Helper()
	j, err := delivery.OpenJournal(path)
	require.NoError(t, err)
	return j
}

func TestFileJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := journal(t, path)
	for i, id := range []string{"a", "b", "a"} {
		before, err := j.Begin(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, i/2, before)
	}
	require.NoError(t, j.End("b"))
	require.NoError(t, j.End("never"))
	_, err := j.Begin(t.Context(), "c") // writes the end of b
	require.NoError(t, err)

	// The process ends here: without a Close, and with a line cut short.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString("+ha")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	again := journal(t, path)
	require.Equal(t, []int{2, 0, 1, 0}, []int{again.Count("a"), again.Count("b"), again.Count("c"), again.Count("ha")})
	require.NoError(t, again.End("a"))
	for range 20_000 { // it stays small
		_, err := again.Begin(t.Context(), "x")
		require.NoError(t, err)
		require.NoError(t, again.End("x"))
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(30_000))
	require.NoError(t, again.Close())
	require.NoError(t, again.Close())
	require.NoError(t, j.Close())
	last := journal(t, path)
	require.Equal(t, []int{0, 1}, []int{last.Count("a"), last.Count("c")})
	_, err = last.Begin(t.Context(), "a\nb")
	require.Error(t, err)
	require.NoError(t, last.Close())
	_, err = last.Begin(t.Context(), "a")
	require.ErrorIs(t, err, os.ErrClosed)

	require.NoError(t, os.WriteFile(path, []byte("hello\n"), 0o600))
	_, err = delivery.OpenJournal(path)
	require.ErrorContains(t, err, "not a journal")
	_, err = delivery.OpenJournal(filepath.Join(path, "below"))
	require.Error(t, err)
}

// TestAttempts: an event that ends the process is dead-lettered after k starts, and its
// neighbours are not.
func TestAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "journal")
		b := published("a1", "b1", "c1", "d1", "e1")
		var mu sync.Mutex
		effects := map[string]int{}
		var dead []string
		// start is a process: it ends when poison has begun.
		start := func() error {
			j := journal(t, path)
			ctx, end := context.WithCancel(t.Context())
			defer end()
			s := delivery.Process(logOf(b), 5, func(ctx context.Context, d event) error {
				if string(d.Value) == "c1" {
					require.NoError(t, sleep(ctx, time.Second/2))
					b.Crash()
					// Nothing of this process reaches the journal any more.
					require.NoError(t, j.Close())
					require.NoError(t, os.Rename(path, path+".kept"))
					end()
					return ctx.Err()
				}
				if err := sleep(ctx, time.Second); err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				effects[string(d.Value)]++
				return nil
			}, delivery.Attempts(3, j), delivery.DeadLetter(func(_ context.Context, d delivery.Dead[[]byte]) error {
				require.ErrorIs(t, d.Err, delivery.ErrPoison)
				dead = append(dead, string(d.Delivery.Value))
				return nil
			}), delivery.Retry(tp.Infinite, operators.Constant(time.Second)))
			err := s.Drain(ctx)
			if _, e := os.Stat(path + ".kept"); e == nil {
				require.NoError(t, os.Rename(path+".kept", path))
			} else {
				require.NoError(t, j.Close())
			}
			return err
		}
		require.Error(t, start())
		require.Empty(t, effects, "all five were running")
		require.Error(t, start())
		before := len(effects)
		require.Error(t, start())
		require.LessOrEqual(t, before, len(effects))
		require.Empty(t, dead)
		require.NoError(t, start())
		require.Equal(t, []string{"c1"}, dead)
		require.Len(t, effects, 4)
		require.Equal(t, 5, b.Committed())
		j := journal(t, path)
		require.Zero(t, j.Count("log/0@2"), "it is forgotten when it is settled")
		require.NoError(t, j.Close())
	})
}
