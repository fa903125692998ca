package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// EventTimeWindow gathers items into windows of their own time, which at tells.
//
//	in:  1-2-3-5-4-7-|   size: 3, at: the number
//	out: ----x-----y-(z|)   x: 0 to 3 with 1 2, y: 3 to 6 with 3 5 4, z: 6 to 9 with 7
//
// Emits when an item comes whose time is at or after a window's end, plus
// [WithLag], that window; several of them in the order of time; and at completion those that are open.
// A window is from k·size on and before (k+1)·size, counted as [time.Time.Truncate]
// counts; with [WithSlide] windows begin at every k·slide, and an item is in all
// that span its time. Never an empty window. Drops an item whose windows have all
// been passed: see [OnLate]. Fails with upstream, and with an ErrOverflow when more
// windows would be open than [WithMaxOpen] lets, 1,048,576 without it, which is
// known before one of them is opened; what waits is discarded.
//
// Time is the items' alone: no clock is looked at. So one item with a time that is
// far too late makes all items after it late ones. Where the times come from clocks
// that may be wrong, set [WithMaxAhead]. There is no such bound without it, since
// only you know how far apart items may be: a log that is replayed may have a pause
// of a month.
//
// A window that is lost counts as its items, which [OnDiscard] hears of; an item that is
// late counts as dropped. Downstream owns the slices; starts and ends are in UTC. Backpressure: upstream's
// emit is downstream's. Memory: the items of the open windows, each as often as
// windows overlap. An item costs as much for each of its windows as the logarithm
// of the number of open ones. Goroutines: none; at runs on the subscriber's.
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
	return turbopipes.Lift(own.Mark+"EventTimeWindow", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.TimeWindow[T]) bool) (err error) {
		w := eventWindows[T]{eventTimeOptions: o}
		lost := run.Keep[T](run.At(ctx, "EventTimeWindow"), o.Discard)
		run.NoteBatches(lost.Record(), func(w turbopipes.TimeWindow[T], yield func(item any)) {
			for _, v := range w.Items {
				yield(v)
			}
		})
		var failed error
		var inHand spot[T]
		defer func() { err = fault.Join(err, lost.Discard(append(w.left(), inHand.all()...)...)) }()
		var work run.Work[T]
		defer work.Failed(ctx)
		err = flushing(ctx, bufferOptions{}, in, work.On(func(v T) bool {
			work.Busy = true
			t := plain(at(v))
			work.Busy = false
			outcome := eventLate
			if w.see(t) {
				inHand.put(v)
				if !pourWindows(ctx, w.passed, emit) {
					return false
				}
				inHand.take()
				outcome = w.add(ctx, v, t)
			}
			switch outcome {
			case eventLate:
				if err := lost.Drop(v); err != nil {
					panic(err)
				}
				if o.Late != nil {
					o.Late(v)
				}
			case eventTooMany:
				failed = w.tooMany(t)
				return lost.RefuseFor(failed, v)
			case eventTaken:
			case eventCut: // it is in a window already
				return false
			}
			return true
		}), func() { pourWindows(ctx, w.oldest, emit) })
		return fault.Join(failed, err)
	})
}

// pourWindows emits what next returns. false: downstream has refused, or ctx has
// ended.
func pourWindows[T any](ctx context.Context, next func() (turbopipes.TimeWindow[T], bool), emit func(turbopipes.TimeWindow[T]) bool) bool {
	for i := 0; ; i++ {
		if i%glance == glance-1 && ctx.Err() != nil {
			return false
		}
		w, ok := next()
		if !ok {
			return true
		}
		if !emit(w) {
			return false
		}
	}
}

// EventTimeOption is an option of [EventTimeWindow].
type EventTimeOption interface{ ApplyEventTime(*opt.EventTime) }

type eventTimeOptions = opt.EventTime

type eventTimeOption func(*eventTimeOptions)

func (f eventTimeOption) ApplyEventTime(o *eventTimeOptions) { f(o) }

// WithSlide makes the windows of [EventTimeWindow] begin at every multiple of s
// instead of size: less makes them overlap, more leaves gaps, whose items are late.
// s ≤ 0 is an ErrInvalidArgument.
func WithSlide(s time.Duration) EventTimeOption {
	return eventTimeOption(func(o *eventTimeOptions) {
		if o.Slide = s; s <= 0 {
			o.Bad = "WithSlide's s is not positive"
		}
	})
}

// WithLag makes [EventTimeWindow] wait for items that are up to l later than
// others. A negative l is an ErrInvalidArgument.
func WithLag(l time.Duration) EventTimeOption {
	return eventTimeOption(func(o *eventTimeOptions) {
		if o.Lag = l; l < 0 {
			o.Bad = "WithLag's l is negative"
		}
	})
}

// WithMaxAhead makes [EventTimeWindow] drop an item whose time is later than that of
// every item before it by more than d, as if no window took it: see [OnLate]. It
// moves no window. If the next item is that far ahead too, and no more than d apart
// from the dropped one, then time has moved on after a pause, and that item and
// those after it are taken. So choose d greater than the usual distance of items
// that follow each other. The first item is always taken. d ≤ 0 is an
// ErrInvalidArgument.
func WithMaxAhead(d time.Duration) EventTimeOption {
	return eventTimeOption(func(o *eventTimeOptions) {
		if o.MaxAhead = d; d <= 0 {
			o.Bad = "WithMaxAhead's d is not positive"
		}
	})
}

// OnLate has fn called, on the subscriber's goroutine, for each item that
// [EventTimeWindow] drops: because no window takes it any more, or because of
// [WithMaxAhead]. A nil fn is an ErrInvalidArgument.
func OnLate(fn func(item any)) EventTimeOption {
	return eventTimeOption(func(o *eventTimeOptions) {
		if o.Late = fn; fn == nil {
			o.Bad = "OnLate's fn is nil"
		}
	})
}

// WithMaxOpen makes [EventTimeWindow] fail with an ErrOverflow when more than k
// windows would have items and wait for their end. An item is in size/slide windows,
// so with fewer the first item fails. k < 1 is an ErrInvalidArgument.
func WithMaxOpen(k int) EventTimeOption {
	return eventTimeOption(func(o *eventTimeOptions) {
		if o.MaxOpen = k; k < 1 {
			o.Bad = "WithMaxOpen's k is less than 1"
		}
	})
}

func eventTimeOptionsOf(size time.Duration, opts []EventTimeOption) (o eventTimeOptions, bad string) {
	o.Size, o.Slide, o.MaxOpen = size, size, 1<<20
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyEventTime(&o)
	}
	return o, o.Bad
}
