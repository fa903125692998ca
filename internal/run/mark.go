package run

import (
	"runtime"
	"strings"
	"sync"

	"github.com/turbopipes/turbopipes/internal/stackid"
)

// Which subscription does a goroutine belong to? The first frames of each goroutine
// of a Subscription write the subscription's id into the goroutine's call stack.
// That costs about 10 ns. Only Inside reads the id back, which is rare and takes
// about 2 µs.

var marks struct {
	sync.Mutex
	live []*Record // by id, minus 1
	free []uint64  // ids for reuse: a small id needs few frames
}

func register(r *Record) (id uint64) {
	marks.Lock()
	defer marks.Unlock()
	if n := len(marks.free); n > 0 {
		id, marks.free = marks.free[n-1], marks.free[:n-1]
		marks.live[id-1] = r
		return id
	}
	marks.live = append(marks.live, r)
	return uint64(len(marks.live))
}

// End forgets the record of a Subscription that is over. No other goroutine is
// marked with it any more, and the caller is about to leave.
func (r *Record) End() {
	r.handle.request.end()
	marks.Lock()
	defer marks.Unlock()
	marks.live[r.handle.id-1] = nil
	marks.free = append(marks.free, r.handle.id)
}

// marked returns the record of an id, or nil.
func marked(id uint64) *Record {
	marks.Lock()
	defer marks.Unlock()
	if id == 0 || id > uint64(len(marks.live)) {
		return nil
	}
	return marks.live[id-1]
}

// Marks reports whether Mark does more than run f.
func (r *Record) Marks() bool { return r.stoppableFrom() != nil }

// Mark runs f on a goroutine of r.
//
//go:noinline
func (r *Record) Mark(f func()) {
	if r = r.stoppableFrom(); r == nil {
		f()
		return
	}
	stackid.Call(r.handle.id, f)
}

// markFrame ends the name of the function whose ids are those of subscriptions.
const markFrame = "/internal/run.(*Record).Mark"

// ownMark returns the id that Mark has written into the calling goroutine's stack,
// or 0. If Marks are nested, it is the id of the innermost Mark.
func ownMark() (id uint64) {
	var few [64]uintptr // most stacks fit, without an allocation
	pcs := few[:runtime.Callers(2, few[:])]
	for n := len(few); len(pcs) == n; {
		n *= 4
		pcs = make([]uintptr, n)
		pcs = pcs[:runtime.Callers(2, pcs)]
	}
	frames := runtime.CallersFrames(pcs)
	for r := (stackid.Reader{}); ; {
		f, more := frames.Next()
		if id, ok := r.Next(f.Function); ok && strings.HasSuffix(f.Function, markFrame) {
			return id
		}
		if !more {
			return 0
		}
	}
}

// Inside reports whether the calling goroutine belongs to r, or to a subscription
// that runs inside r.
func (r *Record) Inside() bool {
	for c := marked(ownMark()); c != nil; c = c.parent {
		if c == r {
			return true
		}
	}
	return false
}
