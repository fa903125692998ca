package operators

import (
	"slices"
	"time"

	"github.com/turbopipes/turbopipes"
)

// eventWindows are the open windows of one EventTimeWindow.
type eventWindows[T any] struct {
	eventTimeOptions
	seen      bool
	watermark time.Time
	open      []eventWindow[T] // by their start
}

type eventWindow[T any] struct {
	turbopipes.TimeWindow[T]
	fresh int64 // the items that no window before it has
}

type eventOutcome int

const (
	eventTaken eventOutcome = iota
	eventLate
	eventTooMany
)

// see moves the watermark.
func (w *eventWindows[T]) see(t time.Time) {
	if t = t.UTC().Add(-w.lag); !w.seen || t.After(w.watermark) {
		w.watermark, w.seen = t, true
	}
}

// passed gives the oldest window if the watermark has reached its end.
func (w *eventWindows[T]) passed() (full turbopipes.TimeWindow[T], ok bool) {
	if len(w.open) == 0 || w.open[0].End.After(w.watermark) {
		return full, false
	}
	return w.oldest()
}

// oldest gives the oldest window as it is.
func (w *eventWindows[T]) oldest() (full turbopipes.TimeWindow[T], ok bool) {
	if len(w.open) == 0 {
		return full, false
	}
	full = w.open[0].TimeWindow
	w.open = slices.Delete(w.open, 0, 1)
	return full, true
}

// add puts v into each window that spans t and has not been passed. If it takes
// one too many, it is in none.
func (w *eventWindows[T]) add(v T, t time.Time) eventOutcome {
	first, n, opens := time.Time{}, 0, 0
	for start := t.UTC().Truncate(w.slide); start.Add(w.size).After(t); start = start.Add(-w.slide) {
		if !start.Add(w.size).After(w.watermark) {
			break // and those before it
		}
		if _, found := w.find(start); !found {
			opens++
		}
		first, n = start, n+1
	}
	switch {
	case n == 0:
		return eventLate
	case w.maxOpen > 0 && len(w.open)+opens > w.maxOpen:
		return eventTooMany
	}
	for i := range n {
		start := first.Add(time.Duration(i) * w.slide)
		at, found := w.find(start)
		if !found {
			w.open = slices.Insert(w.open, at, eventWindow[T]{TimeWindow: turbopipes.TimeWindow[T]{Start: start, End: start.Add(w.size)}})
		}
		w.open[at].Items = append(w.open[at].Items, v)
		if i == 0 {
			w.open[at].fresh++
		}
	}
	return eventTaken
}

func (w *eventWindows[T]) find(start time.Time) (at int, found bool) {
	return slices.BinarySearchFunc(w.open, start, func(e eventWindow[T], t time.Time) int { return e.Start.Compare(t) })
}

// held is the number of items that have not come out.
func (w *eventWindows[T]) held() (n int64) {
	for i := range w.open {
		n += w.open[i].fresh
	}
	return n
}
