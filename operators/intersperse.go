package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Intersperse puts sep between the items.
//
//	in:  a-b---c---|   sep: x
//	out: a-(xb)(xc)|
//
// Emits when an item comes: sep first, except before the first item. [WithEnds] puts
// start before the first item, at the time of that item, and end after the last
// item, when upstream completes. An empty stream then emits start and end. Fails
// with upstream, without the end. An item whose separator was refused counts as
// discarded, and [OnDrop] is called for it. Each separator counts as an item.
// Memory: none. Goroutines: none; it runs on the subscriber's goroutine.
//
// A bad option is an ErrInvalidArgument. It corresponds to Pekko's intersperse.
func Intersperse[T any](sep T, opts ...IntersperseOption[T]) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(opt.Typed[T]{}, opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Intersperse", bad)
	}
	around, hooks := o.HasEnds, dropping(o)
	return turbopipes.Lift(own.Mark+"Intersperse", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		lost := hooks.At(run.At(ctx, "Intersperse"))
		var inHand singleSlot[T]
		defer func() { err = fault.Join(err, lost.Discard(inHand.all()...)) }()
		begun, refused := false, false
		give := func(v T) bool {
			refused = !emit(v)
			return !refused
		}
		err = in.Push(ctx, func(v T) bool {
			before, between := sep, begun || around
			if !begun {
				before, begun = o.Start, true
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
		if err == nil && !refused && around && (begun || give(o.Start)) {
			give(o.End)
		}
		return err
	})
}

// IntersperseOption is an option of [Intersperse]: [WithEnds] and [OnDrop] are.
type IntersperseOption[T any] interface{ opt.IntersperseOption[T] }

type intersperseSetting[T any] struct {
	opt.Func[opt.Typed[T]]
	opt.ForIntersperse
}

// WithEnds makes [Intersperse] put start before everything and end after it.
func WithEnds[T any](start, end T) IntersperseOption[T] {
	return intersperseSetting[T]{Func: func(s *opt.Typed[T]) string {
		s.Start, s.End, s.HasEnds = start, end, true
		return ""
	}}
}
