package operators

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/turbopipes/turbopipes"
)

// eventWindows holds the open windows of one EventTimeWindow: a heap ordered by
// their start, and a map to find a window. So to open or to pass a window costs no
// more than the logarithm of their number.
type eventWindows[T any] struct {
	eventTimeOptions
	seen      bool
	newest    time.Time // the newest time of an item that was not too far ahead
	watermark time.Time // newest, less the lag
	suspect   time.Time // the time of the item before, if that was too far ahead
	suspected bool

	heap    []*eventWindow[T] // the earliest window at the root
	byStart map[instantKey]*eventWindow[T]
	recent  *eventWindow[T] // the window that was found last; nil after it was passed
	room    int             // for the items of the next window: windows are often as full as the one before
}

type eventWindow[T any] struct {
	turbopipes.TimeWindow[T]
	first []int // the indexes of the items that no earlier window has; unused when windows don't overlap
}

// instantKey is a time as the key of a map: equal times have equal keys.
type instantKey struct {
	sec  int64
	nsec int
}

type eventOutcome int

const (
	eventTaken   eventOutcome = iota
	eventLate                 // no window takes it
	eventTooMany              // it would open more windows than may be open
	eventCut                  // ctx has ended before all windows had the item
)

// wallTime returns t in UTC and without a monotonic clock reading. With that reading,
// the differences of times would be others.
func wallTime(t time.Time) time.Time { return t.UTC().Round(0) }

// see moves the watermark. It returns false if t is too far ahead of the newest
// item. If a second item in a row is too far ahead, and near the first one, time has
// moved on.
func (w *eventWindows[T]) see(t time.Time) bool {
	if w.MaxAhead > 0 && w.seen && t.Sub(w.newest) > w.MaxAhead {
		apart := t.Sub(w.suspect)
		moved := w.suspected && apart <= w.MaxAhead && apart >= -w.MaxAhead
		w.suspect, w.suspected = t, !moved
		if !moved {
			return false
		}
	}
	w.suspected = false
	if !w.seen || t.After(w.newest) {
		w.newest, w.watermark, w.seen = t, t.Add(-w.Lag), true
		if w.watermark.After(t) { // it would be earlier than a time.Time can hold
			w.watermark = t
		}
	}
	return true
}

// passed returns the oldest window if the watermark has reached its end.
func (w *eventWindows[T]) passed() (full turbopipes.TimeWindow[T], ok bool) {
	if len(w.heap) == 0 || w.heap[0].End.After(w.watermark) {
		return full, false
	}
	return w.oldest()
}

// oldest returns the oldest window as it is.
func (w *eventWindows[T]) oldest() (full turbopipes.TimeWindow[T], ok bool) {
	if len(w.heap) == 0 {
		return full, false
	}
	top := w.heap[0]
	end := len(w.heap) - 1
	w.heap[0], w.heap[end] = w.heap[end], nil
	w.heap = w.heap[:end]
	w.down()
	delete(w.byStart, instantKeyOf(top.Start))
	if w.recent == top {
		w.recent = nil
	}
	w.room = min(len(top.Items), maxTimedCapacity)
	return top.TimeWindow, true
}

// span finds the windows that contain t and have not been passed. There are n of
// them, and the first one begins at first. It takes no longer for many windows.
func (w *eventWindows[T]) span(t time.Time) (first time.Time, n int64) {
	last := t.Truncate(w.Slide)
	until := t
	if w.watermark.After(t) {
		until = w.watermark
	}
	left := w.Size - until.Sub(last) // from until to the end of the last window
	if left <= 0 {
		return first, 0
	}
	n = int64((left-1)/w.Slide) + 1
	first = last.Add(-time.Duration(n-1) * w.Slide)
	if first.After(last) || !last.Add(w.Size).After(last) {
		return first, 0 // outside the times that a time.Time can hold
	}
	return first, n
}

// add puts v into each window that contains t and has not been passed. If v would
// open one window too many, v is put into none.
func (w *eventWindows[T]) add(ctx context.Context, v T, t time.Time) eventOutcome {
	first, n := w.span(t)
	switch {
	case n == 0:
		return eventLate
	case n > int64(w.MaxOpen) || !w.fit(first, int(n)):
		return eventTooMany
	}
	for i := range int(n) {
		if i%itemsPerCheck == itemsPerCheck-1 && ctx.Err() != nil {
			return eventCut
		}
		win := w.at(first.Add(time.Duration(i) * w.Slide))
		if i == 0 && w.Slide < w.Size {
			win.first = append(win.first, len(win.Items))
		}
		win.Items = append(win.Items, v)
	}
	return eventTaken
}

// tooMany returns the error for an item that would open too many windows.
func (w *eventWindows[T]) tooMany(t time.Time) error {
	if _, n := w.span(t); n > int64(w.MaxOpen) {
		return fmt.Errorf("%w: EventTimeWindow: an item is in %d windows, and %d may be open", turbopipes.ErrOverflow, n, w.MaxOpen)
	}
	return fmt.Errorf("%w: EventTimeWindow: more than %d windows are open", turbopipes.ErrOverflow, w.MaxOpen)
}

// fit reports whether the n windows from first on may be open, together with the
// windows that are open already.
func (w *eventWindows[T]) fit(first time.Time, n int) bool {
	if len(w.heap)+n <= w.MaxOpen {
		return true
	}
	open := len(w.heap)
	for i := range n {
		if _, found := w.byStart[instantKeyOf(first.Add(time.Duration(i)*w.Slide))]; !found {
			open++
		}
	}
	return open <= w.MaxOpen
}

// at returns the window that begins at start. It opens that window if it is not
// open.
func (w *eventWindows[T]) at(start time.Time) *eventWindow[T] {
	if w.recent != nil && w.recent.Start.Equal(start) {
		return w.recent
	}
	key := instantKeyOf(start)
	win := w.byStart[key]
	if win == nil {
		win = &eventWindow[T]{TimeWindow: turbopipes.TimeWindow[T]{Start: start, End: start.Add(w.Size)}}
		if w.room > 0 {
			win.Items = make([]T, 0, w.room)
		}
		if w.byStart == nil {
			w.byStart = map[instantKey]*eventWindow[T]{}
		}
		w.byStart[key] = win
		w.heap = append(w.heap, win)
		w.up()
	}
	w.recent = win
	return win
}

func instantKeyOf(t time.Time) instantKey { return instantKey{t.Unix(), t.Nanosecond()} }

func (w *eventWindows[T]) before(i, j int) bool { return w.heap[i].Start.Before(w.heap[j].Start) }

// up moves the last window of the heap to its place.
func (w *eventWindows[T]) up() {
	for i := len(w.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !w.before(i, parent) {
			return
		}
		w.heap[i], w.heap[parent] = w.heap[parent], w.heap[i]
		i = parent
	}
}

// down moves the root of the heap to its place.
func (w *eventWindows[T]) down() {
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(w.heap); child++ {
			if w.before(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		w.heap[i], w.heap[least] = w.heap[least], w.heap[i]
		i = least
	}
}

// left returns the items that were in no window that was emitted, each item once.
func (w *eventWindows[T]) left() (items []T) {
	slices.SortFunc(w.heap, func(a, b *eventWindow[T]) int { return a.Start.Compare(b.Start) })
	for _, win := range w.heap {
		if w.Slide >= w.Size {
			items = append(items, win.Items...)
		}
		for _, i := range win.first {
			items = append(items, win.Items[i])
		}
	}
	return items
}
