package operators

import (
	"context"
	"fmt"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// EventTimeWindow gathers items into windows of their own time, which at tells.
//
//	in:  1-2-3-5-4-7-|   size: 3, at: the number
//	out: ----x-----y-(z|)   x: 0 to 3 with 1 2, y: 3 to 6 with 3 5 4, z: 6 to 9 with 7
//
// Emits when an item comes whose time is at or behind a window's end, plus
// [WithLag], that window; several of them in the order of time; and at completion those that are open.
// A window is from k·size on and before (k+1)·size, counted as [time.Time.Truncate]
// counts; with [WithSlide] windows begin at every k·slide, and an item is in all
// that span its time. Never an empty window. Drops an item whose windows have all
// been passed: see [OnLate]. Fails with upstream, and with an ErrOverflow when more
// windows are open than [WithMaxOpen] lets; what waits is discarded.
//
// Time is the items' alone: no clock is looked at. Downstream owns the slices;
// starts and ends are in UTC. Backpressure: upstream's emit is downstream's. Memory:
// the items of the open windows. Goroutines: none; at runs on the subscriber's.
//
// size ≤ 0, a nil at and bad options are an ErrInvalidArgument. For the time at
// which items come see [BufferWithTime].
func EventTimeWindow[T any](size time.Duration, at func(v T) time.Time, opts ...EventTimeOption) turbopipes.Operator[T, turbopipes.TimeWindow[T]] {
	o, bad := eventTimeOptionsOf(size, opts)
	switch {
	case size <= 0:
		return turbopipes.Invalid[T, turbopipes.TimeWindow[T]]("EventTimeWindow", "size is not positive")
	case at == nil:
		return turbopipes.Invalid[T, turbopipes.TimeWindow[T]]("EventTimeWindow", "at is nil")
	case bad != "":
		return turbopipes.Invalid[T, turbopipes.TimeWindow[T]]("EventTimeWindow", bad)
	}
	return turbopipes.Lift(own.Mark+"EventTimeWindow", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.TimeWindow[T]) bool) error {
		w := eventWindows[T]{eventTimeOptions: o}
		var tooMany error
		defer func() { run.Count(ctx, w.held()) }()
		err := flushing(ctx, bufferOptions{}, in, func(v T) bool {
			t := at(v)
			w.see(t)
			for full, ok := w.passed(); ok; full, ok = w.passed() {
				if !emit(full) {
					return false
				}
			}
			switch w.add(v, t) {
			case eventLate:
				if o.late != nil {
					o.late(v)
				}
			case eventTooMany:
				tooMany = fmt.Errorf("%w: EventTimeWindow: more than %d windows are open", turbopipes.ErrOverflow, o.maxOpen)
				return false
			case eventTaken:
			}
			return true
		}, func() {
			for full, ok := w.oldest(); ok && emit(full); full, ok = w.oldest() {
			}
		})
		if tooMany != nil {
			return tooMany
		}
		return err
	})
}

// EventTimeOption is an option of [EventTimeWindow].
type EventTimeOption interface{ eventTime(*eventTimeOptions) }

type eventTimeOptions struct {
	size, slide, lag time.Duration
	maxOpen          int // 0: no limit
	late             func(item any)
	bad              string
}

type eventTimeOption func(*eventTimeOptions)

func (f eventTimeOption) eventTime(o *eventTimeOptions) { f(o) }

// WithSlide makes the windows of [EventTimeWindow] begin at every multiple of s
// instead of size: less makes them overlap, more leaves gaps, whose items are late.
// s ≤ 0 is an ErrInvalidArgument.
func WithSlide(s time.Duration) EventTimeOption {
	return eventTimeOption(func(o *eventTimeOptions) {
		if o.slide = s; s <= 0 {
			o.bad = "WithSlide's s is not positive"
		}
	})
}

// WithLag makes [EventTimeWindow] wait for items that are up to l later than
// others. A negative l is an ErrInvalidArgument.
func WithLag(l time.Duration) EventTimeOption {
	return eventTimeOption(func(o *eventTimeOptions) {
		if o.lag = l; l < 0 {
			o.bad = "WithLag's l is negative"
		}
	})
}

// OnLate has fn called, on the subscriber's goroutine, for each item that
// [EventTimeWindow] drops, because no window takes it. A nil fn is an
// ErrInvalidArgument.
func OnLate(fn func(item any)) EventTimeOption {
	return eventTimeOption(func(o *eventTimeOptions) {
		if o.late = fn; fn == nil {
			o.bad = "OnLate's fn is nil"
		}
	})
}

// WithMaxOpen makes [EventTimeWindow] fail with an ErrOverflow when more than k
// windows have items and wait for their end. k < 1 is an ErrInvalidArgument.
func WithMaxOpen(k int) EventTimeOption {
	return eventTimeOption(func(o *eventTimeOptions) {
		if o.maxOpen = k; k < 1 {
			o.bad = "WithMaxOpen's k is less than 1"
		}
	})
}

func eventTimeOptionsOf(size time.Duration, opts []EventTimeOption) (o eventTimeOptions, bad string) {
	o.size, o.slide = size, size
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.eventTime(&o)
	}
	return o, o.bad
}
