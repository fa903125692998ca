package files

import (
	"bytes"
	"fmt"
	"time"
)

// record is one that a file has. Its value is valid until the call returns.
type record struct {
	value  []byte
	start  int64
	after  position
	length int64 // of a record of which value is only the beginning
}

// verdict is what becomes of a record.
type verdict int

const (
	taken   verdict = iota
	full            // there is no room for it now
	refused         // no more records are wanted
)

// state is how far a file was read.
type state int

const (
	atEnd   state = iota // all of what was there at the last look
	busy                 // there is more
	blocked              // there is more, and no room
	stale                // the file is not what it was: look again
	over                 // no more records are wanted
)

var states = map[verdict]state{taken: atEnd, full: blocked, refused: over}

// reader cuts the bytes of files into records. One goroutine uses it.
type reader struct {
	settings
	buf  []byte
	emit func(f *file, r record) verdict
}

const (
	bufferSize = 64 << 10
	turn       = 1 << 20 // bytes of a file that are read in a row, if files are interleaved
)

// read reads f up to f.size, or until the time until.
func (r *reader) read(f *file, until time.Time) (state, error) {
	begin := f.at.Offset
	for f.at.Offset < f.size {
		if f.long != nil {
			if st, err := r.readLong(f, until); st != atEnd || err != nil || f.long != nil {
				return st, err
			}
			continue
		}
		b, err := r.chunk(f, f.at.Offset)
		if err != nil || b == nil {
			return stale, err
		}
		n, v, err := r.cutAll(f, b)
		switch {
		case err != nil || v != taken:
			return states[v], err
		case n == 0 && len(b) > r.most+1:
			if !r.cutLong {
				return atEnd, r.tooLong(f)
			}
			f.long = &long{bytes.Clone(b[:r.most]), f.at.Offset + int64(len(b))}
		case n == 0 && len(b) == len(r.buf):
			r.buf = make([]byte, min(2*len(r.buf), r.most+2))
		case n == 0:
			return atEnd, nil
		}
		if f.at.Offset < f.size && (time.Now().After(until) || r.interleaved && f.at.Offset-begin >= turn) {
			return busy, nil
		}
	}
	return atEnd, nil
}

func (r *reader) tooLong(f *file) error {
	return fmt.Errorf("%w: %s at %d: it has more than %d bytes: set MaxRecord or CutLong", ErrTooLong, f.path, f.at.Offset, r.most)
}

// chunk reads bytes of f from offset on. It returns nil if f has another content now.
// The check comes after the read: what was read before it is of the old content.
func (r *reader) chunk(f *file, offset int64) ([]byte, error) {
	if r.buf == nil {
		r.buf = make([]byte, bufferSize)
	}
	b := r.buf[:min(int64(len(r.buf)), f.size-offset)]
	n, err := readAt(f.handle, b, offset)
	if err != nil {
		return nil, err
	}
	same, err := f.still(offset + int64(n))
	if err != nil || !same || n == 0 {
		return nil, err
	}
	return b[:n], nil
}

// cutAll emits the whole records in b, the bytes of f from f.at on. It returns how many
// bytes were used.
func (r *reader) cutAll(f *file, b []byte) (used int, v verdict, err error) {
	used = f.trim(b)
	for used < len(b) {
		end, next, ok := r.cut(b[used:])
		if !ok {
			break
		}
		raw := b[used : used+next]
		rec := record{value: raw[:end], start: f.at.Offset, after: positionAfter(f.at.Offset+int64(next), raw)}
		if end > r.most {
			if !r.cutLong {
				return used, taken, r.tooLong(f)
			}
			rec.value, rec.length = raw[:r.most], int64(end)
		}
		if v := r.give(f, rec); v != taken {
			return used, v, nil
		}
		used += next
	}
	return used, taken, nil
}

// give emits rec, unless an option leaves rec out. f then continues after rec.
func (r *reader) give(f *file, rec record) verdict {
	skipped := f.records < r.header || r.csv && len(rec.value) == 0
	if !skipped {
		if v := r.emit(f, rec); v != taken {
			return v
		}
	}
	if f.records < r.header {
		f.records++
	}
	f.at, f.begun, f.bare = rec.after, true, false
	return taken
}

var bom = []byte("\xef\xbb\xbf")

// trim moves f after bytes that are of no record: a byte order mark, the zeros that a
// writer leaves which does not append and whose file was truncated, and the line end
// of a record that was emitted without it. It returns how many bytes these are.
func (f *file) trim(b []byte) (n int) {
	switch {
	case f.bare && b[0] == '\n':
		n = 1
	case f.bare && len(b) > 1 && b[0] == '\r' && b[1] == '\n':
		n = 2
	case f.begun:
	case f.at.Offset == 0 && bytes.HasPrefix(b, bom):
		n = len(bom)
	default:
		n = len(b) - len(bytes.TrimLeft(b, "\x00"))
	}
	if n > 0 {
		f.at, f.bare = position{Offset: f.at.Offset + int64(n)}, false
	}
	return n
}

// readLong looks for the end of a record that is longer than it may be.
func (r *reader) readLong(f *file, until time.Time) (state, error) {
	for f.long.scan < f.size {
		b, err := r.chunk(f, f.long.scan)
		if err != nil || b == nil {
			return stale, err
		}
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			end := f.long.scan + int64(i)
			rec := record{f.long.value, f.at.Offset, positionAfter(end+1, b[:i+1]), end - f.at.Offset}
			v := r.give(f, rec)
			if v == taken {
				f.long = nil
			}
			return states[v], nil
		}
		f.long.scan += int64(len(b))
		if time.Now().After(until) {
			return busy, nil
		}
	}
	return atEnd, nil
}

// rest emits the bytes after the last line end of f, which is read to its end.
func (r *reader) rest(f *file) (state, error) {
	if f.at.Offset >= f.size {
		return atEnd, nil
	}
	if f.long != nil {
		rec := record{f.long.value, f.at.Offset, position{Offset: f.size}, f.size - f.at.Offset}
		v := r.give(f, rec)
		if v == taken {
			f.long, f.bare = nil, true
		}
		return states[v], nil
	}
	b, err := r.chunk(f, f.at.Offset)
	if err != nil || b == nil {
		return stale, err
	}
	if f.trim(b) > 0 {
		return r.rest(f)
	}
	rec := record{value: b, start: f.at.Offset, after: positionAfter(f.at.Offset+int64(len(b)), b)}
	v := r.give(f, rec)
	if v == taken {
		f.bare = true
	}
	return states[v], nil
}
