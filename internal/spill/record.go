package spill

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
)

// A record has a header and a payload. The header is the length of the payload and its
// CRC-32C, each four bytes, little-endian.
const recordHeader = 8

// readAhead is the number of bytes that a recordReader reads at a time.
const readAhead = 64 << 10

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)

	errRecordTooLong = errors.New("the item takes more than 4 GiB")
	errRecordDamaged = errors.New("the file is damaged")
)

// appendRecord appends the record of payload to b.
func appendRecord(b, payload []byte) ([]byte, error) {
	if uint64(len(payload)) > math.MaxUint32 {
		return b, errRecordTooLong
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload))) //nolint:gosec // it fits
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(payload, castagnoli))
	return append(b, payload...), nil
}

// recordReader reads records one after another. It never reads beyond the limit that
// the caller sets, because the record there may be half written.
type recordReader struct {
	from io.ReaderAt
	at   int64  // where buf begins
	buf  []byte // the bytes that were read ahead, a part of room
	room []byte
}

// open starts at the beginning of from.
func (r *recordReader) open(from io.ReaderAt) {
	if r.room == nil {
		r.room = make([]byte, readAhead)
	}
	r.from, r.at, r.buf = from, 0, nil
}

// next returns the payload of the next record, in a new slice. The records end at
// limit.
func (r *recordReader) next(limit int64) (payload []byte, err error) {
	if len(r.buf) < recordHeader {
		if err := r.fill(limit); err != nil {
			return nil, err
		}
	}
	length, sum := int64(binary.LittleEndian.Uint32(r.buf)), binary.LittleEndian.Uint32(r.buf[4:])
	if length > limit-r.at-recordHeader {
		return nil, errRecordDamaged
	}
	r.skip(recordHeader)
	payload = make([]byte, length)
	n := copy(payload, r.buf)
	r.skip(n)
	if err := r.read(payload[n:]); err != nil {
		return nil, err
	}
	r.at += length - int64(n)
	if crc32.Checksum(payload, castagnoli) != sum {
		return nil, errRecordDamaged
	}
	return payload, nil
}

func (r *recordReader) skip(n int) {
	r.buf = r.buf[n:]
	r.at += int64(n)
}

// fill reads ahead, at least a header.
func (r *recordReader) fill(limit int64) error {
	have := copy(r.room, r.buf)
	want := min(int64(len(r.room)), limit-r.at)
	if want < recordHeader {
		return errRecordDamaged
	}
	r.buf = r.room[:have]
	n, err := r.from.ReadAt(r.room[have:want], r.at+int64(have))
	r.buf = r.room[:have+n]
	return wholeRead(n, int(want)-have, err)
}

// read fills b from the position after buf, which must be empty.
func (r *recordReader) read(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	n, err := r.from.ReadAt(b, r.at)
	return wholeRead(n, len(b), err)
}

// wholeRead returns the error of a read that returned n of the wanted bytes and err.
func wholeRead(n, wanted int, err error) error {
	switch {
	case n == wanted:
		return nil
	case err == nil || errors.Is(err, io.EOF): // the file was cut
		return io.ErrUnexpectedEOF
	}
	return err
}
