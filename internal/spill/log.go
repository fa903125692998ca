package spill

import (
	"io"
	"slices"
)

// segmentLog describes the files of a SpillToDisk. Its segments, the oldest first, are
// files of records. Upstream reserves room for a record, writes the record, and commits
// it. The subscriber reads committed records, takes them out, and removes exhausted
// segments. All methods are called under a lock, and all of them are quick.
type segmentLog struct {
	most   int64 // bytes; 0: no limit
	rotate int64 // the size at which a segment is full

	segments []*segment
	made     int   // segments so far
	records  int64 // committed, and not taken
	bytes    int64 // of all segments, and of the record that is being written
	writing  bool  // between a reserve, and its commit or abort
	pending  int64 // bytes of the record that is being written
}

// segment is a file.
type segment struct {
	id      int
	size    int64          // bytes of the committed records
	records int64          // committed, and not taken
	file    io.WriteCloser // nil after it is closed; upstream owns it while it writes
}

const (
	maxSegmentBytes = 4 << 20
	minSegmentBytes = 4 << 10
)

func newSegmentLog(most int64) segmentLog {
	l := segmentLog{most: most, rotate: maxSegmentBytes}
	if most > 0 { // several small segments, so that room becomes free step by step
		l.rotate = min(maxSegmentBytes, max(minSegmentBytes, most/8))
	}
	return l
}

// empty reports whether no record is on disk or being written.
func (l *segmentLog) empty() bool { return l.records == 0 && !l.writing }

// reserve makes room for n bytes in segment to. A new segment has no file yet. Then full
// is the segment before it, if it still exists, and upstream closes its file. ok is false
// if there is no room.
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

// commit notes that the record of the last reserve is written.
func (l *segmentLog) commit(to, full *segment) {
	l.end(full)
	if l.tail() != to {
		l.segments = append(l.segments, to)
	}
	to.size += l.pending
	to.records++
	l.records++
}

// abort notes that the record of the last reserve is not written. reserve must not be
// called after it.
func (l *segmentLog) abort(full *segment) { l.end(full) }

func (l *segmentLog) end(full *segment) {
	l.writing = false
	if full != nil {
		full.file = nil
	}
}

// position says where the oldest record is: in segment id, whose first size bytes may be
// read.
type position struct {
	id   int
	size int64
}

// head returns the position of the oldest record, or the zero position if there is none.
// Exhausted segments must be removed before the call.
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

// exhausted takes out the segments that nobody needs any more. It keeps the newest one
// if upstream may still append to it.
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
