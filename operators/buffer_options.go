package operators

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/opt"
)

// BufferOption is an option of [BufferWithCount] and its kin.
type BufferOption interface{ buffer(*bufferOptions) }

type bufferOptions struct {
	step         int // WithStep; 0: not given
	maxItems     int // WithMaxItems; 0: not given
	maxDuration  time.Duration
	flushOnError bool
	empties      bool
	partial      bool
	bad          string
}

// defaultMaxItems bounds a buffer that has no size of its own, unless
// WithMaxItems does.
const defaultMaxItems = 1 << 16

// Step is what [WithStep] returns: a BufferOption and a WindowOption.
type Step struct{ k int }

func (s Step) buffer(o *bufferOptions) {
	if o.step = s.k; s.k < 1 {
		o.bad = badStep
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

func (m MaxItems) buffer(o *bufferOptions) {
	if o.maxItems = m.k; m.k < 1 {
		o.bad = "WithMaxItems's k is less than 1"
	}
}

// WithMaxItems bounds the slices of [BufferWithTime], [BufferWhen] and
// [SessionWindow] to k items, and what [ToSlice] and [Sort] collect. k < 1 is an
// ErrInvalidArgument.
func WithMaxItems(k int) MaxItems { return MaxItems{k} }

type flushOnError struct{}

func (flushOnError) buffer(o *bufferOptions) { o.flushOnError = true }

// FlushOnError makes a buffer under construction come out when upstream fails or
// panics, before the error does. Without it, its items are discarded. It changes
// nothing about the end of ctx.
func FlushOnError() BufferOption { return flushOnError{} }

// Empties is what [EmitEmpty] returns: a BufferOption and a WindowOption.
type Empties struct{}

func (Empties) buffer(o *bufferOptions) { o.empties = true }

// ApplyWindow makes e an option of windows.
func (e Empties) ApplyWindow(w *opt.Window) { w.Empties = true }

// EmitEmpty makes the slices of [BufferWithTime] and [BufferWhen] and the windows
// of [WindowWithTime] come out that are closed without an item in them.
func EmitEmpty() Empties { return Empties{} }

type partial struct{}

func (partial) buffer(o *bufferOptions) { o.partial = true }

// Partial makes [SlidingWindow] emit a last slice that is shorter.
func Partial() BufferOption { return partial{} }

type maxDuration time.Duration

func (d maxDuration) buffer(o *bufferOptions) {
	if o.maxDuration = time.Duration(d); d <= 0 {
		o.bad = "WithMaxDuration's d is not positive"
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
func (o bufferOptions) unfit(takes int) string {
	for _, option := range []struct {
		given bool
		kind  int
		name  string
	}{
		{o.step > 0, takesStep, "WithStep"},
		{o.maxItems > 0, takesMaxItems, "WithMaxItems"},
		{o.maxDuration > 0, takesMaxDuration, "WithMaxDuration"},
		{o.flushOnError, takesFlushOnError, "FlushOnError"},
		{o.empties, takesEmpties, "EmitEmpty"},
		{o.partial, takesPartial, "Partial"},
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
		option.buffer(&o)
	}
	if o.bad != "" {
		return o, o.bad
	}
	return o, o.unfit(takes)
}
