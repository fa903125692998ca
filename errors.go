package turbopipes

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/scope"
	"github.com/turbopipes/turbopipes/internal/unhandled"
)

// The errors with which operators and sources of the library end a stream. Test for them
// with errors.Is: they come wrapped with the name of the operator.
var (
	// ErrInvalidArgument is misuse, reported at the subscription: a nil function, a
	// negative count, the zero Observable. Nothing was subscribed.
	ErrInvalidArgument = fault.ErrInvalidArgument
	// ErrOverflow ends a stream whose queue or limit was full.
	ErrOverflow = fault.ErrOverflow
	// ErrTimeout ends a stream that took too long.
	ErrTimeout = errors.New("turbopipes: timeout")
	// ErrBackpressureTimeout ends a stream whose downstream took too long. It
	// Is ErrTimeout.
	ErrBackpressureTimeout error = backpressureTimeout{}
	// ErrEmpty ends a stream that had to have an item and has none.
	ErrEmpty = errors.New("turbopipes: empty")
	// ErrTooManyItems ends a stream that had more items than it may have.
	ErrTooManyItems = errors.New("turbopipes: too many items")
	// ErrNotFound ends a stream in which no item matched.
	ErrNotFound = errors.New("turbopipes: not found")
	// ErrIndexOutOfRange ends a stream that is too short, or a route to nowhere.
	ErrIndexOutOfRange = errors.New("turbopipes: index out of range")
	// ErrTypeMismatch ends a stream with an item of the wrong type.
	ErrTypeMismatch = errors.New("turbopipes: type mismatch")
	// ErrCircuitOpen is the answer of an open circuit breaker.
	ErrCircuitOpen = errors.New("turbopipes: circuit open")
	// ErrAlreadySubscribed is for a second subscriber of a stream that takes only one.
	ErrAlreadySubscribed = errors.New("turbopipes: already subscribed")
	// ErrClosed is for a call or a subscriber that comes after the end.
	ErrClosed = fault.ErrClosed
	// ErrSequenceGap ends a stream in which an id is missing.
	ErrSequenceGap = errors.New("turbopipes: gap in the sequence")
	// ErrTooManyGroups ends a stream with more keys than it may have.
	ErrTooManyGroups = errors.New("turbopipes: too many groups")
	// ErrReentrant is for a call that would wait for itself.
	ErrReentrant = fault.ErrReentrant
	// ErrInterrupted is the cause with which RunUntilSignal ends its ctx, when a second
	// signal has come or the graceful stop took too long.
	ErrInterrupted = errors.New("turbopipes: interrupted")
	// ErrContract is the error that Checked reports.
	ErrContract = errors.New("turbopipes: broken contract")
	// ErrGoexit ends a stream in which user code called runtime.Goexit, as
	// testing's FailNow does.
	ErrGoexit = fault.ErrGoexit
)

type backpressureTimeout struct{}

func (backpressureTimeout) Error() string        { return "turbopipes: backpressure timeout" }
func (backpressureTimeout) Is(target error) bool { return target == ErrTimeout } //nolint:errorlint // this is the Is

// PanicError is the error that a panic in user code becomes. It costs nothing until
// there is a panic: only a consuming call, an error boundary and the end of a
// goroutine recover one.
//
//	type PanicError struct {
//		Value any    // the argument of panic
//		Stack []byte // of the goroutine that panicked, as debug.Stack formats it
//		Stage string // the stage's name, set by the operator Name; may be empty
//	}
//
// Error returns the value and the stage. The verb %+v prints the stack of the
// goroutine as well; a log of package slog does not. errors.Is and errors.As look
// through a PanicError at a Value that is an error.
type PanicError = fault.PanicError

// StageError is an error together with the name of the part of the pipeline that it
// comes from. The operator Name sets the name. Unwrap returns Err.
type StageError struct {
	Stage string
	Err   error
}

// Error returns the stage's name, and then the error.
func (e *StageError) Error() string { return e.Stage + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *StageError) Unwrap() error { return e.Err }

// ItemError is an error together with the item that it is about. Unwrap returns Err.
type ItemError[T any] struct {
	Item T
	Err  error
}

// Error does not print the item, which may be large or secret.
func (e *ItemError[T]) Error() string { return "item: " + e.Err.Error() }

// Unwrap returns Err.
func (e *ItemError[T]) Unwrap() error { return e.Err }

// WithReapWarning sets how long the disposal of a subscription under ctx waits
// before it logs a warning about the parts that have not ended, and the log to use.
//
// A task that ignores its ctx can't be killed, so disposal waits for it. After 10
// seconds, unless set otherwise here, a warning explains the hang. It has the stage,
// the time, the sources that have not returned, and the number and the stacks of the
// goroutines that disposal waits for. There is one warning for a subscription, for
// the innermost stage that waits. A wait that has its own limit, such as the wait of
// [WithGrace], is not reported.
//
// A process reports at most ten subscriptions at once, and one more in each second.
// One line has the number of the others. Nobody waits for a report.
//
// An after ≤ 0 turns the warning off. A nil log is slog.Default(). Failures that
// nobody asks for go to the same log, see [Observable.Subscribe].
func WithReapWarning(ctx context.Context, after time.Duration, log *slog.Logger) context.Context {
	return scope.WithWarning(ctx, after, log)
}

// report logs the error of s, if Error was not called with it, or arranges that it
// is logged when nobody asks for it. ctx is the caller's: its end is not a failure.
func (s *Subscription) report(ctx context.Context) {
	err := fault.Strip(ctx, s.untold)
	s.untold = nil
	if err == nil {
		return
	}
	if unhandled.IsBug(err) && !s.asked.Load() && s.asking.Load() == 0 {
		unhandled.Log(ctx, err)
		return
	}
	s.failure = unhandled.Of(s)
	s.failure.Fail(ctx, err)
}

// result returns the error of s, and records that somebody has asked for it.
func (s *Subscription) result() error {
	if s.failure != nil {
		s.failure.Handled()
	}
	return s.err
}
