// Package fault turns failures of user code into errors.
package fault

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// ErrGoexit is the error of a goroutine whose code has called runtime.Goexit.
var ErrGoexit = errors.New("turbopipes: runtime.Goexit was called")

// The errors with which engines end streams.
var (
	ErrOverflow  = errors.New("turbopipes: overflow")
	ErrClosed    = errors.New("turbopipes: closed")
	ErrReentrant = errors.New("turbopipes: the call would wait for itself")
)

// ErrInvalidArgument reports misuse. It is returned at subscription.
var ErrInvalidArgument = errors.New("turbopipes: invalid argument")

// Invalid returns the error of a bad argument. where names the operator; why says
// what is wrong.
func Invalid(where, why string) error {
	return fmt.Errorf("%w: %s: %s", ErrInvalidArgument, where, why)
}

// PanicError is the error for a panic in user code, where user code has no frame to
// recover in.
//
// Value is the value that was passed to panic. Stack is the stack of the goroutine
// that panicked, as debug.Stack formats it. Stage is the name that the operator Name
// has given to the part of the pipeline where the panic happened, or empty.
// errors.Is and errors.As unwrap a PanicError to its Value if that is an error. The
// verb %+v also prints the stack; a log of package slog does not.
type PanicError struct {
	Value any
	Stack []byte
	Stage string
}

// Error returns the panic's value, and the stage if it is known, without the stack.
func (p *PanicError) Error() string {
	if p.Stage != "" {
		return fmt.Sprintf("turbopipes: panic in %s: %v", p.Stage, p.Value)
	}
	return fmt.Sprintf("turbopipes: panic: %v", p.Value)
}

// Format prints the text, followed by the stack for %+v. The other verbs print the
// text.
func (p *PanicError) Format(f fmt.State, verb rune) {
	switch {
	case verb == 'v' && f.Flag('#'):
		type plain PanicError // without methods
		_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), (*plain)(p))
	case verb == 'v' && f.Flag('+'):
		_, _ = fmt.Fprintf(f, "%s\n\n%s", p.Error(), p.Stack)
	default:
		_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), p.Error())
	}
}

// LogValue returns the text: a log line should not contain a stack.
func (p *PanicError) LogValue() slog.Value { return slog.StringValue(p.Error()) }

// Unwrap returns Value if it is an error, and nil otherwise.
func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// In returns p with a stage, unless p has one. It does not change p, which may be
// shared.
func (p *PanicError) In(stage string) *PanicError {
	if p.Stage != "" || stage == "" {
		return p
	}
	named := *p
	named.Stage = stage
	return &named
}

// FromPanic returns the error of a recovered value. Call it in the deferred function
// that recovered, while the panic's stack still exists.
func FromPanic(v any) *PanicError {
	if p, ok := v.(*PanicError); ok { // raised again: keep the innermost stack
		return p
	}
	return &PanicError{Value: v, Stack: debug.Stack()}
}

// Foot is the outermost frame of a library goroutine: no panic and no Goexit of f
// passes it. It calls ended with f's error, or with the error of f's panic or
// Goexit.
func Foot(f func() error, ended func(error)) {
	err := ErrGoexit
	defer func() {
		if p := recover(); p != nil {
			err = FromPanic(p)
		}
		ended(err)
	}()
	err = f()
}

// Call runs f and returns a panic as an error. A Goexit is not caught.
func Call(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = FromPanic(p)
		}
	}()
	return f()
}
