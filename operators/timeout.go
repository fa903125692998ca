package operators

import (
	"context"
	"fmt"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Timeout fails when upstream emits nothing for limit.
//
//	in:  a--b-----c|   limit: 4
//	out: a--b---#
//
// Emits when an item arrives. Fails with an ErrTimeout when limit has passed without an
// item; upstream is cancelled and reaped first. The time starts at the subscription,
// and again when downstream has finished with an item. So the time that downstream
// takes does not count. [WithScope] limits only the wait for the first item, or the
// whole run, and [FallbackTo] continues with another stream instead of failing. An
// item that arrives too late counts as discarded, and [OnDrop] reports it. Otherwise fails and completes with upstream. A graceful stop stops the
// clock, and there is no timeout after it.
//
// Backpressure: upstream's emit is downstream's. Memory: none. Goroutines: only the
// timer's.
//
// limit ≤ 0 is an ErrInvalidArgument. It corresponds to timeout in RxJS and Reactor, and
// to Pekko's idleTimeout, initialTimeout and completionTimeout.
func Timeout[T any](limit time.Duration, opts ...TimeoutOption[T]) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(opt.Typed[T]{}, opts)
	switch {
	case limit <= 0:
		return turbopipes.Invalid[T, T]("Timeout", opt.NotPositive("limit", limit))
	case bad != "":
		return turbopipes.Invalid[T, T]("Timeout", bad)
	}
	scope := TimeoutScope(o.Scope)
	return turbopipes.Lift(own.Mark+"Timeout", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		late, refused, err := timeoutWith(ctx, limit, scope, dropping(o), in, emit)
		if !late || refused || ctx.Err() != nil {
			return err
		}
		if o.Fallback == nil || !fault.OnlyWaited(err) || stopRequested(ctx) {
			return fault.Join(fmt.Errorf("%w: %s", turbopipes.ErrTimeout, scope.text(limit)), err)
		}
		return o.Fallback(ctx, emit)
	})
}

// timeoutWith runs in, and reports whether its time was over before it ended.
func timeoutWith[T any](ctx context.Context, limit time.Duration, scope TimeoutScope, hooks run.Hooks[T], in turbopipes.Observable[T], emit func(T) bool) (late, refused bool, err error) {
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := newTimeoutWatch(limit, scope, turbopipes.Stopping(ctx), func() { cancel(fault.ErrTimeUp) })
	defer w.stop()
	lost := hooks.At(run.At(ctx, "Timeout"))
	err = in.Push(own, func(v T) bool {
		if !w.item() {
			return lost.Refuse(v)
		}
		if !emit(v) {
			refused = true
			return false
		}
		return w.wait()
	})
	late = !w.item()
	w.stop()
	return late, refused, fault.Strip(own, err)
}

// TimeoutOption is an option of [Timeout]: [WithScope], [FallbackTo] and [OnDrop] are.
type TimeoutOption[T any] interface{ opt.TimeoutOption[T] }

type timeoutSetting[T any] struct {
	opt.Func[opt.Typed[T]]
	opt.ForTimeout
}

// TimeoutScope is what a [Timeout] limits.
type TimeoutScope int

// The scopes of a Timeout.
const (
	// EachItem limits each wait for an item. It is the default.
	EachItem TimeoutScope = iota
	// FirstItem limits the wait for the first item.
	FirstItem
	// WholeRun limits the whole run, with the time that downstream takes.
	WholeRun
)

// text says what has not come within limit.
func (s TimeoutScope) text(limit time.Duration) string {
	switch s {
	case FirstItem:
		return fmt.Sprintf("no first item within %v", limit)
	case WholeRun:
		return fmt.Sprintf("not complete within %v", limit)
	}
	return fmt.Sprintf("no item within %v", limit)
}

// WithScope sets what [Timeout] limits: [EachItem], which is the default, limits each
// wait for an item; [FirstItem] limits the wait for the first one; [WholeRun] limits the
// whole run. Another scope is an ErrInvalidArgument.
func WithScope[T any](scope TimeoutScope) TimeoutOption[T] {
	return timeoutSetting[T]{Func: func(s *opt.Typed[T]) string {
		if s.Scope = int(scope); scope < EachItem || scope > WholeRun {
			return fmt.Sprintf("WithScope: scope is %d, want EachItem, FirstItem or WholeRun", scope)
		}
		return ""
	}}
}

// FallbackTo makes [Timeout] go on with other instead of failing, once upstream is
// reaped, unless its clean-up has failed. The zero Observable is an ErrInvalidArgument.
func FallbackTo[T any](other turbopipes.Observable[T]) TimeoutOption[T] {
	return timeoutSetting[T]{Func: func(s *opt.Typed[T]) string {
		if s.Fallback = other.Push; other.IsZero() {
			return "FallbackTo: other is the zero Observable"
		}
		return ""
	}}
}
