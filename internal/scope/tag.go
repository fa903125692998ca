package scope

import (
	"strings"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/stackid"
)

// A consuming call such as Drain runs on a goroutine of the caller, whose pprof
// labels must not be changed. So it writes a number into its own call stack, and a
// report reads the number out of a profile.

const tagBits = 12

var tags atomic.Uint64

// NewTag returns a number for [Tagged]. Any 4,096 calls in a row return different
// numbers.
func NewTag() uint64 { return tags.Add(1) % (1 << tagBits) }

// Tagged runs f. Meanwhile, a report can find the goroutine by tag.
//
//go:noinline
func Tagged(tag uint64, f func()) { // a report looks for this frame in a profile
	stackid.Call(tag, f)
}

// isTagged reports whether function is the name of Tagged.
func isTagged(function string) bool { return strings.HasSuffix(function, "/internal/scope.Tagged") }
