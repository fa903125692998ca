package scope

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// A consuming call such as Drain runs on a goroutine of the caller's, whose pprof
// labels are not ours to change. So it writes a number into its own call stack,
// one frame for each octal digit, which costs some 20 ns. A report reads it back
// out of a profile.

const tagDigits = 4

var tags atomic.Uint64

// NewTag returns a number for [Tagged]. Of 4,096 calls in a row, no two have the same.
func NewTag() uint64 { return tags.Add(1) % (1 << (3 * tagDigits)) }

// Tagged runs f. A report finds the goroutine by tag meanwhile.
func Tagged(tag uint64, f func()) { tagged(tag, tagDigits, f) }

//go:noinline
func tagged(tag uint64, left int, f func()) {
	if left == 0 {
		f()
		return
	}
	switch tag & 7 {
	case 0:
		tagged(tag>>3, left-1, f) // a line for each digit: the line is what readTag reads
	case 1:
		tagged(tag>>3, left-1, f)
	case 2:
		tagged(tag>>3, left-1, f)
	case 3:
		tagged(tag>>3, left-1, f)
	case 4:
		tagged(tag>>3, left-1, f)
	case 5:
		tagged(tag>>3, left-1, f)
	case 6:
		tagged(tag>>3, left-1, f)
	case 7:
		tagged(tag>>3, left-1, f)
	}
}

const tagFrame = "/internal/scope.tagged"

// tagBase is the line of digit 0.
var tagBase = sync.OnceValue(func() (line int) {
	tagged(0, 1, func() {
		pcs := make([]uintptr, 8)
		frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
		for seen := 0; ; {
			f, more := frames.Next()
			if strings.HasSuffix(f.Function, tagFrame) {
				if seen++; seen == 2 { // the first one has called this function
					line = f.Line
				}
			}
			if !more {
				return
			}
		}
	})
	return line
})

// readTag returns the number that the lines of the frames of tagged stand for, the
// innermost frame first.
func readTag(lines []int) (tag uint64) {
	for _, line := range lines[1:] { // the first one has called f
		tag = tag<<3 | uint64(line-tagBase())/2&7
	}
	return tag
}
