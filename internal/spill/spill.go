// Package spill keeps the items that wait for a slow consumer: the first ones in memory,
// the others in files.
package spill

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/ring"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scratch"
)

// Config has the settings of a run.
type Config[T any] struct {
	Dir      string // the parent of the files' directory; empty: os.TempDir
	Mem      int    // items in memory
	MaxBytes int64  // bytes in files; 0: no limit
	Encode   func(T) ([]byte, error)
	Decode   func([]byte) (T, error)
	Hooks    run.Hooks[T]
	Create   func(d *scratch.Dir, n int) (io.WriteCloser, error) // makes file n
}

// Run runs up on its own goroutine and emits its items. Items that wait are kept in
// memory and in files. name is the operator's.
func Run[T any](ctx context.Context, name string, c Config[T], up feed.Push[T], emit func(T) bool) (err error) {
	dir, err := scratch.New(ctx, cmp.Or(c.Dir, os.TempDir()))
	if err != nil {
		return spillError("create", err)
	}
	s := spill[T]{Config: c, dir: dir, log: newSegmentLog(c.MaxBytes)}
	defer func() { err = fault.Join(err, s.remove()) }()
	s.Desk = handoff.OpenDesk(ctx, name)
	s.lost = c.Hooks.At(s.Stage())
	defer func() { err = fault.Join(err, s.left()) }()
	defer s.Close(&err)
	s.Start(func(ctx context.Context) error { return up(ctx, s.put) })
	for {
		v, ok, err := s.next()
		if !ok {
			return err
		}
		if !emit(v) {
			return nil
		}
	}
}

// spillError wraps err with the action that has failed.
func spillError(doing string, err error) error {
	return fmt.Errorf("turbopipes: SpillToDisk: %s: %w", doing, err)
}

// spill is one run.
type spill[T any] struct {
	*handoff.Desk
	Config[T]
	lost    run.Account[T]
	refused run.Refused[T]
	dir     *scratch.Dir

	// Guarded by the Desk. The items in memory came before the items on disk.
	ring   ring.Ring[T]
	lo, hi uint64
	log    segmentLog

	record []byte // of upstream's goroutine: room for one record

	// Of the subscriber's goroutine.
	file    *os.File // of the oldest segment, or nil
	records recordReader
	failed  error // the next call of next returns it
	broken  bool  // the items on disk can't be read any more
}

func (s *spill[T]) fell(v T) error { return s.lost.Drop(v) }

// put stores v, on upstream's goroutine.
func (s *spill[T]) put(v T) bool {
	stored := false
	if !s.Put(func() bool {
		stored = s.remember(v)
		return true
	}) {
		return s.refused.Keep(v)
	}
	if stored {
		return true
	}
	record, err := s.encode(v)
	if err != nil {
		return s.Refuse(fault.Join(err, s.fell(v)))
	}
	var to, full *segment
	if !s.Put(func() (ok bool) {
		if stored = s.remember(v); stored { // downstream has caught up
			return true
		}
		to, full, ok = s.log.reserve(int64(len(record)))
		return ok
	}) {
		return s.refused.Keep(v)
	}
	if stored {
		return true
	}
	if err := s.write(to, full, record); err != nil {
		s.Do(func() { s.log.abort(full) }) // a part of the record may be on disk, and is not read
		return s.Refuse(fault.Join(spillError("write", err), s.fell(v)))
	}
	s.Do(func() { s.log.commit(to, full) })
	return true
}

// remember stores v in memory, if there is room and no earlier item is on disk. It is
// called under the lock.
func (s *spill[T]) remember(v T) bool {
	if !s.log.empty() || s.hi-s.lo >= uint64(s.Mem) {
		return false
	}
	s.ring.Grow(s.lo, s.hi)
	*s.ring.At(s.hi) = v
	s.hi++
	return true
}

func (s *spill[T]) encode(v T) (record []byte, err error) {
	var payload []byte
	run.DropOnPanic(v, s.fell, func() { payload, err = s.Encode(v) })
	if err == nil {
		s.record, err = appendRecord(s.record[:0], payload)
	}
	if err != nil {
		return nil, spillError("encode", err)
	}
	return s.record, nil
}

// write appends record to the reserved segment to. If full, the segment before it, is
// not nil, write closes its file first. Nobody else uses the two segments meanwhile.
func (s *spill[T]) write(to, full *segment, record []byte) error {
	if full != nil {
		if err := full.file.Close(); err != nil {
			return err // records in the file may be lost
		}
	}
	if to.file == nil {
		file, err := s.Create(s.dir, to.id)
		if err != nil {
			return err
		}
		to.file = file
	}
	_, err := to.file.Write(record)
	if err != nil && to.size == 0 {
		_ = to.file.Close() // the file is new, and the log will not have it
	}
	return err
}

// next returns the oldest item, on the subscriber's goroutine. If there is none, it
// returns the end of the stream.
func (s *spill[T]) next() (v T, ok bool, err error) {
	var from position
	var gone []*segment
	switch {
	case s.failed != nil:
		return v, false, s.failed
	case !s.Take(func() bool {
		if s.lo < s.hi {
			v, ok = s.ring.Take(s.lo), true
			s.lo++
			s.Room()
			return true
		}
		gone = s.log.exhausted()
		from = s.log.head()
		return from.size > 0
	}):
		return v, false, s.Err()
	case ok:
		return v, true, nil
	}
	if s.forget(gone); s.failed != nil {
		return v, false, s.failed
	}
	if v, err = s.read(from); err != nil {
		s.failed = err
	}
	return v, err == nil, err
}

// read returns the oldest item on disk, and takes it out of the log. An item that can't
// be decoded is taken out as well, and discarded.
func (s *spill[T]) read(from position) (v T, err error) {
	payload, err := s.payload(from)
	if err != nil {
		s.broken = true
		return v, spillError("read", err)
	}
	decoded := false
	defer func() {
		if !decoded {
			s.lost.Count(1)
		}
		s.consumed()
	}()
	if v, err = s.Decode(payload); err != nil {
		return v, spillError("decode", err)
	}
	decoded = true
	return v, nil
}

func (s *spill[T]) payload(from position) (_ []byte, err error) {
	if s.file == nil {
		if s.file, err = s.dir.Open(from.id); err != nil {
			return nil, err
		}
		s.records.open(s.file)
	}
	return s.records.next(from.size)
}

// consumed takes the oldest record out of the log.
func (s *spill[T]) consumed() {
	var gone []*segment
	s.Do(func() {
		s.log.take()
		gone = s.log.exhausted()
	})
	s.forget(gone)
}

// forget removes exhausted segments. The first of them is the segment that was read.
func (s *spill[T]) forget(gone []*segment) {
	for _, g := range gone {
		s.closeFile()
		if g.file != nil {
			_ = g.file.Close() // all its records have been read
		}
		if err := s.dir.Remove(g.id); err != nil {
			s.failed = fault.Join(s.failed, spillError("remove", err))
		}
		s.Do(func() {
			s.log.bytes -= g.size
			s.Room()
		})
	}
}

func (s *spill[T]) closeFile() {
	if s.file != nil {
		_ = s.file.Close() // the file was only read
		s.file = nil
	}
}

// left accounts for the items that were not delivered. Both goroutines have ended.
func (s *spill[T]) left() (err error) {
	defer func() { s.lost.Count(s.log.records) }() // the records that are not read below
	inMemory := make([]T, 0, s.hi-s.lo)
	for ; s.lo < s.hi; s.lo++ {
		inMemory = append(inMemory, s.ring.Take(s.lo))
	}
	defer func() { err = fault.Join(err, s.lost.Discard(s.refused.Take()...)) }() // the refused item came last
	err = s.lost.Discard(inMemory...)
	if s.lost.Silent() {
		return err
	}
	told := s.failed != nil
	for s.log.records > 0 && !s.broken {
		s.forget(s.log.exhausted())
		var v T
		e := fault.Call(func() (e error) {
			v, e = s.read(s.log.head())
			return e
		})
		if e == nil {
			e = s.lost.Discard(v)
		}
		if e != nil && !told {
			err, told = fault.Join(err, e), true
		}
	}
	return err
}

// remove removes everything from the disk. Both goroutines have ended.
func (s *spill[T]) remove() error {
	s.closeFile()
	for _, g := range s.log.segments {
		if g.file != nil {
			_ = g.file.Close() // nobody will read it
		}
	}
	if err := s.dir.Close(); err != nil {
		return spillError("remove", err)
	}
	return nil
}
