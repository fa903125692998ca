//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package scratch

import "os"

// hold does nothing: whether a process is dead is told by its number alone.
func hold(*os.File) error { return nil }
