package operators

// BufferOption is an option of [BufferWithCount] and its kin.
type BufferOption interface{ buffer(*bufferOptions) }

type bufferOptions struct {
	step         int // WithStep; 0: not given
	maxItems     int // WithMaxItems; 0: not given
	flushOnError bool
	bad          string
}

// Step is what [WithStep] returns: a BufferOption.
type Step struct{ k int }

func (s Step) buffer(o *bufferOptions) {
	if o.step = s.k; s.k < 1 {
		o.bad = "WithStep's k is less than 1"
	}
}

// WithStep makes a buffer begin at every k-th item: less than the buffers' size
// makes them overlap, more leaves gaps, whose items are dropped. k < 1 is an
// ErrInvalidArgument.
func WithStep(k int) Step { return Step{k} }

// MaxItems is what [WithMaxItems] returns: a BufferOption.
type MaxItems struct{ k int }

func (m MaxItems) buffer(o *bufferOptions) {
	if o.maxItems = m.k; m.k < 1 {
		o.bad = "WithMaxItems's k is less than 1"
	}
}

// WithMaxItems bounds a buffer that has no size of its own to k items, and so
// what [ToSlice] and [Sort] collect. k < 1 is an ErrInvalidArgument.
func WithMaxItems(k int) MaxItems { return MaxItems{k} }

type flushOnError struct{}

func (flushOnError) buffer(o *bufferOptions) { o.flushOnError = true }

// FlushOnError makes a buffer under construction come out when upstream fails or
// panics, before the error does. Without it, its items are discarded. It changes
// nothing about the end of ctx.
func FlushOnError() BufferOption { return flushOnError{} }

// bufferOptionsOf leaves it to the operator to refuse the options that it has no
// use for.
func bufferOptionsOf(opts []BufferOption) (o bufferOptions, bad string) {
	for _, opt := range opts {
		if opt == nil {
			return o, "an option is nil"
		}
		opt.buffer(&o)
	}
	return o, o.bad
}
