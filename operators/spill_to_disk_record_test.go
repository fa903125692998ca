package operators

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/scratch"
)

// FuzzRecordReader reads what may be anything: it gives records as they were
// written, or an error, and reads nothing behind its limit.
func FuzzRecordReader(f *testing.F) {
	two, _ := appendRecord(nil, []byte("one"))
	two, _ = appendRecord(two, nil)
	f.Add(two, 0, uint16(0))
	f.Add(two[:10], 0, uint16(0))
	f.Add(two, 3, uint16(0))
	f.Add([]byte{255, 255, 255, 255, 0, 0, 0, 0, 1}, 0, uint16(100))
	f.Add(two, 0, uint16(65_530))
	f.Fuzz(func(t *testing.T, file []byte, beyond int, length uint16) {
		first := bytes.Repeat([]byte{7}, int(length)) // so that records lie across what is read at a time
		front, err := appendRecord(nil, first)
		require.NoError(t, err)
		file = append(front, file...)
		limit := max(0, len(file)-max(0, beyond%(len(file)+1)))
		var r recordReader
		r.open(bytes.NewReader(file[:limit]))
		var again []byte
		for len(again) < limit {
			payload, err := r.next(int64(limit))
			if err != nil {
				require.Error(t, err)
				break
			}
			again, err = appendRecord(again, payload)
			require.NoError(t, err)
		}
		require.True(t, bytes.HasPrefix(file[:limit], again))
	})
}

func TestRecordReader(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var file []byte
	var payloads [][]byte
	for range 400 {
		payload := make([]byte, random.IntN(1000))
		if random.IntN(50) == 0 {
			payload = make([]byte, readAhead+random.IntN(3*readAhead))
		}
		for i := range payload {
			payload[i] = byte(random.Uint32())
		}
		payloads = append(payloads, payload)
	}
	// Each is read when it is written, or later.
	var r recordReader
	ends := []int64{0}
	for _, p := range payloads {
		var err error
		file, err = appendRecord(file, p)
		require.NoError(t, err)
		ends = append(ends, int64(len(file)))
	}
	for _, lag := range []int{0, 1, 399} {
		r.open(bytes.NewReader(file))
		for i, p := range payloads {
			got, err := r.next(ends[min(i+1+lag, len(payloads))])
			require.NoError(t, err)
			require.True(t, bytes.Equal(p, got), i)
		}
		_, err := r.next(int64(len(file)))
		require.ErrorIs(t, err, errRecordDamaged, "there is none")
	}
	r.open(bytes.NewReader(file[:20]))
	_, err := r.next(int64(len(file)))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "the file was cut")
	r.open(failingReader{})
	_, err = r.next(100)
	require.ErrorIs(t, err, syscall.EIO)
}

// first emits the numbers below n, all but the first one a second later.
func first(n int) turbopipes.Observable[int] {
	return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		for i := 0; i < n && emit(i); i++ {
			if i == 0 {
				time.Sleep(time.Second)
			}
		}
		return nil
	})
}

type failingReader struct{}

func (failingReader) ReadAt([]byte, int64) (int, error) { return 0, syscall.EIO }

// fullDisk is a file that has room for so many bytes more.
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

// A record that is torn by a full disk is not read; what is before it is delivered,
// and then the stream fails. Nothing is left, neither of files nor open.
func TestSpillToFullDisk(t *testing.T) {
	payload := bytes.Repeat([]byte{'x'}, 92) // a record of 100 bytes
	codec := Codec[int]{
		Encode: func(v int) ([]byte, error) { payload[0] = byte(v); return payload, nil },
		Decode: func(b []byte) (int, error) { return int(b[0]), nil },
	}
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
				op := spillInto("SpillToDisk", dir, 1, codec, opt.Backpressure[int]{MaxBytes: c.most}, func(d *scratch.Dir, n int) (io.WriteCloser, error) {
					file, err := d.Create(n)
					if err != nil {
						return nil, err
					}
					files = append(files, &fullDisk{file.(*os.File), c.room, c.closeErr})
					return files[len(files)-1], nil
				})
				got := 0
				s := op(first(c.emits)).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) {
					require.Equal(t, got, v)
					got++
					if got == 1 {
						time.Sleep(time.Minute) // upstream has done what it may
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
