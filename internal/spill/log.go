package spill

import (
	"io"
	"slices"
)

// segmentLog is what a SpillToDisk has on disk: segments, the oldest first, each a
// file of records. Upstream reserves room for a record, writes it, and commits it;
// the subscriber reads what is committed, takes it out, and removes segments that
// are exhausted. All methods are called under a lock, and none does what takes time.
type segmentLog struct {
	most   int64 // bytes; 0: no limit
	rotate int64 // the size at which a segment is full

	segments []*segment
	made     int   // how many there were
	records  int64 // committed, and not taken
	bytes    int64 // of all segments, and of what is being written
	writing  bool  // between a reserve, and its commit or abort
	pending  int64 // bytes of that
}

// segment is a file.
type segment struct {
	id      int
	size    int64          // of the records that are committed
	records int64          // of those the ones that are not taken
	file    io.WriteCloser // nil once it is closed; upstream's while it writes
}

const (
	maxSegmentBytes = 4 << 20
	minSegmentBytes = 4 << 10
)

func newSegmentLog(most int64) segmentLog {
	l := segmentLog{most: most, rotate: maxSegmentBytes}
	if most > 0 { // of some segments, so that room comes back bit by bit
		l.rotate = min(maxSegmentBytes, max(minSegmentBytes, most/8))
	}
	return l
}

// empty reports whether nothing is on disk, nor on its way there.
func (l *segmentLog) empty() bool { return l.records == 0 && !l.writing }

// reserve makes room for n bytes, in segment to, which is new where it has no file.
// full is the one before it then, if it is still there; upstream closes its file.
// ok is false where there is no room.
func (l *segmentLog) reserve(n int64) (to, full *segment, ok bool) {
	if l.most > 0 && l.bytes > 0 && l.bytes+n > l.most {
		return nil, nil, false
	}
	l.writing, l.pending = true, n
	l.bytes += n
	tail := l.tail()
	if tail != nil && tail.size < l.rotate {
		return tail, nil, true
	}
	l.made++
	return &segment{id: l.made}, tail, true
}

func (l *segmentLog) tail() *segment {
	if len(l.segments) == 0 {
		return nil
	}
	return l.segments[len(l.segments)-1]
}

// commit tells that what was reserved is written.
func (l *segmentLog) commit(to, full *segment) {
	l.end(full)
	if l.tail() != to {
		l.segments = append(l.segments, to)
	}
	to.size += l.pending
	to.records++
	l.records++
}

// abort tells that it is not. Nothing can be reserved after it.
func (l *segmentLog) abort(full *segment) { l.end(full) }

func (l *segmentLog) end(full *segment) {
	l.writing = false
	if full != nil {
		full.file = nil
	}
}

// position is where the oldest record is found: in segment id, whose first size bytes
// may be read.
type position struct {
	id   int
	size int64
}

// head tells where the oldest record is; the zero place: nowhere. Exhausted segments
// have to be out of the way.
func (l *segmentLog) head() position {
	if l.records == 0 {
		return position{}
	}
	return position{l.segments[0].id, l.segments[0].size}
}

// take takes the oldest record out.
func (l *segmentLog) take() {
	l.segments[0].records--
	l.records--
}

// exhausted takes out the segments that nobody needs any more. Upstream may be
// about to write behind the newest one.
func (l *segmentLog) exhausted() (gone []*segment) {
	n := 0
	for n < len(l.segments) && l.segments[n].records == 0 && !(l.writing && n == len(l.segments)-1) {
		n++
	}
	if n == 0 {
		return nil
	}
	gone = slices.Clone(l.segments[:n])
	l.segments = slices.Delete(l.segments, 0, n)
	return gone
}
