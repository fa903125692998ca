package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
	"github.com/turbopipes/turbopipes/operators"
)

// smallDisk is a file on a disk that has room for so many bytes.
type smallDisk struct {
	*os.File
	mu       sync.Mutex
	room     int
	writes   int
	noSync   error
	noCut    error
	gate     chan struct{} // a write waits for it to be closed
	begun    chan struct{} // closed when a write has begun
	truncate int
}

func (d *smallDisk) Write(b []byte) (int, error) {
	d.mu.Lock()
	gate, begun := d.gate, d.begun
	d.gate = nil
	d.mu.Unlock()
	if gate != nil {
		close(begun)
		<-gate
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes++
	if len(b) <= d.room {
		d.room -= len(b)
		return d.File.Write(b)
	}
	n, err := d.File.Write(b[:d.room])
	d.room = 0
	return n, errors.Join(err, &fs.PathError{Op: "write", Path: d.Name(), Err: syscall.ENOSPC})
}

func (d *smallDisk) Sync() error { return errors.Join(d.noSync, d.File.Sync()) }

func (d *smallDisk) Truncate(size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.noCut != nil {
		return d.noCut
	}
	info, err := d.Stat()
	if err != nil {
		return err
	}
	d.room += int(info.Size() - size)
	d.truncate++
	return d.File.Truncate(size)
}

func (d *smallDisk) free(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room += n
}

func appender(t *testing.T, room int) (*Appender, *smallDisk, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "out")
	a, err := OpenAppender(name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	file, _ := a.file.(*os.File)
	d := &smallDisk{File: file, room: room}
	a.file = d
	return a, d, name
}

func contentOf(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name) //nolint:gosec // the test's
	require.NoError(t, err)
	return string(b)
}

// TestFullDisk: an event whose line finds no room is not acked. It is tried again, and
// comes again after a restart. No part of a line stays.
func TestFullDisk(t *testing.T) {
	const n = 200
	a, disk, name := appender(t, 1000)
	b := deliverytest.NewBroker(1)
	for i := range n {
		b.Publish(deliverytest.Event{Key: fmt.Sprint(i % 10), Value: fmt.Appendf(nil, "line %d", i)})
	}
	b.End()
	write := func(ctx context.Context, d delivery.Delivery[[]byte]) error { return a.Append(ctx, d.Value) }
	err := delivery.Process(b.Log(deliverytest.LogOptions{}), 8, write).Drain(t.Context())
	require.ErrorIs(t, err, syscall.ENOSPC)
	lines := strings.Count(contentOf(t, name), "\n")
	require.Less(t, lines, n)
	require.LessOrEqual(t, b.Committed(), lines)
	require.True(t, strings.HasSuffix(contentOf(t, name), "\n"), "no part of a line")

	freed := sync.OnceFunc(func() { disk.free(1 << 20) })
	err = delivery.Process(b.Log(deliverytest.LogOptions{}), 8, write, delivery.Retry(turbopipes.Infinite, func(attempt int, err error) time.Duration {
		if attempt == 2 {
			freed()
		}
		return operators.Constant(time.Millisecond)(attempt, err)
	})).Drain(t.Context())
	require.NoError(t, err)
	require.Equal(t, n, b.Committed())
	seen := map[string]bool{}
	for _, l := range strings.Split(strings.TrimSpace(contentOf(t, name)), "\n") {
		seen[l] = true
	}
	require.Len(t, seen, n, "all lines, and no torn one")
}

// TestDevFull: the error of the system itself.
func TestDevFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	a, err := OpenAppender("/dev/full", NoSync())
	require.NoError(t, err)
	require.ErrorIs(t, a.Append(t.Context(), []byte("a")), syscall.ENOSPC)
	require.NoError(t, a.Close())
	require.ErrorIs(t, a.Append(t.Context(), []byte("a")), fs.ErrClosed)
	require.NoError(t, a.Close())
}

func TestAppender(t *testing.T) {
	t.Run("calls that overlap share a write", func(t *testing.T) {
		a, disk, name := appender(t, 1<<20)
		gate, begun := make(chan struct{}), make(chan struct{})
		disk.gate, disk.begun = gate, begun
		var all sync.WaitGroup
		all.Go(func() { require.NoError(t, a.Append(t.Context(), []byte("first"))) })
		<-begun
		for i := range 10 {
			all.Go(func() { require.NoError(t, a.Append(t.Context(), fmt.Appendf(nil, "%d", i), []byte("and"))) })
		}
		require.Eventually(t, func() bool {
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.waiting != nil && a.waiting.callers == 10
		}, time.Minute, time.Millisecond)
		close(gate)
		all.Wait()
		require.Equal(t, 2, disk.writes)
		require.Equal(t, 21, strings.Count(contentOf(t, name), "\n"))
	})
	t.Run("a caller that leaves", func(t *testing.T) {
		a, disk, name := appender(t, 1<<20)
		gate, begun := make(chan struct{}), make(chan struct{})
		disk.gate, disk.begun = gate, begun
		var all sync.WaitGroup
		all.Go(func() { require.NoError(t, a.Append(t.Context(), []byte("first"))) })
		<-begun
		ctx, cancel := context.WithCancel(t.Context())
		all.Go(func() { require.ErrorIs(t, a.Append(ctx, []byte("second")), context.Canceled) })
		require.Eventually(t, func() bool {
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.waiting != nil
		}, time.Minute, time.Millisecond)
		cancel()
		require.Eventually(t, func() bool {
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.waiting.callers == 0
		}, time.Minute, time.Millisecond)
		close(gate)
		all.Wait()
		require.Equal(t, "first\nsecond\n", contentOf(t, name), "a group without callers is written, too")
		require.NoError(t, a.Append(t.Context(), []byte("third")))
		require.Equal(t, "first\nsecond\nthird\n", contentOf(t, name))
		require.ErrorIs(t, a.Append(ctx, []byte("x")), context.Canceled)
	})
	t.Run("a sync that fails", func(t *testing.T) {
		a, disk, name := appender(t, 1<<20)
		require.NoError(t, a.Append(t.Context(), []byte("a")))
		disk.noSync = syscall.EIO
		require.ErrorIs(t, a.Append(t.Context(), []byte("b")), syscall.EIO)
		require.Equal(t, "a\n", contentOf(t, name), "the system may have dropped it")
		disk.noSync = nil
		require.NoError(t, a.Append(t.Context(), []byte("c")))
		require.Equal(t, "a\nc\n", contentOf(t, name))
	})
	t.Run("a file that can't be cut back", func(t *testing.T) {
		a, disk, name := appender(t, 5)
		disk.noCut = syscall.EIO
		require.ErrorIs(t, a.Append(t.Context(), []byte("abcdef")), syscall.ENOSPC)
		disk.free(100)
		require.ErrorIs(t, a.Append(t.Context(), []byte("x")), syscall.EIO, "no line after a torn one")
		disk.noCut = nil
		require.NoError(t, a.Append(t.Context(), []byte("x")))
		require.Equal(t, "x\n", contentOf(t, name))
	})
	t.Run("a file with a torn line", func(t *testing.T) {
		long := strings.Repeat("x", 3*bufferSize)
		for _, c := range []struct {
			text, ended, cut string
		}{
			{"", "z\n", "z\n"},
			{"a\n", "a\nz\n", "a\nz\n"},
			{"a\nb", "a\nb\nz\n", "a\nz\n"},
			{"b", "b\nz\n", "z\n"},
			{"a\n" + long, "a\n" + long + "\nz\n", "a\nz\n"},
			{long, long + "\nz\n", "z\n"},
		} {
			for i, opts := range [][]AppendOption{{NoSync()}, {CutTorn(), SyncEvery(time.Hour)}} {
				name := fileWith(t, c.text)
				a, err := OpenAppender(name, opts...)
				require.NoError(t, err)
				require.NoError(t, a.Append(t.Context(), []byte("z")))
				require.NoError(t, a.Close())
				require.Equal(t, []string{c.ended, c.cut}[i], contentOf(t, name))
			}
		}
	})
	t.Run("mistakes", func(t *testing.T) {
		a, _, _ := appender(t, 1)
		require.EqualError(t, a.Append(t.Context(), []byte("a\nb")), "files: Append: a line has a line end at byte 1")
		_, err := OpenAppender(filepath.Join(t.TempDir(), "x"), SyncEvery(0))
		require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
		_, err = OpenAppender(t.TempDir())
		require.Error(t, err)
	})
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "x")
	write := func(text string, err error) error {
		return Replace(name, 0o640, func(w io.Writer) error {
			_, _ = io.WriteString(w, text)
			return err
		})
	}
	require.NoError(t, write("old", nil))
	require.ErrorIs(t, write("new", syscall.ENOSPC), syscall.ENOSPC)
	require.Equal(t, "old", contentOf(t, name))
	func() {
		defer func() { _ = recover() }() // the caller's
		_ = Replace(name, 0o640, func(io.Writer) error { panic("boom") })
	}()
	require.Equal(t, "old", contentOf(t, name))
	require.NoFileExists(t, name+newSuffix)
	require.NoError(t, write("newer", nil))
	require.Equal(t, "newer", contentOf(t, name))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left")
	require.Error(t, Replace(dir, 0o600, func(io.Writer) error { return nil }))

	p := Position(filepath.Join(dir, "p"))
	text, err := p.Load(t.Context())
	require.NoError(t, err)
	require.Empty(t, text)
	require.NoError(t, p.Save(t.Context(), "17"))
	text, err = p.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, "17", text)
}
