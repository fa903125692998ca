package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// IntersperseOption is an option of [Intersperse].
type IntersperseOption interface{ intersperse(*intersperseOptions) }

type intersperseOptions struct {
	ends any    // an ends[T]; nil: none
	of   string // its T
}

type ends[T any] struct{ start, end T }

func (e ends[T]) intersperse(o *intersperseOptions) { o.ends, o.of = e, typeName[T]() }

// WithEnds makes [Intersperse] put start before everything and end behind it. T
// is the item type of the stream; another is an ErrInvalidArgument.
func WithEnds[T any](start, end T) IntersperseOption { return ends[T]{start, end} }

// Intersperse puts sep between the items.
//
//	in:  a-b---c---|   sep: x
//	out: a-(xb)(xc)|
//
// Emits when an item comes: sep first, except before the first one. [WithEnds]
// puts start before the first item, at its time, and end behind the last one when
// upstream completes; an empty stream gives start and end then. Fails with
// upstream, without the end. Memory: none. Goroutines: none; it runs inside its
// subscriber's.
//
// A bad option is an ErrInvalidArgument. It corresponds to Pekko's intersperse.
func Intersperse[T any](sep T, opts ...IntersperseOption) turbopipes.Operator[T, T] {
	e, around, bad := endsOf[T](opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Intersperse", bad)
	}
	return turbopipes.Lift(own.Mark+"Intersperse", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		begun, refused := false, false
		give := func(v T) bool {
			refused = !emit(v)
			return !refused
		}
		err := in.Push(ctx, func(v T) bool {
			if begun {
				return give(sep) && give(v)
			}
			begun = true
			return (!around || give(e.start)) && give(v)
		})
		if err == nil && !refused && around && (begun || give(e.start)) {
			give(e.end)
		}
		return err
	})
}

func endsOf[T any](opts []IntersperseOption) (e ends[T], around bool, bad string) {
	for _, option := range opts {
		if option == nil {
			return e, false, "an option is nil"
		}
		var o intersperseOptions
		option.intersperse(&o)
		if e, around = o.ends.(ends[T]); !around {
			return e, false, fmt.Sprintf("WithEnds is of %s, want %s", o.of, typeName[T]())
		}
	}
	return e, around, ""
}
