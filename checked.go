package turbopipes

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
)

func isChecked(ctx context.Context) bool { return run.IsChecked(ctx) }

// maxRefused is how many times a source may continue after emit has refused.
const maxRefused = 1000

// Checked returns o with checks: every [Create] and [Lift] in it reports a breach of
// the contract of a [Source]. Every Lift also reports an item that the operator has
// refused, if the operator has neither passed it on nor called [Lost] for it.
// Checked is for the tests of authors of sources and operators. It costs a few
// atomic operations per item and stage.
//
// After a breach, the stream ends with an [ErrContract] that names the rule and the
// stage. A source that continues after emit has refused 1000 times is unwound by a
// panic in its emit. An emit after the return panics, because nobody is left to get
// an error.
func Checked[T any](o Observable[T]) Observable[T] {
	return compound(func(ctx context.Context, emit func(T) bool) error {
		return o.Push(run.Checked(ctx), emit)
	})
}

// runawayEmit unwinds a source that does not stop.
type runawayEmit struct{}

// inspection is one run of one stage under Checked.
type inspection struct {
	name                    string
	busy, refused, returned atomic.Bool
	broken                  atomic.Pointer[string] // the first rule that was broken
	extra                   atomic.Int64           // calls of emit after the refusal
}

func (i *inspection) report(rule string) bool {
	i.broken.CompareAndSwap(nil, &rule)
	return false
}

// enter is called before emit, and reports whether emit may run.
func (i *inspection) enter() bool {
	if i.returned.Load() {
		panic(fmt.Errorf("%w: %s: emit was called after the return", ErrContract, i.name))
	}
	if !i.busy.CompareAndSwap(false, true) {
		return i.report("emit was called from two goroutines at once")
	}
	if i.refused.Load() {
		i.busy.Store(false)
		if i.extra.Add(1) >= maxRefused {
			panic(runawayEmit{})
		}
		return i.report("emit was called after it had refused")
	}
	return true
}

func (i *inspection) leave(ok bool) {
	if !ok {
		i.refused.Store(true)
	}
	i.busy.Store(false)
}

// verdict returns the error that the stage ends with.
func (i *inspection) verdict(ctx context.Context, err error) error {
	rule := i.broken.Load()
	if rule == nil {
		return err
	}
	told := fmt.Errorf("%w: %s: %s", ErrContract, i.name, *rule)
	if err = fault.Strip(ctx, err); err != nil {
		return errors.Join(told, err)
	}
	return told
}

// runStrict runs src, the stage of i, and reports its breaches.
func runStrict[T any](ctx context.Context, i *inspection, src Source[T], emit func(T) bool) (err error) {
	below := false // downstream runs: its panic is not the stage's
	defer func() {
		i.returned.Store(true)
		if below {
			return
		}
		if i.extra.Load() >= maxRefused {
			if p := recover(); p != nil {
				if _, ours := p.(runawayEmit); !ours {
					panic(p)
				}
			}
		}
		err = i.verdict(ctx, err)
	}()
	err = src(ctx, func(v T) bool {
		if !i.enter() {
			return false
		}
		below = true
		ok := emit(v)
		below = false
		i.leave(ok)
		return ok
	})
	return err
}

// refusals records, for one run of an operator under Checked, the items that the
// operator refuses to its upstream.
type refusals struct {
	emitted atomic.Int64 // calls of the operator's emit
	below   atomic.Bool  // downstream has refused
	forgot  atomic.Bool  // an item was refused and was not passed on
}

// watchUpstream returns in, with a record of refusals.
func watchUpstream[T any](r *refusals, in Observable[T]) Observable[T] {
	watched := in
	watched.src = func(ctx context.Context, emit func(T) bool) error {
		return in.src(ctx, func(v T) bool {
			emitted := r.emitted.Load()
			ok := emit(v)
			if !ok && r.emitted.Load() == emitted && !r.below.Load() {
				r.forgot.Store(true)
			}
			return ok
		})
	}
	return watched
}

// runStrictLift is [runStrict] for an operator that a user has written. It also
// reports an item that the operator has refused and neither passed on nor accounted
// for, unless the operator has completed.
func runStrictLift[In, Out any](ctx context.Context, name string, in Observable[In],
	op func(ctx context.Context, in Observable[In], emit func(Out) bool) error, emit func(Out) bool,
) error {
	r := &refusals{}
	i := &inspection{name: name}
	counted := run.From(ctx).Lost() // also by streams that the operator runs
	return runStrict(ctx, i, func(ctx context.Context, emit func(Out) bool) error {
		err := fault.Settle(ctx, op(ctx, watchUpstream(r, in), func(v Out) bool {
			r.emitted.Add(1)
			ok := emit(v)
			if !ok {
				r.below.Store(true)
			}
			return ok
		}))
		if err != nil && r.forgot.Load() && run.From(ctx).Lost() == counted {
			i.report("an item was refused that was neither passed on nor given to Lost")
		}
		return err
	}, emit)
}
