package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/run"
)

// BackpressureOption is an option of the operators that say what becomes of items
// while downstream is busy, and have no other options: [OnDrop] is one.
type BackpressureOption[T any] interface{ opt.BackpressureOption[T] }

// DropHook is the type of [OnDrop], and lists the operators that take it.
type DropHook[T any] struct {
	opt.Func[opt.Typed[T]]
	opt.ForBackpressure
	opt.ForConflateByKey
	opt.ForLoadShed
	opt.ForSpillToDisk
	opt.ForTimeout
	opt.ForRateLimit
	opt.ForIntersperse
	opt.ForEventTimeWindow
}

// OnDrop calls fn with each item that the operator loses, as it is. It is the
// [OnDiscard] of the operators whose options know the item's type: those that say what
// becomes of items while downstream is busy, and [Timeout], [RateLimit], [Intersperse]
// and [EventTimeWindow].
//
// fn is called on upstream's goroutine for an item that the operator drops, and on the
// subscriber's, once everything is reaped, for an item that is left when the stream ends
// early. [turbopipes.Stats] counts the former as Dropped, the latter as Discarded.
func OnDrop[T any](fn func(v T)) DropHook[T] {
	return DropHook[T]{Func: func(s *opt.Typed[T]) string {
		s.Drop = fn
		return ""
	}}
}

// dropping are the hooks of an operator with those options.
func dropping[T any](o opt.Typed[T]) run.Hooks[T] { return run.Hooks[T]{Whole: o.Drop} }

// withOptions gathers opts and returns the operator that make makes with them.
func withOptions[T, R any, O opt.Option[opt.Typed[T]]](operator string, opts []O, make func(opt.Typed[T]) turbopipes.Operator[T, R]) turbopipes.Operator[T, R] {
	o, bad := opt.Gather(opt.Typed[T]{}, opts)
	if bad != "" {
		return turbopipes.Invalid[T, R](operator, bad)
	}
	return make(o)
}
