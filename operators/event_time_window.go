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

// EventTimeWindow collects items into windows of event time: the time that at
// returns for each item.
//
//	in:  1-2-3-5-4-7-|   size: 3, at: the number
//	out: ----x-----y-(z|)   x: 0 to 3 with 1 2, y: 3 to 6 with 3 5 4, z: 6 to 9 with 7
//
// Emits when an item comes whose time is at or after the end of a window, plus
// [WithLag]: that window. Several windows come in the order of time. At completion
// it emits the open windows. A window is never empty. Fails with upstream. Fails
// with an ErrOverflow when more windows would be open than [WithMaxOpen] allows,
// 1,048,576 without it; it fails before it opens one of these windows. The items
// that wait are then discarded.
//
// A window contains the times from k·size on and before (k+1)·size, counted in the
// way of [time.Time.Truncate]. With [WithSlide] a window begins at every k·slide,
// and an item is in all windows that contain its time. Drops an item if all its
// windows have been passed: see [OnLate].
//
// Time is the time of the items only: no clock is read. So an item with a time far
// in the future makes all items after it late. If the times come from clocks that
// may be wrong, set [WithMaxAhead]. Without it there is no such limit, since only
// you know how far apart items may be: a log that is replayed may have a pause of a
// month.
//
// A lost window counts as its items, and [OnDrop] is called for each of them. A late
// item counts as dropped. Downstream owns the slices; starts and ends are in UTC.
// Backpressure: upstream's emit calls downstream's, so upstream waits while
// downstream is busy. Memory: the items of the open windows; an item is kept in each
// of its windows. For each of its windows an item takes time that grows with the
// logarithm of the number of open windows. Goroutines: none; at runs on the
// subscriber's goroutine.
//
// A size of 0 or less, a nil at and bad options are an ErrInvalidArgument. To
// collect items by the time at which they come, see [BufferWithTime].
func EventTimeWindow[T any](size time.Duration, at func(v T) time.Time, opts ...EventTimeWindowOption[T]) turbopipes.Operator[T, turbopipes.TimeWindow[T]] {
	o, bad := opt.Gather(opt.Typed[T]{Slide: size, MaxOpen: 1 << 20}, opts)
	switch {
	case size <= 0:
		return turbopipes.Invalid[T, turbopipes.TimeWindow[T]]("EventTimeWindow", opt.NotPositive("size", size))
	case at == nil:
		return turbopipes.Invalid[T, turbopipes.TimeWindow[T]]("EventTimeWindow", "at is nil")
	case bad != "":
		return turbopipes.Invalid[T, turbopipes.TimeWindow[T]]("EventTimeWindow", bad)
	}
	plan := eventTimeOptions{Size: size, Slide: o.Slide, Lag: o.Lag, MaxAhead: o.MaxAhead, MaxOpen: o.MaxOpen}
	late, hooks := o.Late, dropping(o)
	return turbopipes.Lift(own.Mark+"EventTimeWindow", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.TimeWindow[T]) bool) (err error) {
		w := eventWindows[T]{eventTimeOptions: plan}
		lost := hooks.At(run.At(ctx, "EventTimeWindow"))
		run.NoteBatches(lost.Record(), func(w turbopipes.TimeWindow[T], yield func(item any)) {
			for _, v := range w.Items {
				yield(v)
			}
		})
		var failed error
		var inHand singleSlot[T]
		defer func() { err = fault.Join(err, lost.Discard(append(w.left(), inHand.all()...)...)) }()
		var work run.Work[T]
		defer work.Failed(ctx)
		err = runBuffer(ctx, false, in, work.On(func(v T) bool {
			work.Busy = true
			t := wallTime(at(v))
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
				if late != nil {
					late(v)
				}
			case eventTooMany:
				failed = w.tooMany(t)
				return lost.RefuseFor(failed, v)
			case eventTaken:
			case eventCut: // ctx has ended, and v is in a window already
				return false
			}
			return true
		}), func(bool) { pourWindows(ctx, w.oldest, emit) })
		return fault.Join(failed, err)
	})
}

// pourWindows emits the windows that next returns. It returns false when downstream
// has refused a window, or ctx has ended.
func pourWindows[T any](ctx context.Context, next func() (turbopipes.TimeWindow[T], bool), emit func(turbopipes.TimeWindow[T]) bool) bool {
	for i := 0; ; i++ {
		if i%itemsPerCheck == itemsPerCheck-1 && ctx.Err() != nil {
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

// EventTimeWindowOption is an option of [EventTimeWindow]: [WithSlide], [WithLag],
// [WithMaxAhead], [WithMaxOpen], [OnLate] and [OnDrop] are.
type EventTimeWindowOption[T any] interface{ opt.EventTimeWindowOption[T] }

// eventTimeOptions has the options that the windows need.
type eventTimeOptions struct {
	Size, Slide, Lag time.Duration
	MaxAhead         time.Duration // 0: no limit
	MaxOpen          int
}

type eventTimeSetting[T any] struct {
	opt.Func[opt.Typed[T]]
	opt.ForEventTimeWindow
}

// WithSlide makes the windows of [EventTimeWindow] begin at every multiple of slide
// instead of size. If slide is less than size they overlap. If slide is more they leave
// gaps, whose items are late. slide ≤ 0 is an ErrInvalidArgument.
func WithSlide[T any](slide time.Duration) EventTimeWindowOption[T] {
	return eventTimeSetting[T]{Func: func(s *opt.Typed[T]) string {
		s.Slide = slide
		return opt.Positive("WithSlide", "slide", slide)
	}}
}

// WithLag makes [EventTimeWindow] wait for items that are up to lag later than
// others. lag < 0 is an ErrInvalidArgument.
func WithLag[T any](lag time.Duration) EventTimeWindowOption[T] {
	return eventTimeSetting[T]{Func: func(s *opt.Typed[T]) string {
		s.Lag = lag
		return opt.NotNegative("WithLag", "lag", lag)
	}}
}

// WithMaxAhead makes [EventTimeWindow] drop an item whose time is later than that of
// every item before it by more than limit, as if no window took it: see [OnLate]. It
// moves no window. If the next item is that far ahead too, and no more than limit apart
// from the dropped one, then time has moved on after a pause, and that item and
// those after it are taken. So choose a limit greater than the usual distance of items
// that follow each other. The first item is always taken. limit ≤ 0 is an
// ErrInvalidArgument.
func WithMaxAhead[T any](limit time.Duration) EventTimeWindowOption[T] {
	return eventTimeSetting[T]{Func: func(s *opt.Typed[T]) string {
		s.MaxAhead = limit
		return opt.Positive("WithMaxAhead", "limit", limit)
	}}
}

// OnLate calls fn, on the subscriber's goroutine, with each item that
// [EventTimeWindow] drops: because no window takes it any more, or because of
// [WithMaxAhead]. [OnDrop] gets these items too, and those that are left at an early
// end. A nil fn is an ErrInvalidArgument.
func OnLate[T any](fn func(v T)) EventTimeWindowOption[T] {
	return eventTimeSetting[T]{Func: func(s *opt.Typed[T]) string {
		s.Late = fn
		return opt.NotNil("OnLate", "fn", fn == nil)
	}}
}

// WithMaxOpen makes [EventTimeWindow] fail with an ErrOverflow when more than n
// windows would have items and wait for their end. An item is in size/slide windows,
// so with fewer the first item fails. n < 1 is an ErrInvalidArgument.
func WithMaxOpen[T any](n int) EventTimeWindowOption[T] {
	return eventTimeSetting[T]{Func: func(s *opt.Typed[T]) string {
		s.MaxOpen = n
		return opt.AtLeast("WithMaxOpen", "n", n, 1)
	}}
}
