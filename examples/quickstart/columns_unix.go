//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"os"
	"syscall"
	"unsafe"
)

// columns returns the width of a terminal, or 0 if it is not known.
func columns(terminal *os.File) int {
	var size struct{ rows, columns, x, y uint16 }
	if conn, err := terminal.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) {
			_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
		})
	}
	return int(size.columns)
}
