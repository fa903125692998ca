package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	tp "github.com/turbopipes/turbopipes"
)

var (
	errTooLong = errors.New("the line is too long")
	errGone    = errors.New("the log was rotated away before it was read to its end")
)

// line is a line of the log.
type line struct {
	file   int // from 1; a rotation and a truncation begin the next file
	number int // position in its file, from 1
	text   []byte
	err    error // errTooLong: the text is missing
}

// position is the progress of a follower. Everything before the position was read,
// and the whole lines in it were emitted.
type position struct {
	file   int
	offset int64
}

// follower reads a log while it grows. Rotation renames path to path.1, path.1 to
// path.2 and so on, as logrotate does. A follower that is several files behind reads
// them all. A truncated file is read from its beginning: bytes that were cut off
// before they were read are lost, for any follower.
type follower struct {
	path  string
	poll  time.Duration // time between two looks for more
	limit int           // limit of a line in bytes; longer lines are skipped
	at    atomic.Pointer[position]
}

// lines returns the log as a stream, from its beginning. The stream does not end by
// itself.
func (f *follower) lines() tp.Observable[line] {
	return tp.Create(func(ctx context.Context, emit func(line) bool) error {
		t := tail{follower: f, emit: emit, file: 1}
		defer t.close()
		buffer := make([]byte, 64<<10)
		for {
			switch n, err := t.read(buffer); {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil:
				return err
			case !t.split(buffer[:n]):
				return nil
			case n > 0:
				continue
			}
			switch more, err := t.turn(); {
			case err != nil:
				return err
			case t.refused:
				return nil
			case more:
				continue
			}
			if err := wait(ctx, f.poll); err != nil {
				return err
			}
		}
	})
}

// await waits until the follower has reached p.
func (f *follower) await(ctx context.Context, p position, patience time.Duration) error {
	for start := time.Now(); ; {
		at := f.at.Load()
		switch {
		case at != nil && *at == p:
			return nil
		case time.Since(start) > patience:
			return fmt.Errorf("the follower is not at %+v after %v, but at %+v", p, patience, at)
		}
		if err := wait(ctx, time.Millisecond); err != nil {
			return err
		}
	}
}

// tail is a running follower.
type tail struct {
	*follower
	emit    func(line) bool
	refused bool

	from   *os.File // nil until it exists
	next   *os.File // the file that was begun after from
	missed int      // how many times in a row from was not found
	offset int64
	file   int
	number int
	held   []byte // the line without an end
	skips  bool   // the line is too long
}

func (t *tail) close() {
	for _, f := range []*os.File{t.from, t.next} {
		if f != nil {
			f.Close()
		}
	}
}

// read returns the available bytes. There may be none.
func (t *tail) read(buffer []byte) (n int, err error) {
	if t.from == nil {
		if t.from, err = open(t.path); err != nil || t.from == nil {
			return 0, err
		}
	}
	if n, err = t.from.Read(buffer); errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// open returns nil if there is no such file.
func open(path string) (*os.File, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return f, err
}

// split emits the whole lines of chunk and keeps the rest. It returns false if emit
// has refused.
func (t *tail) split(chunk []byte) bool {
	t.offset += int64(len(chunk))
	for len(chunk) > 0 {
		text, rest, whole := bytes.Cut(chunk, []byte("\n"))
		if t.skips = t.skips || len(t.held)+len(text) > t.limit; !t.skips {
			t.held = append(t.held, text...)
		}
		if whole && !t.end() {
			return false
		}
		chunk = rest
	}
	t.at.Store(&position{t.file, t.offset})
	return true
}

// end emits the held line.
func (t *tail) end() bool {
	t.number++
	l := line{file: t.file, number: t.number}
	if t.skips {
		l.err = errTooLong
	} else {
		l.text = bytes.Clone(bytes.TrimSuffix(t.held, []byte("\r")))
	}
	t.held, t.skips = t.held[:0], false
	t.refused = !t.emit(l)
	return !t.refused
}

// turn looks for more at the end of a file. It returns false if there is nothing
// yet. Else it continues with the same file from its beginning, or with the next
// file.
func (t *tail) turn() (more bool, err error) {
	if t.from == nil {
		return false, nil
	}
	info, err := t.from.Stat()
	switch {
	case err != nil:
		return false, err
	case info.Size() < t.offset: // truncated
		_, err = t.from.Seek(0, io.SeekStart)
		t.begin()
		return true, err
	case t.next != nil: // and the old file was read to its end since then
		t.from.Close()
		t.from, t.next = t.next, nil
		t.begin()
		return true, nil
	}
	t.next, err = t.successor(info)
	return t.next != nil, err // read once more: the file may have grown before it was renamed
}

// begin starts at the beginning of a file. A half line of the file before will not
// become whole.
func (t *tail) begin() {
	if len(t.held) > 0 || t.skips {
		t.end()
	}
	t.file++
	t.number, t.offset = 0, 0
	t.at.Store(&position{t.file, 0})
}

// successor opens the file that was begun after ours. It returns nil if ours is the
// last one, or while a rotation is in progress.
func (t *tail) successor(ours fs.FileInfo) (*os.File, error) {
	is := func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && os.SameFile(info, ours)
	}
	after := t.path
	if is(after) {
		t.missed = 0
		return nil, nil
	}
	const most = 100 // files
	for i := 1; i <= most; i++ {
		name := fmt.Sprintf("%s.%d", t.path, i)
		if !is(name) {
			after = name
			continue
		}
		t.missed = 0
		next, err := open(after)
		if err == nil && next != nil && !is(name) { // renamed meanwhile, and so was after
			next.Close()
			next = nil
		}
		return next, err
	}
	if t.missed++; t.missed < 3 {
		return nil, nil // a file that is renamed during this search may be missed
	}
	if _, err := os.Stat(t.path + ".1"); err == nil {
		return nil, fmt.Errorf("%s: %w", t.path, errGone)
	}
	return open(t.path) // there are no older files: ours was deleted, and a new one was begun
}
