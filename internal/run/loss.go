package run

import (
	"context"
	"reflect"

	"github.com/turbopipes/turbopipes/internal/fault"
)

// Reason says why an item was lost, in the order of turbopipes.LossReason.
type Reason int

// The reasons.
const (
	Dropped   Reason = iota // a strategy or an operator has dropped it
	Discarded               // the stream ended early
	Cancelled               // its task was cancelled; it counts as discarded
)

// Hook is a function that receives losses.
type Hook func(item any, stage string, why Reason, cause error)

type hookKey struct{}

// WithHook returns a ctx whose subscriptions report their losses to hook, and to the
// hooks that ctx already has.
func WithHook(ctx context.Context, hook Hook) context.Context {
	if outer, ok := ctx.Value(hookKey{}).(Hook); ok {
		own := hook
		hook = func(item any, stage string, why Reason, cause error) {
			defer outer(item, stage, why, cause) // also if own panics
			own(item, stage, why, cause)
		}
	}
	return context.WithValue(ctx, hookKey{}, hook)
}

func hookOf(ctx context.Context) Hook {
	hook, _ := ctx.Value(hookKey{}).(Hook)
	return hook
}

// Stage is a stage of a running pipeline that may lose items.
type Stage struct {
	rec  *Record
	ctx  context.Context //nolint:containedctx // of the run: it has the name that the operator Name has set
	name string
}

// At returns the Stage of an operator. ctx is that of its run.
func At(ctx context.Context, operator string) Stage {
	return Stage{rec: From(ctx), ctx: ctx, name: operator}
}

// Record is that of the subscription that the stage is part of.
func (s *Stage) Record() *Record { return s.rec }

// Name is the operator's name, after the name that Named has set.
func (s *Stage) Name() string { return StageName(s.ctx, s.name) }

// Failed counts n items whose task or function has failed.
func (s *Stage) Failed(n int64) { s.rec.fail(n) }

// Hooks are the loss hooks of one operator. Either may be nil.
type Hooks[T any] struct {
	Each  func(item any) // the operator's OnDiscard: called for each item of a slice that a buffer has made
	Whole func(v T)      // the operator's OnDrop: called with the whole value
}

// Account is a Stage that accounts for items of type T. Account is a pointer type. A
// method of a value needs four functions for each item type, with the wrappers that
// the compiler makes, and a method of a pointer needs two.
type Account[T any] = *account[T]

// Ledger is the struct of an Account, to be part of another struct.
type Ledger[T any] = account[T]

type account[T any] struct {
	Stage
	Each  func(item any) // as in Hooks
	Whole func(v T)      // as in Hooks
}

// At returns the Account of s with these hooks.
func (h Hooks[T]) At(s Stage) Account[T] { return &account[T]{s, h.Each, h.Whole} }

// Keep returns an Account of s. each is the operator's OnDiscard, or nil.
func Keep[T any](s Stage, each func(item any)) Account[T] {
	return &account[T]{Stage: s, Each: each}
}

// Refuse counts v as discarded. The stage has neither delivered nor kept v. Refuse
// returns false, for an emit to return. A panic of a hook goes on.
func (a *account[T]) Refuse(v T) bool {
	if err := lose(a, Discarded, nil, []T{v}); err != nil {
		panic(err)
	}
	return false
}

// RefuseFor is Refuse for an item that has ended the stream with cause.
func (a *account[T]) RefuseFor(cause error, v T) bool {
	if err := lose(a, Discarded, cause, []T{v}); err != nil {
		panic(err)
	}
	return false
}

// Discard counts items that an early end has lost. It returns the first panic of a
// hook as an error; the other items are reported all the same.
func (a *account[T]) Discard(items ...T) error { return lose(a, Discarded, nil, items) }

// DiscardFor is Discard for items that were lost because of cause.
func (a *account[T]) DiscardFor(cause error, items ...T) error {
	return lose(a, Discarded, cause, items)
}

// Drop counts an item that a strategy has dropped. It allocates nothing if there is
// no hook.
func (a *account[T]) Drop(v T) error {
	if a.Silent() {
		a.rec.count(Dropped, a.Weight(v))
		return nil
	}
	return lose(a, Dropped, nil, []T{v})
}

// DropAll is Drop for several items.
func (a *account[T]) DropAll(items []T) error { return lose(a, Dropped, nil, items) }

// DropFor is Drop for an item on which a user's function has failed with cause.
func (a *account[T]) DropFor(cause error, v T) error { return lose(a, Dropped, cause, []T{v}) }

// Cancel is Discard for the inputs of cancelled tasks.
func (a *account[T]) Cancel(cause error, items ...T) error { return lose(a, Cancelled, cause, items) }

// Silent reports whether there is no hook. Losses are counted all the same.
func (a *account[T]) Silent() bool { return a.Each == nil && a.Whole == nil && a.rec.hook == nil }

// Count counts n items as discarded. It is for a Silent and Plain Account.
func (a *account[T]) Count(n int64) { a.rec.count(Discarded, n) }

// Plain reports whether each value of type T is one item, whatever the pipeline.
func (*account[T]) Plain() bool { return plain[T]() }

func lose[T any](a Account[T], why Reason, cause error, items []T) error {
	if len(items) == 0 {
		return nil
	}
	n := int64(len(items))
	if !plain[T]() {
		n = 0
		for _, v := range items {
			n += a.Weight(v)
		}
	}
	a.rec.count(why, n)
	if a.Silent() {
		return nil
	}
	return tell(a, why, cause, items)
}

// tell calls the hooks with lost items.
func tell[T any](a Account[T], why Reason, cause error, items []T) (err error) {
	note := func(e error) {
		if err == nil {
			err = e
		}
	}
	stage := ""
	if a.rec.hook != nil {
		stage = a.Name()
	}
	for _, v := range items {
		if a.Whole != nil {
			note(fault.Call(func() error { a.Whole(v); return nil }))
		}
		each := func(item any) { note(hear(a.Each, a.rec.hook, item, stage, why, cause)) }
		if plain[T]() {
			each(v)
		} else {
			a.rec.walk(v, each)
		}
	}
	return err
}

// DiscardFolded counts n items as discarded that were merged into the value v. It
// calls the hooks with v, once for each of the n items.
func DiscardFolded[T any](a Account[T], n int64, v T) (err error) {
	a.rec.count(Discarded, n)
	if a.Silent() {
		return nil
	}
	stage, item := a.Name(), any(v)
	for ; n > 0; n-- {
		if e := hear(a.Each, a.rec.hook, item, stage, Discarded, nil); err == nil {
			err = e
		}
	}
	return err
}

// hear calls the hooks with one item. It returns the first panic.
func hear(each func(item any), hook Hook, item any, stage string, why Reason, cause error) (err error) {
	if each != nil {
		err = fault.Call(func() error { each(item); return nil })
	}
	if hook != nil {
		e := fault.Call(func() error { hook(item, stage, why, cause); return nil })
		if err == nil {
			err = e
		}
	}
	return err
}

// Weight is the number of items that v counts as if it is lost.
func (a *account[T]) Weight(v T) int64 {
	if plain[T]() || !a.rec.merges() && !mayBeStream(reflect.TypeFor[T]()) {
		return 1
	}
	return a.rec.items(v)
}

// FailedOn counts v as failed.
func (a *account[T]) FailedOn(v T) { a.Failed(a.Weight(v)) }

// Try calls f, a user's function, on v. v counts as failed if f panics or calls
// Goexit. Try is for functions that cost more than a call; for others see [Work].
func (a *account[T]) Try(v T, f func()) {
	returned := false
	defer func() {
		if !returned {
			a.FailedOn(v)
		}
	}()
	f()
	returned = true
}

// Lose counts one item of an operator that a user has written.
func Lose(s Stage, item any, why Reason, cause error) error {
	return lose(&account[any]{Stage: s}, why, cause, []any{item})
}

// plain reports whether a value of type T is neither a slice that a buffer has made
// nor a stream.
func plain[T any]() bool {
	t := reflect.TypeFor[T]()
	return t.Kind() != reflect.Interface && !heavy(t)
}

// DropOnPanic runs f, which calls a function of the user's for v, on upstream's
// goroutine. If f panics, it calls drop with v, and the panic goes on.
func DropOnPanic[T any](v T, drop func(T) error, f func()) {
	done := false
	defer func() {
		if !done {
			_ = drop(v) // the panic is what the stream ends with
		}
	}()
	f()
	done = true
}
