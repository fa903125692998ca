package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// AppendOption is an option of [OpenAppender].
type AppendOption interface{ opt.Option[appendSettings] }

type appendSettings struct {
	every   time.Duration // of syncs; 0: each write
	never   bool
	cutTorn bool
	perm    fs.FileMode
}

// SyncEvery lets an Append return before its lines are synced, if the last sync is less
// than every ago. A crash of the machine may lose the lines after the last sync. every ≤ 0 is an
// ErrInvalidArgument.
func SyncEvery(every time.Duration) AppendOption {
	return opt.Func[appendSettings](func(s *appendSettings) string {
		s.every = every
		return opt.Positive("SyncEvery", "every", every)
	})
}

// NoSync leaves the syncs to the system. A crash of the machine may lose lines; the end
// of the process does not.
func NoSync() AppendOption {
	return opt.Func[appendSettings](func(s *appendSettings) string { s.never = true; return "" })
}

// CutTorn makes [OpenAppender] cut off a last line that has no line end: it is from a
// crash. Without it, such a line is ended.
func CutTorn() AppendOption {
	return opt.Func[appendSettings](func(s *appendSettings) string { s.cutTorn = true; return "" })
}

// Perm sets the permissions of a new file. The default is 0o644.
func Perm(perm fs.FileMode) AppendOption {
	return opt.Func[appendSettings](func(s *appendSettings) string { s.perm = perm; return "" })
}

// appendFile is an [os.File].
type appendFile interface {
	Write(b []byte) (int, error)
	Sync() error
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
	Close() error
}

// Appender appends lines to a file. It is the sink of a stream: as the function of a
// delivery.Process, [Appender.Append] has returned nil only when the lines are in the
// file, and synced. Calls that overlap share a write and a sync, so with n tasks there
// are some n lines to a sync.
//
// A write that fails, as on a full disk, leaves no part of a line: the file is cut back
// to the last whole line. All Appends of that write return the error, so their events are
// not acked and are tried again. A file that can't be cut back is cut before the next
// write, and no line is written until then.
//
// One Appender at a time may have a file open. It may be used from any goroutine.
type Appender struct {
	set  appendSettings
	file appendFile

	mu      sync.Mutex
	waiting *group // lines for the next write; nil: none
	writing bool
	closed  bool
	idle    chan struct{} // of Close: closed when nothing is written

	// of whoever writes
	end    int64 // of the last whole line, if torn
	torn   bool
	synced time.Time
}

// group is the lines of one write.
type group struct {
	lines   []byte
	callers int           // that wait; under the lock of the Appender
	turn    chan struct{} // of capacity 1: has an element when one of the callers has to write
	done    chan struct{} // closed after err is set
	err     error
}

// OpenAppender opens the file path, and makes it if there is none. Close it after the
// stream has ended.
func OpenAppender(path string, opts ...AppendOption) (_ *Appender, err error) {
	s, bad := opt.Gather(appendSettings{perm: 0o644}, opts)
	if bad != "" {
		return nil, fault.Invalid("files.OpenAppender", bad)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, s.perm) //nolint:gosec // the caller names it
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() {
		if err := mend(file, info.Size(), s.cutTorn); err != nil {
			return nil, err
		}
		if err := syncDir(filepath.Dir(path)); err != nil && !s.never {
			return nil, err
		}
	}
	return &Appender{set: s, file: file}, nil
}

// mend ends the last line, or cuts it off.
func mend(file *os.File, size int64, cut bool) error {
	b := make([]byte, bufferSize)
	for end := size; end > 0; {
		from := max(0, end-int64(len(b)))
		n, err := readAt(file, b[:end-from], from)
		if err != nil {
			return err
		}
		i := bytes.LastIndexByte(b[:n], '\n')
		switch {
		case end == size && i == n-1:
			return nil
		case !cut:
			_, err := file.WriteString("\n")
			return err
		case i >= 0:
			return file.Truncate(from + int64(i) + 1)
		}
		if end = from; end == 0 {
			return file.Truncate(0)
		}
	}
	return nil
}

// Append appends lines, each with a line end, and returns when they are written and
// synced. Lines of one call stay together. When it has returned an error, the lines are
// not in the file, except for the error of ctx: then they may be. A line with a line end
// in it is an error.
func (a *Appender) Append(ctx context.Context, lines ...[]byte) error {
	for _, l := range lines {
		if bytes.IndexByte(l, '\n') >= 0 {
			return fmt.Errorf("files: Append: a line has a line end at byte %d", bytes.IndexByte(l, '\n'))
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	g, err := a.join(lines)
	if err != nil {
		return err
	}
	select {
	case <-g.turn:
		a.lead(g)
	case <-g.done:
	case <-ctx.Done():
		if !a.leave(g) {
			return context.Cause(ctx)
		}
		a.lead(g)
	}
	return g.err
}

// join adds lines to the next write. If none runs, it is the turn of the caller's group.
func (a *Appender) join(lines [][]byte) (*group, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, fs.ErrClosed
	}
	if a.waiting == nil {
		a.waiting = &group{turn: make(chan struct{}, 1), done: make(chan struct{})}
	}
	g := a.waiting
	g.callers++
	for _, l := range lines {
		g.lines = append(append(g.lines, l...), '\n')
	}
	if !a.writing {
		a.writing = true
		g.turn <- struct{}{}
	}
	return g, nil
}

// leave is called by a caller of g that does not wait any more. It reports whether the
// caller has to write g: it is the turn of g, and no other caller may be left to take it.
func (a *Appender) leave(g *group) (lead bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	g.callers--
	select {
	case <-g.turn:
		return true
	default:
		return false
	}
}

// lead writes g, and hands over to a caller of the next group. A group that all callers
// have left is written here.
func (a *Appender) lead(g *group) {
	for g != nil {
		a.mu.Lock()
		if a.waiting == g {
			a.waiting = nil
		}
		a.mu.Unlock()
		g.err = a.write(g.lines)
		close(g.done)
		g = a.next()
	}
}

// next returns the next group if nobody waits for it.
func (a *Appender) next() *group {
	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.waiting
	switch {
	case g == nil:
		a.writing = false
		if a.idle != nil {
			close(a.idle)
			a.idle = nil
		}
	case g.callers > 0:
		g.turn <- struct{}{}
		return nil
	}
	return g
}

// write writes lines whole, or not at all.
func (a *Appender) write(lines []byte) error {
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	if a.torn {
		if err := a.cutBack(a.end); err != nil {
			return err
		}
	} else {
		a.end = info.Size() // others may have truncated it
	}
	_, err = a.file.Write(lines)
	if err == nil && a.due() {
		if err = a.file.Sync(); err == nil {
			a.synced = time.Now()
		}
	}
	if err != nil && info.Mode().IsRegular() {
		a.torn = true
		err = errors.Join(err, a.cutBack(a.end)) // after a failed sync the system may have dropped the lines
	}
	return err
}

func (a *Appender) due() bool {
	return !a.set.never && (a.set.every == 0 || time.Since(a.synced) >= a.set.every)
}

func (a *Appender) cutBack(end int64) error {
	err := a.file.Truncate(end)
	a.torn = err != nil
	return err
}

// Close waits for a write that runs, syncs the file, and closes it.
func (a *Appender) Close() error {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return nil
	}
	a.closed = true
	if a.writing && a.idle == nil {
		a.idle = make(chan struct{})
	}
	idle := a.idle
	a.mu.Unlock()
	if idle != nil {
		<-idle
	}
	var err error
	if !a.set.never {
		err = a.file.Sync()
	}
	return errors.Join(err, a.file.Close())
}
