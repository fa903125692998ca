package spill

import (
	"bytes"
	"io"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzRecordReader reads arbitrary bytes. The reader must return the records as they
// were written, or an error, and must not read beyond its limit.
func FuzzRecordReader(f *testing.F) {
	two, _ := appendRecord(nil, []byte("one"))
	two, _ = appendRecord(two, nil)
	f.Add(two, 0, uint16(0))
	f.Add(two[:10], 0, uint16(0))
	f.Add(two, 3, uint16(0))
	f.Add([]byte{255, 255, 255, 255, 0, 0, 0, 0, 1}, 0, uint16(100))
	f.Add(two, 0, uint16(65_530))
	f.Fuzz(func(t *testing.T, file []byte, beyond int, length uint16) {
		first := bytes.Repeat([]byte{7}, int(length)) // so that records cross the borders of reads
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
	// Each record is read when it is written, or later.
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

type failingReader struct{}

func (failingReader) ReadAt([]byte, int64) (int, error) { return 0, syscall.EIO }
