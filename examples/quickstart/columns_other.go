//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package main

import "os"

// columns is the width of a terminal, or 0 where that is not known.
func columns(*os.File) int { return 0 }
