package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// InnerOption is an option of [ConcatMap], [SwitchMap], [SwitchAll] and [ExhaustMap]:
// [StopInner] and [OnDiscard] are.
type InnerOption interface{ opt.InnerOption }

// StopInnerSetting is the type of [StopInner], and lists the operators that take it.
type StopInnerSetting struct {
	opt.Set
	opt.ForFlatMap
	opt.ForInner
	opt.ForDelayWhen
	opt.ForExpand
}

// StopInner makes a graceful stop ([turbopipes.Subscription.Stop]) reach the inner
// streams too: their sources end as if complete, and the items that are in flight in
// them are delivered. No inner stream begins after the stop; the item that it would be
// made of is discarded and counted. Without StopInner the inner streams run on to their
// own end, and an endless one makes the stop last until its ctx ends.
//
// It is an option of [FlatMap], [Flatten], [ConcatMap], [SwitchMap], [SwitchAll],
// [ExhaustMap], [DelayWhen] and [Expand].
func StopInner() StopInnerSetting {
	return StopInnerSetting{Set: func(s *opt.Settings) string {
		s.StopInner = true
		return ""
	}}
}

// innerOptions has the options that an operator with inner streams needs. It is kept
// for as long as the operator, and so it is small.
type innerOptions struct {
	opt.Loss
	Ahead     int
	StopInner bool
}

// innerOptionsOf gathers the options of an operator with inner streams.
func innerOptionsOf[O opt.Option[opt.Settings]](opts []O) (o innerOptions, bad string) {
	s, bad := opt.Gather(opt.Settings{}, opts)
	return innerOptions{s.Loss, s.Ahead, s.StopInner}, bad
}

// innerOf returns the ctx for inner streams: a graceful stop reaches them where stops.
func innerOf(ctx context.Context, stops bool) context.Context {
	if stops {
		return ctx
	}
	return turbopipes.Shield(ctx)
}

// letGoer is implemented by groups and windows: parts of another stream, which must be
// subscribed to or let go.
type letGoer interface{ LetGo() }

// leaveOutFunc is called with each item that a filter leaves out, which then is let go
// where it is a part of another stream.
type leaveOutFunc[T any] func(v T)

func newLeaveOut[T any]() leaveOutFunc[T] { return letGoFunc[T]() }

// item returns true, for an emit to return.
func (out leaveOutFunc[T]) item(v T) bool {
	if out != nil {
		out(v)
	}
	return true
}

// letGoFunc returns the function to call with an item when its inner stream has ended, or the
// item is dropped: nil where items of type T are no parts of another stream.
func letGoFunc[T any]() func(v T) {
	var none T
	if _, part := any(none).(letGoer); !part {
		return nil
	}
	return func(v T) { any(v).(letGoer).LetGo() } //nolint:forcetypeassert // as was looked at
}

// letGoFuncOf is letGoFunc where items may be streams of R: these are not boxed, which would
// allocate for each of them.
func letGoFuncOf[T, R any]() func(v T) {
	if letGo, ok := any(turbopipes.Observable[R].LetGo).(func(v T)); ok {
		return letGo
	}
	return letGoFunc[T]()
}
