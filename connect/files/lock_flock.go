//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package files

import (
	"errors"
	"os"
	"syscall"
)

// hold locks file as long as it is open. held is true if another session holds the
// lock. A file system without locks is no error.
func hold(file *os.File) (held bool, err error) {
	conn, err := file.SyscallConn()
	if err != nil {
		return false, err
	}
	failed := conn.Control(func(fd uintptr) {
		err = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) //nolint:gosec // it is a file descriptor
	})
	return failed == nil && errors.Is(err, syscall.EWOULDBLOCK), failed
}
