// Package fault turns what can go wrong in user code into errors.
package fault

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// ErrGoexit is what a goroutine ended with when its code called
// runtime.Goexit.
var ErrGoexit = errors.New("turbopipes: runtime.Goexit was called")

// The sentinels that engines end streams with.
var (
	ErrOverflow  = errors.New("turbopipes: overflow")
	ErrClosed    = errors.New("turbopipes: closed")
	ErrReentrant = errors.New("turbopipes: the call would wait for itself")
)

// ErrInvalidArgument is misuse, told at subscription.
var ErrInvalidArgument = errors.New("turbopipes: invalid argument")

// Invalid is the error of a bad argument: where names the operator, why the
// argument.
func Invalid(where, why string) error {
	return fmt.Errorf("%w: %s: %s", ErrInvalidArgument, where, why)
}

// PanicError is the error that a panic in user code becomes where user code
// has no frame to recover in.
//
// Value is what was passed to panic, and Stack is the stack of the goroutine
// that panicked, as debug.Stack formats it. Stage is the name that the
// operator Name has given to the part of the pipeline in which it happened,
// or empty. errors.Is and errors.As look through a PanicError at a Value that
// is an error. The verb %+v prints the stack as well; a log of
// package slog does not.
type PanicError struct {
	Value any
	Stack []byte
	Stage string
}

// Error gives the panic's value, and the stage where it is known; not the
// stack.
func (p *PanicError) Error() string {
	if p.Stage != "" {
		return fmt.Sprintf("turbopipes: panic in %s: %v", p.Stage, p.Value)
	}
	return fmt.Sprintf("turbopipes: panic: %v", p.Value)
}

// Format prints the stack after the text for %+v. The other verbs print the text.
func (p *PanicError) Format(f fmt.State, verb rune) {
	switch {
	case verb == 'v' && f.Flag('#'):
		type plain PanicError // has no methods
		_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), (*plain)(p))
	case verb == 'v' && f.Flag('+'):
		_, _ = fmt.Fprintf(f, "%s\n\n%s", p.Error(), p.Stack)
	default:
		_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), p.Error())
	}
}

// LogValue is the text: what logs is not to have a stack within a line.
func (p *PanicError) LogValue() slog.Value { return slog.StringValue(p.Error()) }

// Unwrap gives Value where it is an error, else nil.
func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// In is p with a stage, unless it has one. p itself, which may be shared, is left
// as it is.
func (p *PanicError) In(stage string) *PanicError {
	if p.Stage != "" || stage == "" {
		return p
	}
	named := *p
	named.Stage = stage
	return &named
}

// FromPanic makes the error of a recovered value. Call it in the deferred
// function that recovered, while the panic's stack is still there.
func FromPanic(v any) *PanicError {
	if p, ok := v.(*PanicError); ok { // raised again: keep the innermost stack
		return p
	}
	return &PanicError{Value: v, Stack: debug.Stack()}
}

// Foot is the last frame of a goroutine of ours: nothing that f does gets past
// it. ended is told f's error, or what its panic or its Goexit became.
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

// Call runs f and makes a panic its error. A Goexit goes through.
func Call(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = FromPanic(p)
		}
	}()
	return f()
}
