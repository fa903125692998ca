package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/run"
)

// BackpressureOption is an option of the operators that say what becomes of items
// while downstream is busy. [OnDrop] is one of all of them; one that an operator
// does not take is an ErrInvalidArgument.
type BackpressureOption[T any] interface {
	ApplyBackpressure(*opt.Backpressure[T])
}

type backpressureOption[T any] func(*opt.Backpressure[T])

func (f backpressureOption[T]) ApplyBackpressure(o *opt.Backpressure[T]) { f(o) }

// OnDrop has fn called for each item that a strategy drops, on upstream's
// goroutine, and, on the subscriber's, once everything is reaped, for each that
// is left when the stream ends early. [turbopipes.Stats] counts the former as Dropped, the
// latter as Discarded.
func OnDrop[T any](fn func(T)) BackpressureOption[T] {
	return backpressureOption[T](func(o *opt.Backpressure[T]) { o.Drop = fn })
}

// special is an option that only some operators take. bad is what is wrong with
// its argument, or "".
func special[T any](name, bad string, set func(*opt.Backpressure[T])) BackpressureOption[T] {
	return backpressureOption[T](func(o *opt.Backpressure[T]) {
		o.Given = append(o.Given, name)
		if bad != "" {
			opt.Note(&o.Bad, bad)
		}
		set(o)
	})
}

// withOptions applies opts. special is the option besides OnDrop that operator
// takes, or "".
func withOptions[T, R any](operator, special string, opts []BackpressureOption[T], make func(opt.Backpressure[T]) turbopipes.Operator[T, R]) turbopipes.Operator[T, R] {
	o, bad := backpressureOptions(special, opts)
	if bad != "" {
		return turbopipes.Invalid[T, R](operator, bad)
	}
	return make(o)
}

// backpressureOptions gathers opts.
func backpressureOptions[T any](special string, opts []BackpressureOption[T]) (o opt.Backpressure[T], bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyBackpressure(&o)
	}
	for _, name := range o.Given {
		if name != special {
			return o, "it has no option " + name
		}
	}
	return o, o.Bad
}

// dropping are the hooks of an operator with those options.
func dropping[T any](o opt.Backpressure[T]) run.Hooks[T] { return run.Hooks[T]{Whole: o.Drop} }
