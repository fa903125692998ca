package operators

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/opt"
)

// BufferOption is an option of [BufferWithCount] and its kin.
type BufferOption interface{ ApplyBuffer(*opt.Buffer) }

type bufferOptions = opt.Buffer

// defaultMaxItems bounds a buffer that has no size of its own, unless
// WithMaxItems does.
const defaultMaxItems = 1 << 16

// Step is what [WithStep] returns: a BufferOption and a WindowOption.
type Step struct{ k int }

func (s Step) ApplyBuffer(o *bufferOptions) {
	if o.Step = s.k; s.k < 1 {
		o.Bad = badStep
	}
}

const badStep = "WithStep's k is less than 1"

// ApplyWindow makes s an option of windows.
func (s Step) ApplyWindow(w *opt.Window) {
	if w.Step = s.k; s.k < 1 {
		opt.Note(&w.Bad, badStep)
	}
}

// WithStep makes a slice of [BufferWithCount] or a window of [WindowWithCount]
// begin at every k-th item: less than their size makes them overlap, more leaves
// gaps, whose items are dropped. k < 1 is an ErrInvalidArgument.
func WithStep(k int) Step { return Step{k} }

// MaxItems is what [WithMaxItems] returns: a BufferOption.
type MaxItems struct{ k int }

func (m MaxItems) ApplyBuffer(o *bufferOptions) {
	if o.MaxItems = m.k; m.k < 1 {
		o.Bad = "WithMaxItems's k is less than 1"
	}
}

// WithMaxItems bounds the slices of [BufferWithTime], [BufferWhen] and
// [SessionWindow] to k items, and what [ToSlice] and [Sort] collect. k < 1 is an
// ErrInvalidArgument.
func WithMaxItems(k int) MaxItems { return MaxItems{k} }

type flushOnError struct{}

func (flushOnError) ApplyBuffer(o *bufferOptions) { o.FlushOnError = true }

// FlushOnError makes a buffer under construction come out when upstream fails or
// panics, before the error does. Without it, its items are discarded. It changes
// nothing about the end of ctx.
func FlushOnError() BufferOption { return flushOnError{} }

// Empties is what [EmitEmpty] returns: a BufferOption and a WindowOption.
type Empties struct{}

func (Empties) ApplyBuffer(o *bufferOptions) { o.Empties = true }

// ApplyWindow makes e an option of windows.
func (e Empties) ApplyWindow(w *opt.Window) { w.Empties = true }

// EmitEmpty makes the slices of [BufferWithTime] and [BufferWhen] and the windows
// of [WindowWithTime] come out that are closed without an item in them.
func EmitEmpty() Empties { return Empties{} }

type partial struct{}

func (partial) ApplyBuffer(o *bufferOptions) { o.Partial = true }

// Partial makes [SlidingWindow] emit a last slice that is shorter.
func Partial() BufferOption { return partial{} }

type maxDuration time.Duration

func (d maxDuration) ApplyBuffer(o *bufferOptions) {
	if o.MaxDuration = time.Duration(d); d <= 0 {
		o.Bad = "WithMaxDuration's d is not positive"
	}
}

// WithMaxDuration makes [SessionWindow] emit at the latest d after the first
// item of a session. d ≤ 0 is an ErrInvalidArgument.
func WithMaxDuration(d time.Duration) BufferOption { return maxDuration(d) }

// The options that a buffer may have a use for, or not.
const (
	takesStep = 1 << iota
	takesMaxItems
	takesMaxDuration
	takesFlushOnError
	takesEmpties
	takesPartial
)

// unfit names an option that was given and is not one of those that the operator
// takes.
func unfit(o bufferOptions, takes int) string {
	for _, option := range []struct {
		given bool
		kind  int
		name  string
	}{
		{o.Step > 0, takesStep, "WithStep"},
		{o.MaxItems > 0, takesMaxItems, "WithMaxItems"},
		{o.MaxDuration > 0, takesMaxDuration, "WithMaxDuration"},
		{o.FlushOnError, takesFlushOnError, "FlushOnError"},
		{o.Empties, takesEmpties, "EmitEmpty"},
		{o.Partial, takesPartial, "Partial"},
	} {
		if option.given && takes&option.kind == 0 {
			return option.name + " is no option of it"
		}
	}
	return ""
}

// bufferOptionsOf gathers the options, for an operator that takes those.
func bufferOptionsOf(opts []BufferOption, takes int) (o bufferOptions, bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyBuffer(&o)
	}
	if o.Bad != "" {
		return o, o.Bad
	}
	return o, unfit(o, takes)
}
