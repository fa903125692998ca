package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// InnerOption is an option of [ConcatMap], [SwitchMap], [SwitchAll] and [ExhaustMap]:
// [StopInner] and [OnDiscard] are.
type InnerOption interface{ ApplyInner(*opt.Inner) }

// Stops is what [StopInner] returns: an option of all operators that run inner streams.
type Stops struct{}

// StopInner makes a graceful stop ([turbopipes.Subscription.Stop]) reach the inner
// streams too: their sources end as if complete, and what is in flight in them comes
// out. No inner stream begins after the stop; the item that it would be made of is
// discarded and counted. Without StopInner the inner streams run on to their own end,
// and an endless one makes the stop last until its ctx ends.
//
// It is an option of FlatMap, Flatten, ConcatMap, SwitchMap, SwitchAll, ExhaustMap,
// DelayWhen and Expand.
func StopInner() Stops { return Stops{} }

// ApplyInner makes s an option of operators with inner streams.
func (Stops) ApplyInner(o *opt.Inner) { o.StopInner = true }

// ApplyFlatMap makes s an option of FlatMap.
func (Stops) ApplyFlatMap(o *opt.FlatMap) { o.StopInner = true }

// ApplyDelayWhen makes s an option of DelayWhen.
func (Stops) ApplyDelayWhen(o *opt.DelayWhen) { o.StopInner = true }

// ApplyExpand makes s an option of Expand.
func (Stops) ApplyExpand(o *opt.Expand) { o.StopInner = true }

func innerOptions(opts []InnerOption) (o opt.Inner, bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyInner(&o)
	}
	return o, ""
}

// innerOf returns the ctx for inner streams: a graceful stop reaches them where stops.
func innerOf(ctx context.Context, stops bool) context.Context {
	if stops {
		return ctx
	}
	return turbopipes.Shield(ctx)
}

// letGoer is what a group and a window are: parts of another stream, which must be
// subscribed to or let go.
type letGoer interface{ LetGo() }

// leavesOut is called with each item that a filter leaves out, which then is let go
// where it is a part of another stream.
type leavesOut[T any] func(v T)

func leavingOut[T any]() leavesOut[T] { return letsGo[T]() }

// item returns true, for an emit to return.
func (out leavesOut[T]) item(v T) bool {
	if out != nil {
		out(v)
	}
	return true
}

// letsGo returns what is called with an item when its inner stream has ended, or the
// item is dropped: nil where items of type T are no parts of another stream.
func letsGo[T any]() func(v T) {
	var none T
	if _, part := any(none).(letGoer); !part {
		return nil
	}
	return func(v T) { any(v).(letGoer).LetGo() } //nolint:forcetypeassert // as was looked at
}

// letsGoOf is letsGo where items may be streams of R: these are not boxed, which would
// allocate for each of them.
func letsGoOf[T, R any]() func(v T) {
	if letGo, ok := any(turbopipes.Observable[R].LetGo).(func(v T)); ok {
		return letGo
	}
	return letsGo[T]()
}
