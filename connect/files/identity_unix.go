//go:build unix

package files

import (
	"io/fs"
	"os"
	"syscall"
)

const reusesIdentity = true // a new file may get the inode of one that was removed

// identityOf returns what tells a file from all others of the system, whatever its
// name is.
func identityOf(_ string, info fs.FileInfo) (identity, error) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}, nil
	}
	return identity{Device: uint64(s.Dev), Inode: uint64(s.Ino)}, nil //nolint:gosec,unconvert // the types differ between systems
}

func openFile(path string) (*os.File, error) { return os.Open(path) } //nolint:gosec // the caller names it

// syncDir makes the names in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // of the caller's file
	if err != nil {
		return err
	}
	err = d.Sync()
	if closed := d.Close(); err == nil {
		err = closed
	}
	return err
}
