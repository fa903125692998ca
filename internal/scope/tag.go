package scope

import (
	"strings"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/stackid"
)

// A consuming call such as Drain runs on a goroutine of the caller's, whose pprof
// labels are not ours to change. So it writes a number into its own call stack, and a
// report reads the number back out of a profile.

const tagBits = 12

var tags atomic.Uint64

// NewTag returns a number for [Tagged]. Of 4,096 calls in a row, no two return the
// same number.
func NewTag() uint64 { return tags.Add(1) % (1 << tagBits) }

// Tagged runs f. A report finds the goroutine by tag meanwhile.
//
//go:noinline
func Tagged(tag uint64, f func()) { // its frame in a profile is what a report looks for
	stackid.Call(tag, f)
}

// isTagged reports whether function is the name of Tagged.
func isTagged(function string) bool { return strings.HasSuffix(function, "/internal/scope.Tagged") }
