package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
)

// ErrTooLong is for a record that is longer than [MaxRecord].
var ErrTooLong = errors.New("files: a record is too long")

var (
	errReplaced = errors.New("files: the file was replaced before it was read to its end")
	errGone     = errors.New("files: the file has gone before it was read to its end")
)

// file is the content that one file has had since it was made or truncated. A truncation
// begins another file, with the same identity.
type file struct {
	id        string // of this content, for the ids of events
	partition int32
	path      string
	ident     identity
	head      []byte      // the first bytes, as far as they are known
	stored    fingerprint // of the last session, until the file is opened
	at        position    // of the next record
	size      int64       // at the last look
	mtime     time.Time

	handle  *os.File
	checked bool      // that the handle is of this content
	used    int64     // for the file that is closed first
	left    bool      // renamed or removed: it ends when it has been quiet
	quiet   time.Time // since when the file has not grown
	emitted int64     // up to which records were emitted
	bare    bool      // the last record was emitted without its line end
	begun   bool      // a record was cut
	records int       // that were cut, as long as headers are skipped
	long    *long
	suspect bool // its content has to be checked
	told    bool // of trouble
	dirty   bool // the session has not noted the last changes

	tenure *delivery.Tenure[int32, position] // of a session
	origin *origin
}

// long is a record that is longer than it may be. Its end is not found yet.
type long struct {
	value []byte
	scan  int64 // up to where its end was looked for
}

// open opens the file that has the name of f, and checks that it is f. stale says that
// it is another file, or has another content.
func (f *file) open() (stale bool, err error) {
	if f.handle == nil {
		h, err := openFile(f.path)
		if err != nil {
			return errors.Is(err, fs.ErrNotExist), err
		}
		f.handle, f.checked = h, false
	}
	if f.checked {
		return false, nil
	}
	stale, err = f.differs(f.handle)
	f.checked = err == nil && !stale
	if !f.checked {
		f.close()
	}
	return stale, err
}

// differs reports whether h is of another content than f.
func (f *file) differs(h *os.File) (bool, error) {
	info, err := h.Stat()
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, fmt.Errorf("files: %s is not a regular file: its mode is %v", f.path, info.Mode())
	}
	if f.ident != (identity{}) {
		if now, err := identityOf(f.path, info); err != nil || now != f.ident {
			return true, err
		}
	}
	if same, err := f.contentIn(h, info.Size()); err != nil || !same {
		return true, err
	}
	return false, nil
}

// contentIn reports whether h, which has size bytes, has the content of f.
func (f *file) contentIn(h *os.File, size int64) (bool, error) {
	if size < f.at.Offset {
		return false, nil
	}
	head, err := headOf(h)
	if err != nil {
		return false, err
	}
	if !f.stored.begins(head) || !grown(f.head, head) {
		return false, nil
	}
	same, bare, err := f.at.reached(h)
	if err == nil && same {
		f.learn(head)
		f.stored, f.bare = fingerprint{}, bare
	}
	return same, err
}

// still reports whether the handle has had the content of f until now.
func (f *file) still(need int64) (bool, error) {
	info, err := f.handle.Stat()
	if err != nil || info.Size() < need {
		return false, err
	}
	head, err := headOf(f.handle)
	if err != nil || !grown(f.head, head) {
		return false, err
	}
	f.learn(head)
	return true, nil
}

// learn notes the first bytes of f.
func (f *file) learn(head []byte) {
	f.dirty = f.dirty || len(head) > len(f.head)
	f.head = head
}

func (f *file) close() {
	if f.handle != nil {
		_ = f.handle.Close() // it was only read
	}
	f.handle, f.checked = nil, false
}

// print is the fingerprint of f as far as it is known.
func (f *file) print() fingerprint {
	if len(f.head) < f.stored.Len {
		return f.stored
	}
	return fingerprintOf(f.head)
}
