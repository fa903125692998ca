package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// forgetAfter is how long a file is remembered after it has gone, since it may come
// back.
const forgetAfter = time.Hour

// follower finds the files of a pattern, and reads them. One goroutine uses it.
type follower struct {
	reader
	pattern string
	files   []*file       // in the order in which they are read
	known   map[any]*file // by key; also those that have ended
	ended   map[*file]time.Time
	looked  time.Time
	again   bool // look before the next pass
	first   bool // no look yet
	clock   int64
	told    map[string]bool // names that the last look had trouble with
	before  map[string]bool // and those of the look before

	// adopt notes new files before they are read.
	adopt func(ctx context.Context, fs []*file) error
	// note learns of changes of a file.
	note func(f *file)
	// keep makes what was noted durable, if it is about the beginning of a file.
	keep func(ctx context.Context) error
	// forget reports whether a file that has gone may be forgotten.
	forget func(f *file) bool
	room   <-chan struct{}
}

func newFollower(pattern string, s settings) *follower {
	return &follower{
		reader: reader{settings: s}, pattern: filepath.Clean(pattern), known: map[any]*file{}, ended: map[*file]time.Time{},
		first: true, adopt: func(context.Context, []*file) error { return nil }, forget: func(*file) bool { return true },
		note: func(f *file) { f.dirty = false }, keep: func(context.Context) error { return nil },
	}
}

// run reads until ctx ends, emit refuses, or all is read and nothing is followed.
func (w *follower) run(ctx context.Context) error {
	defer w.closeAll()
	wait := time.NewTimer(w.poll)
	defer wait.Stop()
	for ctx.Err() == nil {
		if w.again || w.looked.IsZero() || time.Since(w.looked) >= w.poll {
			if err := w.look(ctx); err != nil {
				return err
			}
		}
		st, err := w.pass(ctx)
		switch {
		case err != nil:
			return err
		case st == over:
			return nil
		case st == busy:
			continue
		case st == atEnd && !w.follow:
			return nil
		case st == stale:
			w.again = true
			continue
		}
		wait.Reset(w.poll)
		select {
		case <-wait.C:
		case <-w.room:
		case <-ctx.Done():
		}
	}
	return nil
}

// pass reads each file as far as it goes.
func (w *follower) pass(ctx context.Context) (all state, err error) {
	until := w.looked.Add(w.poll)
	for _, f := range slices.Clone(w.files) {
		if ctx.Err() != nil {
			return over, nil
		}
		st, err := w.visit(f, until)
		switch {
		case errors.Is(err, ErrTooLong):
			return st, err
		case err != nil:
			if err := w.failed(f, err); err != nil {
				return st, err
			}
			continue
		case st == over:
			return over, nil
		case st == stale:
			f.suspect = true
		}
		all = worse(all, st)
		if st != atEnd && !w.interleaved {
			break
		}
	}
	return all, nil
}

// worse is the state of two files together.
func worse(a, b state) state {
	for _, s := range []state{stale, busy, blocked} {
		if a == s || b == s {
			return s
		}
	}
	return atEnd
}

// failed is the end of a pass over f. The error is tried again if the file is followed.
func (w *follower) failed(f *file, err error) error {
	f.close()
	if !w.follow {
		return err
	}
	if !f.told {
		f.told = true
		w.trouble(Trouble{f.path, f.at.Offset, err})
	}
	return nil
}

// visit reads f, and ends it when it is over.
func (w *follower) visit(f *file, until time.Time) (state, error) {
	quiet := time.Since(f.quiet)
	if f.left {
		if f.handle == nil && !w.locate(f) {
			w.gone(f)
			return atEnd, nil
		}
		if info, err := f.handle.Stat(); err == nil && info.Size() > f.size {
			f.size, f.quiet, quiet = info.Size(), time.Now(), 0
		}
	}
	if f.at.Offset < f.size {
		w.limitOpen(f)
		if st, err := w.advance(f, until); st != atEnd || err != nil {
			if st == stale && err == nil && f.left {
				w.gone(f)
				return atEnd, nil
			}
			return st, err
		}
	}
	last := f.left && quiet >= w.linger
	if last || !w.follow || w.flush > 0 && quiet >= w.flush {
		if st, err := w.flushRest(f); st != atEnd || err != nil {
			return st, err
		}
	}
	if last {
		w.end(f)
	}
	return atEnd, nil
}

// advance opens f, and reads it.
func (w *follower) advance(f *file, until time.Time) (state, error) {
	isStale, err := f.open()
	switch {
	case isStale:
		return stale, nil
	case err != nil:
		return busy, err
	}
	f.told = false
	return w.read(f, until)
}

func (w *follower) flushRest(f *file) (state, error) {
	if f.handle == nil { // all of it was read, and it was closed
		return atEnd, nil
	}
	return w.rest(f)
}

// gone ends a file that can't be found any more.
func (w *follower) gone(f *file) {
	if f.size > f.at.Offset {
		w.trouble(Trouble{f.path, f.at.Offset, fmt.Errorf("%w: %d bytes are missing", errGone, f.size-f.at.Offset)})
	}
	w.end(f)
}

// end takes f out. It is remembered for a while.
func (w *follower) end(f *file) {
	f.close()
	w.files = slices.DeleteFunc(w.files, func(g *file) bool { return g == f })
	w.ended[f] = time.Now()
	w.note(f)
}

// locate finds a file again that has another name now, in its directory or among the
// copies, and opens it.
func (w *follower) locate(f *file) bool {
	var names []string
	if f.ident != (identity{}) {
		entries, _ := os.ReadDir(filepath.Dir(f.path)) // without it, it is not found
		for _, e := range entries {
			names = append(names, filepath.Join(filepath.Dir(f.path), e.Name()))
		}
	}
	for _, name := range names {
		if c, ok, err := lookAt(name); err == nil && ok && c.ident == f.ident && w.claim(f, c) {
			return true
		}
	}
	return w.locateCopy(f)
}

// locateCopy finds the file that has the content of f now, and opens it. Of several, it
// is the one with the most, or the newest, if nothing of f was read.
func (w *follower) locateCopy(f *file) bool {
	if w.copies == "" || f.at.Len == 0 && len(f.head) == 0 && f.stored.Len == 0 {
		return false // every file begins like f
	}
	names, _ := expand(w.copies) // without it, it is not found
	var cs []found
	for _, name := range names {
		if c, ok, err := lookAt(name); err == nil && ok && w.known[c.key()] == nil {
			cs = append(cs, c)
		}
	}
	slices.SortFunc(cs, func(a, b found) int {
		if c := cmp.Compare(b.size, a.size); c != 0 && f.at.Len > 0 {
			return c
		}
		return older(b, a)
	})
	return slices.ContainsFunc(cs, func(c found) bool { return w.claim(f, c) })
}

// claim makes c the file of f, if c has its content.
func (w *follower) claim(f *file, c found) bool {
	h, err := openFile(c.path)
	if err != nil {
		return false
	}
	if same, err := f.contentIn(h, c.size); err != nil || !same {
		_ = h.Close() // it was only read
		return false
	}
	f.close()
	if w.known[f.key()] == f {
		delete(w.known, f.key())
	}
	f.handle, f.checked, f.path, f.ident, f.size, f.mtime = h, true, c.path, c.ident, c.size, c.mtime
	f.dirty = true
	w.known[f.key()] = f
	return true
}

// limitOpen closes the file that was not used for the longest time, if there are too
// many open ones.
func (w *follower) limitOpen(f *file) {
	w.clock++
	f.used = w.clock
	if f.handle != nil {
		return
	}
	open := 0
	var oldest *file
	for _, g := range w.files {
		if g.handle == nil {
			continue
		}
		open++
		if !g.left && (oldest == nil || g.used < oldest.used) {
			oldest = g
		}
	}
	if open >= w.maxOpen && oldest != nil {
		oldest.close()
	}
}

func (w *follower) closeAll() {
	for _, f := range w.files {
		f.close()
	}
}

// check finds what is wrong with the pattern's file at the start. A file that is not
// there yet may come.
func (w *follower) check() error {
	if hasMeta(w.pattern) {
		return nil
	}
	h, err := openFile(w.pattern)
	if errors.Is(err, fs.ErrNotExist) && w.follow {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := h.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("files: %s is not a regular file: its mode is %v", w.pattern, info.Mode())
	}
	return errors.Join(err, h.Close())
}
