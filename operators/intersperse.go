package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// IntersperseOption is an option of [Intersperse].
type IntersperseOption interface{ ApplyIntersperse(*opt.Intersperse) }

type intersperseOptions = opt.Intersperse

type ends[T any] struct{ start, end T }

func (e ends[T]) ApplyIntersperse(o *intersperseOptions) { o.Ends, o.Of = e, typeName[T]() }

// WithEnds makes [Intersperse] put start before everything and end behind it. T
// is the item type of the stream; another is an ErrInvalidArgument.
func WithEnds[T any](start, end T) IntersperseOption { return ends[T]{start, end} }

// Intersperse puts sep between the items.
//
//	in:  a-b---c---|   sep: x
//	out: a-(xb)(xc)|
//
// Emits when an item comes: sep first, except before the first item. [WithEnds] puts
// start before the first item, at the time of that item, and end after the last
// item, when upstream completes. An empty stream then emits start and end. Fails
// with upstream, without the end. An item whose separator was refused counts as
// discarded, and [OnDiscard] is called for it. Each separator counts as an item.
// Memory: none. Goroutines: none; it runs on the subscriber's goroutine.
//
// A bad option is an ErrInvalidArgument. It corresponds to Pekko's intersperse.
func Intersperse[T any](sep T, opts ...IntersperseOption) turbopipes.Operator[T, T] {
	e, around, o, bad := endsOf[T](opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Intersperse", bad)
	}
	return turbopipes.Lift(own.Mark+"Intersperse", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		lost := run.Keep[T](run.At(ctx, "Intersperse"), o.Discard)
		var inHand spot[T]
		defer func() { err = fault.Join(err, lost.Discard(inHand.all()...)) }()
		begun, refused := false, false
		give := func(v T) bool {
			refused = !emit(v)
			return !refused
		}
		err = in.Push(ctx, func(v T) bool {
			before, between := sep, begun || around
			if !begun {
				before, begun = e.start, true
			}
			if between {
				inHand.put(v)
				if !give(before) {
					return false
				}
				inHand.take()
			}
			return give(v)
		})
		if err == nil && !refused && around && (begun || give(e.start)) {
			give(e.end)
		}
		return err
	})
}

func endsOf[T any](opts []IntersperseOption) (e ends[T], around bool, o opt.Intersperse, bad string) {
	for _, option := range opts {
		if option == nil {
			return e, false, o, "an option is nil"
		}
		option.ApplyIntersperse(&o)
	}
	if o.Ends == nil {
		return e, false, o, ""
	}
	if e, around = o.Ends.(ends[T]); !around {
		return e, false, o, fmt.Sprintf("WithEnds is of %s, want %s", o.Of, typeName[T]())
	}
	return e, around, o, ""
}
