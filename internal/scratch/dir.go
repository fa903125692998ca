// Package scratch makes directories for the files of one run. They are removed at
// its end. If the process was killed, the next process that makes a directory in the
// same place removes them.
//
// Everything is done through an [os.Root]. So it is done where the directory was
// made, even if the path means something else by then: the process may have changed
// its working directory, and a symbolic link may lead elsewhere.
package scratch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/turbopipes/turbopipes/internal/fault"
)

// Dir is a directory of numbered files.
type Dir struct {
	parent, own *os.Root
	name        string   // within parent
	lock        *os.File // held as long as the directory is in use
}

// lockName is the file in a directory that its process keeps locked.
const lockName = "lock"

// New makes a directory within in, and removes the directories that dead processes
// have left there. When ctx has ended, it leaves the rest of them for later.
func New(ctx context.Context, in string) (_ *Dir, err error) {
	parent, err := os.OpenRoot(in)
	if err != nil {
		return nil, err
	}
	clean(ctx, parent)
	d := &Dir{parent: parent}
	if err = d.make(); err != nil {
		return nil, fault.Join(err, parent.Close())
	}
	return d, nil
}

// errHeld reports that another process cleans a directory up.
var errHeld = errors.New("another process holds the lock")

// make makes the directory. A process in another container may take this process for
// dead, if both have the same host name and use the same place. That process removes
// the directory as long as it is not locked. Then make makes another one.
func (d *Dir) make() (err error) {
	for range 100 {
		d.name = self().named(rand.Uint64()) //nolint:gosec // it need not be secret
		if err = d.parent.Mkdir(d.name, 0o700); err == nil {
			err = d.take()
		}
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errHeld) {
			break
		}
	}
	return d.in(err)
}

// take opens and locks the directory that make has made. If that fails, it removes
// the directory.
func (d *Dir) take() (err error) {
	if d.own, err = d.parent.OpenRoot(d.name); err == nil {
		if d.lock, err = d.own.OpenFile(lockName, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			if err = d.hold(); err == nil {
				return nil
			}
			_ = d.lock.Close()
			_ = d.own.Remove(lockName)
		}
		_ = d.own.Close()
	}
	_ = d.parent.Remove(d.name)
	return err
}

// hold locks the directory. It fails if another process has the lock or has removed
// it. On a file system without locks, a process that cleans up has no lock either,
// and leaves d alone.
func (d *Dir) hold() error {
	if err := hold(d.lock); errors.Is(err, errHeld) {
		return err
	}
	held, err := d.lock.Stat()
	if err != nil {
		return err
	}
	there, err := d.own.Stat(lockName)
	if err == nil && !os.SameFile(held, there) {
		return errHeld
	}
	return err
}

// in adds the directory to err, because an [os.Root] does not.
func (d *Dir) in(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("in %s: %w", filepath.Join(d.parent.Name(), d.name), err)
}

// Create makes file n, for writing.
func (d *Dir) Create(n int) (io.WriteCloser, error) {
	file, err := d.own.OpenFile(fileName(n), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, d.in(err)
	}
	return file, nil
}

// Open opens file n, for reading.
func (d *Dir) Open(n int) (*os.File, error) {
	file, err := d.own.Open(fileName(n))
	return file, d.in(err)
}

// Remove removes file n, which may be gone already.
func (d *Dir) Remove(n int) error { return d.in(unlessGone(d.own.Remove(fileName(n)))) }

// Close removes the directory. All files must be closed. If others have put files
// there, these files stay, and the directory too.
func (d *Dir) Close() error {
	err := empty(d.own)
	err = fault.Join(err, d.lock.Close(), unlessGone(d.own.Remove(lockName)), d.own.Close())
	if e := d.parent.Remove(d.name); err == nil {
		err = unlessGone(e) // otherwise it only says that the directory is not empty
	}
	return d.in(fault.Join(err, d.parent.Close()))
}

// empty removes the numbered files.
func empty(own *os.Root) error {
	all, err := names(own, isFileName)
	for _, name := range all {
		err = fault.Join(err, unlessGone(own.Remove(name)))
	}
	return unlessGone(err)
}

// names returns the names in root that are wanted.
func names(root *os.Root, wanted func(name string) bool) (found []string, err error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close() // it is only read
	for err == nil {
		var some []string
		some, err = dir.Readdirnames(1000)
		for _, name := range some {
			if wanted(name) {
				found = append(found, name)
			}
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return found, err
}

func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
