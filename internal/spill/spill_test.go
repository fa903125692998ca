package spill

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/scratch"
)

// firstAtOnce emits the numbers below n, all but the first one a second later.
func firstAtOnce(n int) turbopipes.Observable[int] {
	return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		for i := 0; i < n && emit(i); i++ {
			if i == 0 {
				time.Sleep(time.Second)
			}
		}
		return nil
	})
}

// fullDisk is a file that has room for so many more bytes.
type fullDisk struct {
	*os.File
	room     int
	closeErr error
}

func (f *fullDisk) Write(b []byte) (int, error) {
	if len(b) <= f.room {
		f.room -= len(b)
		return f.File.Write(b)
	}
	n, err := f.File.Write(b[:f.room])
	f.room = 0
	if err == nil {
		err = syscall.ENOSPC
	}
	return n, err
}

func (f *fullDisk) Close() error { return errors.Join(f.File.Close(), f.closeErr) }

// A record that is cut by a full disk is not read. The items before it are delivered, and
// then the stream fails. No file remains, on disk or open.
func TestSpillToFullDisk(t *testing.T) {
	payload := bytes.Repeat([]byte{'x'}, 92) // a record of 100 bytes
	encode := func(v int) ([]byte, error) { payload[0] = byte(v); return payload, nil }
	decode := func(b []byte) (int, error) { return int(b[0]), nil }
	for name, c := range map[string]struct {
		room     int // in each file
		closeErr error
		most     int64
		emits    int
		got      int
		err      error
	}{
		"at once":              {0, nil, 0, 20, 2, syscall.ENOSPC},
		"in a header":          {304, nil, 0, 20, 5, syscall.ENOSPC},
		"in a payload":         {350, nil, 0, 20, 5, syscall.ENOSPC},
		"between":              {300, nil, 0, 20, 5, syscall.ENOSPC},
		"in the second file":   {4150, nil, 30_000, 99, 43, nil},
		"a file is not closed": {1 << 20, syscall.EDQUOT, 30_000, 99, 43, syscall.EDQUOT},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				var files []*fullDisk
				create := func(d *scratch.Dir, n int) (io.WriteCloser, error) {
					file, err := d.Create(n)
					if err != nil {
						return nil, err
					}
					files = append(files, &fullDisk{file.(*os.File), c.room, c.closeErr})
					return files[len(files)-1], nil
				}
				config := Config[int]{Dir: dir, Mem: 1, MaxBytes: c.most, Encode: encode, Decode: decode, Create: create}
				op := turbopipes.Lift("SpillToDisk", func(ctx context.Context, in turbopipes.Observable[int], emit func(int) bool) error {
					return Run(ctx, "SpillToDisk", config, in.Push, emit)
				})
				got := 0
				s := op(firstAtOnce(c.emits)).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) {
					require.Equal(t, got, v)
					got++
					if got == 1 {
						time.Sleep(time.Minute) // upstream has gone as far as it may
					}
				}})
				err := s.Wait()
				if c.err == nil {
					require.NoError(t, err)
					c.got = c.emits
				} else {
					require.ErrorIs(t, err, c.err)
					require.EqualValues(t, 1, s.Stats().Dropped)
				}
				require.Equal(t, c.got, got)
				left, err := os.ReadDir(dir)
				require.NoError(t, err)
				require.Empty(t, left)
				require.NotEmpty(t, files)
				for _, f := range files {
					require.ErrorIs(t, f.File.Close(), os.ErrClosed)
				}
			})
		})
	}
}
