// Package unhandled logs the failures of streams that nobody has read. A failure waits
// with the handle from which it can be read. When the handle is garbage, nobody can read
// the failure any more, and it is logged.
package unhandled

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Failure is the failure of a stream that has a handle, until somebody reads it from the
// handle. It must not refer to the handle, so it holds text, and neither an error nor a
// ctx.
type Failure struct {
	mu      sync.Mutex // guards the rest
	log     *slog.Logger
	attrs   []any // nil: nothing has failed
	handled bool
	garbage bool // the handle is garbage
}

// Of returns the Failure of handle. The Failure is logged when handle is garbage.
func Of[H any](handle *H) *Failure {
	f := &Failure{}
	runtime.AddCleanup(handle, (*Failure).abandon, f)
	return f
}

// Handle is a handle for a failure that is read by calling a function. Only that function
// may refer to the Handle.
type Handle struct{ Failure *Failure }

// NewHandle returns a Handle with its Failure.
func NewHandle() *Handle {
	h := &Handle{}
	h.Failure = Of(h)
	return h
}

// Fail notes that the stream has failed with err under ctx, which may be nil.
func (f *Failure) Fail(ctx context.Context, err error) {
	if err == nil {
		return
	}
	f.mu.Lock()
	if f.attrs = failureAttrs(err); ctx != nil {
		f.log = scope.OwnLogger(ctx)
	}
	f.mu.Unlock()
	f.report()
}

// Handled notes that somebody has read the failure.
func (f *Failure) Handled() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handled = true
}

// abandon is called by the runtime when the handle is garbage.
func (f *Failure) abandon() {
	f.mu.Lock()
	f.garbage = true
	f.mu.Unlock()
	f.report()
}

// report logs the failure if nobody can read it any more.
func (f *Failure) report() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.garbage || f.handled || f.attrs == nil {
		return
	}
	f.handled = true
	// The runtime runs the clean-ups of a program one after another. A log handler must
	// not delay them.
	log, attrs := f.log, f.attrs
	time.AfterFunc(0, func() { logFailure(context.Background(), log, attrs) })
}

// Log logs err at once, to the log of ctx.
func Log(ctx context.Context, err error) {
	logFailure(ctx, scope.OwnLogger(ctx), failureAttrs(err))
}

// logFailure logs to log, or to slog.Default() if log is nil. It recovers a panic of
// the log handler.
func logFailure(ctx context.Context, log *slog.Logger, attrs []any) {
	if log == nil {
		log = slog.Default()
	}
	_ = fault.Call(func() error {
		log.ErrorContext(ctx, "turbopipes: a stream has failed, and nobody has asked how it ended", attrs...)
		return nil
	})
}

// failureAttrs returns the log attributes for err. They do not hold err.
func failureAttrs(err error) []any {
	attrs := []any{"error", fmt.Sprint(err)} // and not err.Error(), which may panic
	if p := (*fault.PanicError)(nil); errors.As(err, &p) {
		attrs = append(attrs, "stack", string(p.Stack))
	}
	return attrs
}

// IsBug reports whether err is a mistake in the program, and not a failure that programs
// have to expect.
func IsBug(err error) bool {
	p := (*fault.PanicError)(nil)
	return errors.Is(err, fault.ErrInvalidArgument) || errors.Is(err, fault.ErrGoexit) || errors.As(err, &p)
}
