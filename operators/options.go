package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ParallelOption is an option of [Parallel] and its kin.
type ParallelOption interface{ ApplyParallel(*opt.Parallel) }

// FlatMapOption is an option of [FlatMap].
type FlatMapOption interface{ ApplyFlatMap(*opt.FlatMap) }

type ordered struct{}

func (ordered) ApplyParallel(o *opt.Parallel) { o.Ordered = true }

// Ordered makes [Parallel], [ParallelBy], [ParallelResults] and [Tasks] deliver
// results in the order of their items. What waits for an earlier one keeps its
// place in the window, so a slow head keeps the window full, and never more than
// full.
func Ordered() ParallelOption { return ordered{} }

// Ahead is what [Buffered] returns: an option of [Parallel], its kin and
// [FlatMap].
type Ahead struct{ k int }

// Buffered lets k more items be held: waiting to start, or to be taken. At most
// n tasks or inner streams run all the same. It buys throughput where tasks are
// short, at the price of k items of memory and of the time that they wait. A
// graceful stop finishes them too. k < 0 is an ErrInvalidArgument.
func Buffered(k int) Ahead { return Ahead{k} }

const badAhead = "Buffered's k is negative"

// ApplyParallel makes a an option of the Parallel group.
func (a Ahead) ApplyParallel(o *opt.Parallel) {
	if o.Ahead = a.k; a.k < 0 {
		opt.Note(&o.Bad, badAhead)
	}
}

// ApplyFlatMap makes a an option of FlatMap.
func (a Ahead) ApplyFlatMap(o *opt.FlatMap) {
	if o.Ahead = a.k; a.k < 0 {
		opt.Note(&o.Bad, badAhead)
	}
}

// OnDiscard has fn called for each item or result that is lost when the stream
// ends early; see [turbopipes.OnDiscard], which it is.
func OnDiscard(fn func(item any)) turbopipes.DiscardHook { return turbopipes.OnDiscard(fn) }

// Policy is what the failure of a task does to the others.
type Policy int

// The policies.
const (
	// FailFast cancels the running tasks, discards what was not delivered, and
	// fails. It is the default.
	FailFast Policy = iota
	// FinishInFlight pulls no more items and begins no more tasks, lets the
	// running ones finish, delivers their results, and then fails with all errors
	// joined.
	FinishInFlight
	// CollectErrors goes on to the end, and then fails with all errors joined.
	// Memory: an error for each failed item; see [WithMaxErrors].
	CollectErrors
	// SkipErrors discards the items that fail, counted and given to [OnDiscard],
	// and goes on. Their errors are lost: to see them use [AsResults].
	SkipErrors
)

// ApplyParallel makes p an option.
func (p Policy) ApplyParallel(o *opt.Parallel) {
	if o.Policy = int(p); p < FailFast || p > SkipErrors {
		opt.Note(&o.Bad, "the policy is unknown")
	}
}

// WithPolicy sets what the failure of a task does: [FailFast], which is the
// default, cancels the others; [FinishInFlight] begins no more; [CollectErrors]
// goes on to the end and fails with all errors joined; [SkipErrors] discards what
// fails and goes on. Panics and Goexits of tasks are failures. Under all but FailFast an error of upstream is told when what it
// had given before is finished and delivered.
func WithPolicy(p Policy) ParallelOption { return p }

type maxErrors int

func (k maxErrors) ApplyParallel(o *opt.Parallel) {
	if o.MaxErrors = int(k); k < 1 {
		opt.Note(&o.Bad, "WithMaxErrors's k is less than 1")
	}
}

// WithMaxErrors makes [CollectErrors] pull no more items at the k-th error, and
// then go on as [FinishInFlight]. k < 1 is an ErrInvalidArgument.
func WithMaxErrors(k int) ParallelOption { return maxErrors(k) }

func parallelOptions(opts []ParallelOption) (o opt.Parallel, bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyParallel(&o)
	}
	return o, o.Bad
}

func flatMapOptions(opts []FlatMapOption) (o opt.FlatMap, bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyFlatMap(&o)
	}
	return o, o.Bad
}

func lossOptions(opts []turbopipes.LossOption) (o opt.Loss, bad string) {
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyLoss(&o)
	}
	return o, ""
}

// discarding are the hooks of an operator with those options.
func discarding[T any](o opt.Loss) run.Hooks[T] { return run.Hooks[T]{Each: o.Discard} }

func queueOptions(opts []turbopipes.QueueOption) (o opt.Queue, bad string) {
	o.Size = 256
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyQueue(&o)
	}
	return o, o.Bad
}
