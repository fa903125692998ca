package run

import (
	"runtime"
	"strings"
	"sync"
)

// Which subscription does a goroutine belong to? Go has no goroutine-local
// storage, and parsing a goroutine's id costs 2 µs a goroutine. So the foot of
// each goroutine of a Subscription writes the subscription's id into its own
// call stack, one frame for each octal digit, which costs some 20 ns, and only
// Inside, which is rare, reads it back, in some 4 µs.

var marks struct {
	sync.Mutex
	live []*Record // by id, less 1
	free []uint64  // ids to be used again: the smaller, the fewer frames
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

// End forgets the record of a Subscription that is over. No goroutine is left
// that is marked with it but the caller, which leaves.
func (r *Record) End() {
	r.request.end()
	marks.Lock()
	defer marks.Unlock()
	marks.live[r.id-1] = nil
	marks.free = append(marks.free, r.id)
}

// marked gives the record of an id, or nil.
func marked(id uint64) *Record {
	marks.Lock()
	defer marks.Unlock()
	if id == 0 || id > uint64(len(marks.live)) {
		return nil
	}
	return marks.live[id-1]
}

// subscription is the innermost one that r is part of, or nil.
func (r *Record) subscription() *Record {
	for r != nil && r.id == 0 {
		r = r.parent
	}
	return r
}

// Marks tells whether Mark does anything but to run f.
func (r *Record) Marks() bool { return r.subscription() != nil }

// Mark runs f on a goroutine of r's.
func (r *Record) Mark(f func()) {
	if r = r.subscription(); r == nil {
		f()
		return
	}
	digit(r.id, f)
}

//go:noinline
func digit(id uint64, f func()) {
	if id == 0 {
		f()
		return
	}
	switch id & 7 {
	case 0:
		digit(id>>3, f) // a line for each digit: the line is what Inside reads
	case 1:
		digit(id>>3, f)
	case 2:
		digit(id>>3, f)
	case 3:
		digit(id>>3, f)
	case 4:
		digit(id>>3, f)
	case 5:
		digit(id>>3, f)
	case 6:
		digit(id>>3, f)
	case 7:
		digit(id>>3, f)
	}
}

// base is the line of digit 0.
var base = sync.OnceValue(func() (line int) {
	digit(0o10, func() { line = lines()[2] }) // the frames: the call of f, digit 1, digit 0
	return line
})

// lines gives the lines of the frames of digit on the caller's stack, the
// innermost first.
func lines() (found []int) {
	pcs := make([]uintptr, 64)
	n := runtime.Callers(2, pcs)
	for n == len(pcs) {
		pcs = make([]uintptr, 4*n)
		n = runtime.Callers(2, pcs)
	}
	frames := runtime.CallersFrames(pcs[:n])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "internal/run.digit") {
			found = append(found, f.Line)
		}
		if !more {
			return found
		}
	}
}

// Inside tells whether the calling goroutine is one of r's, or of a
// subscription that runs inside r.
func (r *Record) Inside() bool {
	ls := lines()
	if len(ls) == 0 {
		return false
	}
	zero := base()
	var id uint64
	for _, l := range ls[1:] { // ls[0] is the frame that called f
		id = id<<3 | uint64(l-zero)/2
	}
	for c := marked(id); c != nil; c = c.parent {
		if c == r {
			return true
		}
	}
	return false
}
