package operators

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/turbopipes/turbopipes"
)

// eventWindows are the open windows of one EventTimeWindow: a heap by their start,
// and a map to find one. So opening a window, and passing one, costs no more than
// the logarithm of their number.
type eventWindows[T any] struct {
	eventTimeOptions
	seen      bool
	newest    time.Time // of an item that was not too far ahead
	watermark time.Time // the newest, less the lag
	suspect   time.Time // the time of the item before, if that was too far ahead
	suspected bool

	heap    []*eventWindow[T] // the earliest at the root
	byStart map[instant]*eventWindow[T]
	recent  *eventWindow[T] // the one that was found last; nil where it has passed
}

type eventWindow[T any] struct {
	turbopipes.TimeWindow[T]
	first []int // the indexes of the items that no window before it has; unused where none overlap
}

// instant is a time as the key of a map: two that are equal have equal ones.
type instant struct {
	sec  int64
	nsec int
}

type eventOutcome int

const (
	eventTaken   eventOutcome = iota
	eventLate                 // no window takes it
	eventTooMany              // it would open more windows than may be open
	eventCut                  // ctx has ended meanwhile
)

// plain is t in UTC, without a monotonic clock, whose differences are others.
func plain(t time.Time) time.Time { return t.UTC().Round(0) }

// see moves the watermark. false: t is too far ahead of the newest item. A second
// one in a row that is near the first shows that time has moved on.
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
		if w.watermark.After(t) { // before what a time.Time can hold
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
	delete(w.byStart, instantOf(top.Start))
	if w.recent == top {
		w.recent = nil
	}
	return top.TimeWindow, true
}

// span returns the windows that contain t and that have not been passed: n of
// them, the first one of which begins at first. It takes no longer for many.
func (w *eventWindows[T]) span(t time.Time) (first time.Time, n int64) {
	last := t.Truncate(w.Slide)
	until := t
	if w.watermark.After(t) {
		until = w.watermark
	}
	left := w.Size - until.Sub(last) // from there to the end of the last window
	if left <= 0 {
		return first, 0
	}
	n = int64((left-1)/w.Slide) + 1
	first = last.Add(-time.Duration(n-1) * w.Slide)
	if first.After(last) || !last.Add(w.Size).After(last) {
		return first, 0 // beyond what a time.Time can hold
	}
	return first, n
}

// add puts v into each window that spans t and has not been passed. If it would
// open one too many, v is in none.
func (w *eventWindows[T]) add(ctx context.Context, v T, t time.Time) eventOutcome {
	first, n := w.span(t)
	switch {
	case n == 0:
		return eventLate
	case n > int64(w.MaxOpen) || !w.fit(first, int(n)):
		return eventTooMany
	}
	for i := range int(n) {
		if i%glance == glance-1 && ctx.Err() != nil {
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

// tooMany is the error of an item that would open too many windows.
func (w *eventWindows[T]) tooMany(t time.Time) error {
	if _, n := w.span(t); n > int64(w.MaxOpen) {
		return fmt.Errorf("%w: EventTimeWindow: an item is in %d windows, and %d may be open", turbopipes.ErrOverflow, n, w.MaxOpen)
	}
	return fmt.Errorf("%w: EventTimeWindow: more than %d windows are open", turbopipes.ErrOverflow, w.MaxOpen)
}

// fit tells whether so many windows may be open, those that are open already
// among them.
func (w *eventWindows[T]) fit(first time.Time, n int) bool {
	if len(w.heap)+n <= w.MaxOpen {
		return true
	}
	open := len(w.heap)
	for i := range n {
		if _, found := w.byStart[instantOf(first.Add(time.Duration(i)*w.Slide))]; !found {
			open++
		}
	}
	return open <= w.MaxOpen
}

// at returns the window that begins at start, and opens it if it must.
func (w *eventWindows[T]) at(start time.Time) *eventWindow[T] {
	if w.recent != nil && w.recent.Start.Equal(start) {
		return w.recent
	}
	key := instantOf(start)
	win := w.byStart[key]
	if win == nil {
		win = &eventWindow[T]{TimeWindow: turbopipes.TimeWindow[T]{Start: start, End: start.Add(w.Size)}}
		if w.byStart == nil {
			w.byStart = map[instant]*eventWindow[T]{}
		}
		w.byStart[key] = win
		w.heap = append(w.heap, win)
		w.up()
	}
	w.recent = win
	return win
}

func instantOf(t time.Time) instant { return instant{t.Unix(), t.Nanosecond()} }

func (w *eventWindows[T]) before(i, j int) bool { return w.heap[i].Start.Before(w.heap[j].Start) }

// up brings the last one of the heap to its place.
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

// down brings the root of the heap to its place.
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

// left returns the items of which no window has come out, each once.
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
