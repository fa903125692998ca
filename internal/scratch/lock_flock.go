//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package scratch

import (
	"errors"
	"os"
	"syscall"
)

// hold locks file as long as it is open. It fails with errHeld if another process
// holds the lock, also in another container. It fails with another error if the file
// system has no locks.
func hold(file *os.File) (err error) {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	failed := conn.Control(func(fd uintptr) {
		err = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) //nolint:gosec // it is a file descriptor
	})
	if failed != nil {
		return failed
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errHeld
	}
	return err
}
