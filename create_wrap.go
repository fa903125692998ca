package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/fault"
)

// Defer calls fn for each subscription, and runs the stream that fn returns. An
// error of fn is the stream's error. A nil fn is an [ErrInvalidArgument].
//
// A graceful stop passes through to that stream. The ctx of fn is shielded from the
// stop, see [Shield]. Goroutines: none; fn runs on the subscriber's. It corresponds
// to RxJS's, Reactor's and RxGo's defer.
func Defer[T any](fn func(ctx context.Context) (Observable[T], error)) Observable[T] {
	if fn == nil {
		return failing[T](fault.Invalid("Defer", "fn is nil"))
	}
	return compound(func(ctx context.Context, emit func(T) bool) error {
		settle(ctx)
		o, err := fn(Shield(ctx))
		if err != nil {
			return err
		}
		return o.Push(ctx, emit)
	})
}

// Iif calls cond at each subscription, and runs yes if cond returns true, else no.
//
// A graceful stop passes through to that stream. A nil cond, or a zero Observable,
// is an [ErrInvalidArgument]. To make the stream only when it is needed, see
// [Defer]. Goroutines: none; cond runs on the subscriber's. It corresponds to RxJS's
// iif.
func Iif[T any](cond func() bool, yes, no Observable[T]) Observable[T] {
	switch {
	case cond == nil:
		return failing[T](fault.Invalid("Iif", "cond is nil"))
	case yes.IsZero():
		return failing[T](fault.Invalid("Iif", "yes is the zero Observable"))
	case no.IsZero():
		return failing[T](fault.Invalid("Iif", "no is the zero Observable"))
	}
	return compound(func(ctx context.Context, emit func(T) bool) error {
		settle(ctx)
		if cond() {
			return yes.Push(ctx, emit)
		}
		return no.Push(ctx, emit)
	})
}

// Using acquires a resource for each subscription, runs the stream that use makes of
// it, and releases the resource. It releases exactly once, after that stream has
// unwound, for every end: completion, error, stop, cancellation, panic.
//
// An error of acquire is the stream's error, and release is then not called. An
// error of release is the stream's error if there was none before. Otherwise it is
// joined after that error; after a panic it is lost. A nil function is an
// [ErrInvalidArgument].
//
// The ctx of acquire is shielded from a graceful stop, see [Shield]. When release
// needs the network, it must not rely on that ctx being alive. Goroutines: none; all
// three functions run on the subscriber's. It corresponds to RxJS's and Reactor's
// using and Pekko's unfoldResource.
func Using[R, T any](acquire func(ctx context.Context) (R, error), use func(R) Observable[T], release func(R) error) Observable[T] {
	switch {
	case acquire == nil:
		return failing[T](fault.Invalid("Using", "acquire is nil"))
	case use == nil:
		return failing[T](fault.Invalid("Using", "use is nil"))
	case release == nil:
		return failing[T](fault.Invalid("Using", "release is nil"))
	}
	return using(acquire, use, func(_ context.Context, r R, _ End) error { return release(r) })
}

// EndKind says how a stream has ended. The release function of [UsingContext] gets it.
type EndKind int

// The kinds of ends.
const (
	// Completed streams had no more items.
	Completed EndKind = iota
	// Stopped streams have completed because their subscription was stopped gracefully.
	Stopped
	// Disposed streams were ended early: downstream wanted no more, or has panicked, or
	// the ctx has ended, as it does at a Dispose.
	Disposed
	// Failed streams have ended with an error or a panic of their own.
	Failed
)

// String returns the name of the kind.
func (k EndKind) String() string {
	switch k {
	case Completed:
		return "Completed"
	case Stopped:
		return "Stopped"
	case Disposed:
		return "Disposed"
	case Failed:
		return "Failed"
	}
	return "invalid"
}

// End says how a stream has ended.
type End struct {
	Kind EndKind
	Err  error // the error of a Failed stream; for a Disposed stream, context.Cause if its ctx has ended
}

// UsingContext is [Using] with another release function: it gets a ctx, and the way
// in which the stream has ended. For example, it can commit after a completion and
// roll back after a failure.
//
// The ctx of release has the values of the subscription's ctx, and is not cancelled:
// it lives as long as release runs. A release that needs the network sets its own
// time limit. An error of release is the stream's error if there was none before.
// Otherwise it is joined after that error; after a panic it is lost. A nil function
// is an [ErrInvalidArgument]. Goroutines: none; all three functions run on the
// subscriber's.
func UsingContext[R, T any](acquire func(ctx context.Context) (R, error), use func(R) Observable[T], release func(ctx context.Context, r R, how End) error) Observable[T] {
	switch {
	case acquire == nil:
		return failing[T](fault.Invalid("UsingContext", "acquire is nil"))
	case use == nil:
		return failing[T](fault.Invalid("UsingContext", "use is nil"))
	case release == nil:
		return failing[T](fault.Invalid("UsingContext", "release is nil"))
	}
	return using(acquire, use, release)
}

func using[R, T any](acquire func(ctx context.Context) (R, error), use func(R) Observable[T], release func(ctx context.Context, r R, how End) error) Observable[T] {
	return compound(func(ctx context.Context, emit func(T) bool) (err error) {
		settle(ctx)
		r, err := acquire(Shield(ctx))
		if err != nil {
			return err
		}
		end := End{Failed, ErrGoexit} // until another end is known
		defer func() {
			own, cancel := context.WithCancel(context.WithoutCancel(Shield(ctx)))
			defer cancel()
			err = fault.Join(err, release(own, r, end))
		}()
		stream, failed := callUse(use, r)
		if failed != nil {
			end = End{Failed, failed}
			panic(failed) // the panic continues
		}
		refused, below := false, false
		defer func() {
			if below {
				end = End{Kind: Disposed}
				return // without a recover: downstream's panic keeps its own stack
			}
			if p := recover(); p != nil {
				failed := fault.FromPanic(p)
				end = End{Failed, failed}
				panic(failed)
			}
		}()
		err = stream.Push(ctx, func(v T) bool {
			below = true
			ok := emit(v)
			below = false
			refused = refused || !ok
			return ok
		})
		end = endOf(ctx, refused, err)
		return err
	})
}

// callUse calls use, and turns its panic into an error.
func callUse[R, T any](use func(R) Observable[T], r R) (stream Observable[T], failed error) {
	failed = fault.Call(func() error { stream = use(r); return nil })
	return stream, failed
}

// endOf says how a stream that has returned err has ended.
func endOf(ctx context.Context, refused bool, err error) End {
	switch {
	case ctx.Err() != nil && fault.Strip(ctx, err) == nil:
		return End{Disposed, context.Cause(ctx)}
	case err != nil:
		return End{Failed, err}
	case refused && !stopping(ctx):
		return End{Kind: Disposed}
	case stopping(ctx):
		return End{Kind: Stopped}
	}
	return End{Kind: Completed}
}
