package files

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
)

// identity tells a file from the others, whatever its name is. It is zero where the
// system has none.
type identity struct {
	Device uint64 `json:"device,omitempty"`
	Inode  uint64 `json:"inode,omitempty"`
}

const (
	headSize = 256 // of the fingerprint of a file
	tailSize = 64  // of the mark before a position
)

// fingerprint is that of the first bytes of a file.
type fingerprint struct {
	Len int    `json:"len"`
	Sum string `json:"sum,omitempty"`
}

func fingerprintOf(head []byte) fingerprint {
	sum := sha256.Sum256(head)
	return fingerprint{len(head), hex.EncodeToString(sum[:16])}
}

// position is a place in a file, after a record. The sum of the bytes before it tells
// whether the file still has that record.
type position struct {
	Offset int64  `json:"offset"`
	Len    int32  `json:"len,omitempty"` // of the bytes before Offset that Sum is of
	Sum    uint32 `json:"sum,omitempty"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// positionAfter is the position after a record with the bytes raw that ends at offset.
func positionAfter(offset int64, raw []byte) position {
	tail := raw[max(0, len(raw)-tailSize):]
	return position{offset, int32(len(tail)), crc32.Checksum(tail, castagnoli)} //nolint:gosec // at most tailSize
}

// readAt reads the bytes of r from offset on, and fewer than len(b) only at the end.
func readAt(r io.ReaderAt, b []byte, offset int64) (int, error) {
	n, err := r.ReadAt(b, offset)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// headOf reads the first bytes of r.
func headOf(r io.ReaderAt) ([]byte, error) {
	b := make([]byte, headSize)
	n, err := readAt(r, b, 0)
	return b[:n], err
}

// reached reports whether r has the record before p. bare is true if that record has
// no line end.
func (p position) reached(r io.ReaderAt) (ok, bare bool, err error) {
	if p.Len == 0 {
		return true, false, nil
	}
	var b [tailSize]byte
	n, err := readAt(r, b[:p.Len], p.Offset-int64(p.Len))
	if err != nil || n < int(p.Len) {
		return false, false, err
	}
	return crc32.Checksum(b[:n], castagnoli) == p.Sum, b[n-1] != '\n', nil
}

// begins reports whether the bytes of a file begin with those that p is of.
func (p fingerprint) begins(head []byte) bool {
	return len(head) >= p.Len && (p.Len == 0 || fingerprintOf(head[:p.Len]) == p)
}

// grown reports whether now is what was before, and perhaps more.
func grown(before, now []byte) bool { return bytes.HasPrefix(now, before) }
