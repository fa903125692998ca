package files

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// look lists the files, and finds out which are new, which have grown, and which were
// renamed, removed or truncated.
func (w *follower) look(ctx context.Context) error {
	w.again, w.looked = false, time.Now()
	w.before, w.told = w.told, map[string]bool{}
	names, err := expand(w.pattern)
	if err != nil {
		if !w.follow {
			return err
		}
		w.tell(w.pattern, err)
	}
	certain := err == nil
	seen := map[*file]bool{}
	var fresh, cut []found
	var old []*file // that cut has replaced
	for _, name := range names {
		if !w.wanted(name) {
			continue
		}
		c, ok, err := lookAt(name)
		f := w.known[c.key()]
		if f == nil && ok && w.first {
			f = w.remounted(c, seen)
		}
		switch {
		case err != nil:
			certain = false
			if !w.follow {
				return err
			}
			w.tell(name, err)
		case !ok:
		case f == nil:
			fresh = append(fresh, c)
		case seen[f]: // another name of the same file
		case w.same(f, c):
			seen[f] = true
			w.update(f, c)
		default:
			seen[f] = true
			cut, old = append(cut, c), append(old, f)
		}
	}
	w.missed(seen, certain)
	for i, f := range old {
		w.replaced(f, cut[i])
	}
	w.noteAll() // before the new files are noted, durably
	err = w.take(ctx, slices.Concat(cut, fresh))
	w.first = w.first && err != nil
	w.forgetOld()
	w.noteAll()
	if failed := w.keep(ctx); failed != nil && ctx.Err() == nil {
		w.tell(w.pattern, failed)
	}
	return err
}

func (w *follower) noteAll() {
	for _, f := range w.files {
		if f.dirty {
			w.note(f)
		}
	}
}

// tell reports trouble with a name, unless the last look has.
func (w *follower) tell(name string, err error) {
	w.told[name] = true
	if !w.before[name] {
		w.trouble(Trouble{Path: name, Err: err})
	}
}

// same reports whether c has the content of f.
func (w *follower) same(f *file, c found) bool {
	_, wasOver := w.ended[f]
	all := f.at.Offset == f.size && c.size == f.size
	switch {
	case c.size < f.at.Offset:
		return false
	case reusesIdentity && f.handle == nil && all && f.size > 0 && !c.mtime.Equal(f.mtime):
		return false // another file may have the identity and the same bytes
	case !f.suspect && !wasOver && c.size == f.size && c.mtime.Equal(f.mtime):
		return true
	case f.checked && !f.suspect:
		same, err := f.still(f.at.Offset)
		return err != nil || same // the pass tells the error
	}
	h, err := openFile(c.path)
	if err != nil {
		return true // the pass tells
	}
	defer func() { _ = h.Close() }() // it was only read
	same, err := f.contentIn(h, c.size)
	return err != nil || same
}

// remounted finds the file of an earlier session that c is, if only its device has
// another number now, as after a restart of the machine.
func (w *follower) remounted(c found, seen map[*file]bool) *file {
	for _, f := range w.known {
		if f.path == c.path && f.ident.Inode == c.ident.Inode && f.ident != c.ident && !seen[f] && w.claim(f, c) {
			f.close() // there may be many
			return f
		}
	}
	return nil
}

// update notes how c was found.
func (w *follower) update(f *file, c found) {
	if _, wasOver := w.ended[f]; wasOver {
		delete(w.ended, f)
		w.files = append(w.files, f)
		f.dirty = true
	}
	if f.size != c.size {
		f.quiet = w.looked
	}
	f.dirty = f.dirty || f.path != c.path || f.size != c.size || f.left || !f.mtime.Equal(c.mtime)
	f.path, f.size, f.mtime, f.left, f.suspect = c.path, c.size, c.mtime, false, false
}

// missed marks the files that were not seen: they were renamed or removed. certain is
// false if something could not be looked at.
func (w *follower) missed(seen map[*file]bool, certain bool) {
	for _, f := range w.files {
		if seen[f] || f.left || !certain {
			continue
		}
		f.left, f.suspect, f.quiet = true, false, w.looked
	}
}

// replaced ends f, whose file has another content now. The rest of the old content may
// be in a copy.
func (w *follower) replaced(f *file, c found) {
	f.close()
	if w.known[c.key()] == f {
		delete(w.known, c.key())
	}
	if _, wasOver := w.ended[f]; wasOver {
		return
	}
	f.left, f.suspect, f.quiet = true, false, w.looked
	if w.locateCopy(f) {
		return
	}
	if f.size > f.at.Offset {
		w.trouble(Trouble{f.path, f.at.Offset, fmt.Errorf("%w: %d bytes are missing", errReplaced, f.size-f.at.Offset)})
	}
	w.end(f)
}

// take makes files of cs, in the order of their times.
func (w *follower) take(ctx context.Context, cs []found) error {
	cs = slices.DeleteFunc(cs, func(c found) bool { return w.known[c.key()] != nil })
	slices.SortFunc(cs, older)
	fs := make([]*file, 0, len(cs))
	for _, c := range cs {
		f := &file{id: newID(), path: c.path, ident: c.ident, size: c.size, mtime: c.mtime, quiet: w.looked, dirty: true}
		if err := w.meet(f); err != nil {
			return err
		}
		fs = append(fs, f)
	}
	if len(fs) == 0 {
		return nil
	}
	if err := w.adopt(ctx, fs); err != nil {
		if ctx.Err() != nil || !w.follow {
			return err
		}
		w.tell(w.pattern, err) // they are new at the next look, too
		return nil
	}
	for _, f := range fs {
		w.known[f.key()] = f
		w.files = append(w.files, f)
	}
	return nil
}

// meet reads the beginning of a new file, since it may be truncated before it is its
// turn.
func (w *follower) meet(f *file) error {
	defer f.close()
	isStale, err := f.open()
	switch {
	case isStale:
		return nil
	case err == nil && w.first && w.fromEnd:
		err = f.toEnd(w.most)
	}
	if err != nil {
		return w.failed(f, err)
	}
	return nil
}

// older orders files by their times. Times may be equal, since clocks of file systems
// are coarse: a name that others extend is then the newest, as app.log beside app.log.1.
func older(a, b found) int {
	switch c := a.mtime.Compare(b.mtime); {
	case c != 0:
		return c
	case strings.HasPrefix(a.path, b.path):
		return -1
	case strings.HasPrefix(b.path, a.path):
		return 1
	}
	return strings.Compare(a.path, b.path)
}

// toEnd moves f to the beginning of its last line that has no end yet.
func (f *file) toEnd(most int) error {
	b := make([]byte, min(f.size, int64(most)))
	n, err := readAt(f.handle, b, f.size-int64(len(b)))
	if err != nil {
		return err
	}
	b = b[:n]
	f.at.Offset = f.size
	for i, c := range slices.Backward(b) {
		if c == '\n' {
			f.at = positionAfter(f.size-int64(n-i-1), b[:i+1])
			break
		}
	}
	f.begun = f.at.Offset > 0
	return nil
}

// forgetOld forgets files that have gone long ago.
func (w *follower) forgetOld() {
	for f, at := range w.ended {
		if w.looked.Sub(at) >= forgetAfter && w.forget(f) {
			delete(w.ended, f)
			if w.known[f.key()] == f {
				delete(w.known, f.key())
			}
		}
	}
}

// newID returns an id that no other file has.
func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}
