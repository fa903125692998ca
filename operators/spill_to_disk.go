package operators

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/ring"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scratch"
)

// Codec turns items into bytes, and bytes into items.
type Codec[T any] struct {
	// Encode's slice is read before Encode is called again, so that it may be the
	// same one each time.
	Encode func(T) ([]byte, error)
	// Decode is given a slice of its own each time, and may keep it.
	Decode func([]byte) (T, error)
}

// WithMaxBytes bounds the size of the files of a [SpillToDisk], which holds
// upstream when it would be exceeded. An item that is larger by itself has to wait
// until nothing else is on disk. b < 1 is an ErrInvalidArgument.
func WithMaxBytes[T any](b int64) BackpressureOption[T] {
	bad := ""
	if b < 1 {
		bad = "WithMaxBytes is less than 1"
	}
	return special("WithMaxBytes", bad, func(o *opt.Backpressure[T]) { o.MaxBytes = b })
}

// SpillToDisk lets upstream run ahead of downstream by more than memory should
// hold: up to mem items wait in memory, and those behind them in files.
//
//	in:  abcd-|              mem: 1; c and d are on disk meanwhile
//	out: a----b----c----d----|     downstream takes 5 for an item
//
// The files are in a new sub-directory of dir, or of [os.TempDir] where dir is
// empty. A relative dir is that of the working directory when SpillToDisk is called.
// The sub-directory is made when the stream is subscribed to, so that a bad dir shows
// at once, and removed at its end, whatever the end, a panic included. Where the
// working directory changes meanwhile, or a symbolic link in dir, the files stay
// where they are, and are removed there. c turns the items that go through it into
// bytes, and back. Files are cut at 4 MiB, and each is removed when what is in it has
// been delivered, so that the disk holds what waits and one file more at most;
// nothing is synced, since nothing has to outlive the process.
//
// A process that is killed, or ends without waiting for its streams, leaves the
// sub-directory behind. The next SpillToDisk with the same dir removes it, on the
// same machine: the name has the process in it, and a lock tells whether it lives.
//
// Items lie in the files as Encode returns them: in plain text, unless it encrypts
// them. Only the user of the process may read them. A temporary directory may be
// memory itself (tmpfs); there, SpillToDisk saves no memory.
//
// Emits when downstream is free and an item waits, in the order in which they came.
// What waits is delivered before a completion or an error of upstream. Completes
// with upstream. Fails with it; and where an item can't be encoded or written, as
// when the disk is full, with an error that wraps the cause, behind what waits
// already: that item counts as dropped and goes to [OnDrop]. Where an item can't be
// read back or decoded, the stream fails at once, and what is left is discarded.
//
// What is left at an early end is counted as discarded. It goes to OnDrop as well,
// and only for that is it read from disk; what can't be read or decoded then is
// counted only, and the first such error is joined into the stream's. Encode runs on
// upstream's goroutine, Decode on the subscriber's; where Encode panics, the item
// counts as dropped.
//
// Backpressure: upstream is held by the writing only, unless [WithMaxBytes] bounds
// the disk. Memory: mem items, the largest item once or twice in bytes, and a buffer
// of 64 KiB. Goroutines: one, for upstream, joined before it ends.
//
// A mem below 1, a Codec without one of its functions and a bad option are an
// ErrInvalidArgument. It has no counterpart in RxJS, Reactor and Pekko; to bound
// what waits in memory, see [OnBackpressureBuffer].
func SpillToDisk[T any](dir string, mem int, c Codec[T], opts ...BackpressureOption[T]) turbopipes.Operator[T, T] {
	const name = "SpillToDisk"
	switch {
	case mem < 1:
		return turbopipes.Invalid[T, T](name, "mem is less than 1")
	case c.Encode == nil:
		return turbopipes.Invalid[T, T](name, "the Codec's Encode is nil")
	case c.Decode == nil:
		return turbopipes.Invalid[T, T](name, "the Codec's Decode is nil")
	}
	return withOptions(name, "WithMaxBytes", opts, func(o opt.Backpressure[T]) turbopipes.Operator[T, T] {
		return spillInto(name, absoluteDir(dir), mem, c, o, (*scratch.Dir).Create)
	})
}

// absoluteDir is dir, whatever the working directory will be.
func absoluteDir(dir string) string {
	if absolute, err := filepath.Abs(dir); err == nil && dir != "" {
		return absolute
	}
	return dir
}

func spillInto[T any](name, dir string, mem int, c Codec[T], o opt.Backpressure[T], create func(d *scratch.Dir, n int) (io.WriteCloser, error)) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		sub, err := scratch.New(ctx, cmp.Or(dir, os.TempDir()))
		if err != nil {
			return spillError("create", err)
		}
		s := spilling[T]{Codec: c, mem: uint64(mem), dir: sub, create: create, log: newSpillLog(o.MaxBytes)}
		defer func() { err = fault.Join(err, s.remove()) }()
		s.Desk = handoff.OpenDesk(ctx, name)
		s.lost = dropping(o).At(s.Stage())
		defer func() { err = fault.Join(err, s.left()) }()
		defer s.Close(&err)
		s.Start(func(ctx context.Context) error { return in.Push(ctx, s.put) })
		for {
			v, ok, err := s.next()
			if !ok {
				return err
			}
			if !emit(v) {
				return nil
			}
		}
	})
}

// spillError says that what doing has failed with err.
func spillError(doing string, err error) error {
	return fmt.Errorf("turbopipes: SpillToDisk: %s: %w", doing, err)
}

// spilling is one run of a SpillToDisk.
type spilling[T any] struct {
	*handoff.Desk
	Codec[T]
	lost    run.Account[T]
	refused run.Refused[T]
	mem     uint64
	dir     *scratch.Dir
	create  func(d *scratch.Dir, n int) (io.WriteCloser, error)

	// Guarded by the Desk. What is in memory came before what is on disk.
	ring   ring.Ring[T]
	lo, hi uint64
	log    spillLog

	record []byte // of upstream's goroutine: the room for one

	// Of the subscriber's goroutine.
	file    *os.File // of the oldest segment, or nil
	records recordReader
	failed  error // what the next call of next has to tell
	broken  bool  // what is on disk can't be read any more
}

func (s *spilling[T]) fell(v T) error { return s.lost.Drop(v) }

// put stores v, on upstream's goroutine.
func (s *spilling[T]) put(v T) bool {
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
	var to, full *spillSegment
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
		s.Do(func() { s.log.abort(full) }) // what may be there of the record is not read
		return s.Refuse(fault.Join(spillError("write", err), s.fell(v)))
	}
	s.Do(func() { s.log.commit(to, full) })
	return true
}

// remember stores v in memory, where there is room and nothing is on disk that
// would come before it. It is called under the lock.
func (s *spilling[T]) remember(v T) bool {
	if !s.log.empty() || s.hi-s.lo >= s.mem {
		return false
	}
	s.ring.Grow(s.lo, s.hi)
	*s.ring.At(s.hi) = v
	s.hi++
	return true
}

func (s *spilling[T]) encode(v T) (record []byte, err error) {
	var payload []byte
	unlessItPanics(v, s.fell, func() { payload, err = s.Encode(v) })
	if err == nil {
		s.record, err = appendRecord(s.record[:0], payload)
	}
	if err != nil {
		return nil, spillError("encode", err)
	}
	return s.record, nil
}

// write appends record to a segment that was reserved for it, behind one that
// full is the end of. Nobody else touches the two then.
func (s *spilling[T]) write(to, full *spillSegment, record []byte) error {
	if full != nil {
		if err := full.file.Close(); err != nil {
			return err // what was written may be lost
		}
	}
	if to.file == nil {
		file, err := s.create(s.dir, to.id)
		if err != nil {
			return err
		}
		to.file = file
	}
	_, err := to.file.Write(record)
	if err != nil && to.size == 0 {
		_ = to.file.Close() // it is new, and the log will not know of it
	}
	return err
}

// next gives the oldest item, on the subscriber's goroutine. Without one, it gives
// what the stream ends with.
func (s *spilling[T]) next() (v T, ok bool, err error) {
	var from spillPlace
	var gone []*spillSegment
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

// read gives the oldest item on disk, and takes it out of the log, also where it
// can't be decoded: it is discarded then.
func (s *spilling[T]) read(from spillPlace) (v T, err error) {
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

func (s *spilling[T]) payload(from spillPlace) (_ []byte, err error) {
	if s.file == nil {
		if s.file, err = s.dir.Open(from.id); err != nil {
			return nil, err
		}
		s.records.open(s.file)
	}
	return s.records.next(from.size)
}

// consumed takes the oldest record out of the log.
func (s *spilling[T]) consumed() {
	var gone []*spillSegment
	s.Do(func() {
		s.log.take()
		gone = s.log.exhausted()
	})
	s.forget(gone)
}

// forget removes segments that are exhausted, of which the first is the one that
// was read.
func (s *spilling[T]) forget(gone []*spillSegment) {
	for _, g := range gone {
		s.closeFile()
		if g.file != nil {
			_ = g.file.Close() // all that was in it has been read
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

func (s *spilling[T]) closeFile() {
	if s.file != nil {
		_ = s.file.Close() // it was only read
		s.file = nil
	}
}

// left accounts for what was not delivered. Everyone has ended.
func (s *spilling[T]) left() (err error) {
	defer func() { s.lost.Count(s.log.records) }() // what is not read below
	inMemory := make([]T, 0, s.hi-s.lo)
	for ; s.lo < s.hi; s.lo++ {
		inMemory = append(inMemory, s.ring.Take(s.lo))
	}
	defer func() { err = fault.Join(err, s.lost.Discard(s.refused.Take()...)) }() // it came last
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

// remove takes everything off the disk. Everyone has ended.
func (s *spilling[T]) remove() error {
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
