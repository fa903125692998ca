//go:build unix

package scratch

import (
	"errors"
	"os"
	"syscall"
)

// exists reports whether there may be a process with this number.
func exists(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return true // unknown
	}
	defer func() { _ = p.Release() }() // it was only looked at
	err = p.Signal(syscall.Signal(0))
	return !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH)
}
