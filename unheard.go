package turbopipes

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

// unheard is the failure of a stream that has a handle, until somebody asks the
// handle for it. When the handle is garbage nobody can ask any more: then it is
// logged. It must not lead to the handle, so it holds text, and neither an error
// nor a ctx.
type unheard struct {
	mu    sync.Mutex // guards the rest
	log   *slog.Logger
	attrs []any // nil: nothing has failed
	heard bool
	gone  bool // the handle is garbage
}

// handle is what a failure can be asked from, where that is a function. Only the
// function leads to it.
type handle struct{ unheard *unheard }

func newHandle() *handle {
	h := &handle{&unheard{}}
	runtime.AddCleanup(h, (*unheard).garbage, h.unheard)
	return h
}

// fail notes that the stream has failed with err under ctx.
func (u *unheard) fail(ctx context.Context, err error) {
	if err == nil {
		return
	}
	u.mu.Lock()
	if u.attrs = failureAttrs(err); ctx != nil {
		u.log = scope.OwnLogger(ctx)
	}
	u.mu.Unlock()
	u.tell()
}

// hear notes that somebody has been given the failure.
func (u *unheard) hear() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.heard = true
}

// garbage is called when the handle is garbage, by the runtime.
func (u *unheard) garbage() {
	u.mu.Lock()
	u.gone = true
	u.mu.Unlock()
	u.tell()
}

// tell logs the failure if nobody else can.
func (u *unheard) tell() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.gone || u.heard || u.attrs == nil {
		return
	}
	u.heard = true
	// The runtime runs the clean-ups of a program one after another, which a log
	// handler must not hold up.
	log, attrs := u.log, u.attrs
	time.AfterFunc(0, func() { logFailure(context.Background(), log, attrs) })
}

// logFailure logs to log; nil: to slog.Default(). A panic of a log handler is
// not ours to die of.
func logFailure(ctx context.Context, log *slog.Logger, attrs []any) {
	if log == nil {
		log = slog.Default()
	}
	_ = fault.Call(func() error {
		log.ErrorContext(ctx, "turbopipes: a stream has failed, and nobody has asked how it ended", attrs...)
		return nil
	})
}

// failureAttrs is what a log says about err. It does not hold err.
func failureAttrs(err error) []any {
	attrs := []any{"error", fmt.Sprint(err)} // and not err.Error(), which may panic
	if p := (*PanicError)(nil); errors.As(err, &p) {
		attrs = append(attrs, "stack", string(p.Stack))
	}
	return attrs
}

// isBug tells whether an error is a mistake in the program, rather than something
// that programs have to expect.
func isBug(err error) bool {
	p := (*PanicError)(nil)
	return errors.Is(err, ErrInvalidArgument) || errors.Is(err, ErrGoexit) || errors.As(err, &p)
}

// report logs what s has failed with, if Error was not called with it, or has it
// logged in case nobody asks for it. ctx is the caller's: its end is no failure.
func (s *Subscription) report(ctx context.Context) {
	err := fault.Strip(ctx, s.untold)
	s.untold = nil
	if err == nil {
		return
	}
	if isBug(err) && !s.asked.Load() {
		logFailure(ctx, scope.OwnLogger(ctx), failureAttrs(err))
		return
	}
	s.unheard = &unheard{}
	s.unheard.fail(ctx, err)
	runtime.AddCleanup(s, (*unheard).garbage, s.unheard)
}

// result is how s has ended, for somebody who asks.
func (s *Subscription) result() error {
	if s.unheard != nil {
		s.unheard.hear()
	}
	return s.err
}
