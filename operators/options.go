package operators

import (
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ParallelOption is an option of [Parallel], [ParallelBy], [ParallelResults] and
// [Tasks]: [Ordered], [Buffered], [WithPolicy], [WithMaxErrors] and [OnDiscard] are.
type ParallelOption interface{ opt.ParallelOption }

// FlatMapOption is an option of [FlatMap] and [Flatten]: [Buffered], [StopInner] and
// [OnDiscard] are.
type FlatMapOption interface{ opt.FlatMapOption }

// CombineOption is an option of [Zip], [ZipAll], [CombineLatest], [CombineLatestAll],
// [Join] and [SequenceEqual]: [Buffered] and [OnDiscard] are.
type CombineOption interface{ opt.CombineOption }

type parallelSetting struct {
	opt.Set
	opt.ForParallel
}

// Ordered makes [Parallel], [ParallelBy], [ParallelResults] and [Tasks] deliver
// results in the order of their items. A result that waits for an earlier one keeps
// its place in the window. So a slow first item keeps the window full, and never more
// than full.
func Ordered() ParallelOption {
	return parallelSetting{Set: func(s *opt.Settings) string {
		s.Ordered = true
		return ""
	}}
}

// BufferedSetting is the type of [Buffered], and lists the operators that take it.
type BufferedSetting struct {
	opt.Set
	opt.ForParallel
	opt.ForFlatMap
	opt.ForCombine
}

// Buffered lets [Parallel], its kin and [FlatMap] hold n more items, which wait to
// start or to be taken. The number of tasks or inner streams that run stays the same.
// It lets [Zip], [CombineLatest] and the other operators that combine streams read n
// items of each stream ahead. A failure of a stream comes after the items that were
// read before it.
//
// It buys throughput where tasks are short and items are cheap. It costs n items of
// memory and the time that they wait. A graceful stop finishes them too. Without it,
// n is 0. n < 0 is an ErrInvalidArgument.
func Buffered(n int) BufferedSetting {
	return BufferedSetting{Set: func(s *opt.Settings) string {
		s.Ahead = n
		return opt.AtLeast("Buffered", "n", n, 0)
	}}
}

// OnDiscard calls fn with each item or result that the operator loses. It is
// [turbopipes.OnDiscard] under the name that it has here.
func OnDiscard(fn func(item any)) turbopipes.DiscardHook { return turbopipes.OnDiscard(fn) }

// Policy is the effect of a task's failure on the other tasks.
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
	// SkipErrors discards the items that fail, counts them and reports them to
	// [OnDiscard], and goes on. Their errors are lost: to see them use [AsResults].
	SkipErrors
)

// WithPolicy sets what the failure of a task does: [FailFast], which is the
// default, cancels the others; [FinishInFlight] begins no more; [CollectErrors]
// goes on to the end and fails with all errors joined; [SkipErrors] discards the item
// that fails and goes on. Panics and Goexits of tasks are failures. Under all but
// FailFast an upstream error is reported after every item before it has been processed
// and delivered. Another policy is an ErrInvalidArgument.
func WithPolicy(policy Policy) ParallelOption {
	return parallelSetting{Set: func(s *opt.Settings) string {
		if s.Policy = int(policy); policy < FailFast || policy > SkipErrors {
			return fmt.Sprintf("WithPolicy: policy is %d, want FailFast, FinishInFlight, CollectErrors or SkipErrors", policy)
		}
		return ""
	}}
}

// WithMaxErrors makes [CollectErrors] pull no more items at the n-th error, and
// then go on as [FinishInFlight]. n < 1 is an ErrInvalidArgument.
func WithMaxErrors(n int) ParallelOption {
	return parallelSetting{Set: func(s *opt.Settings) string {
		s.MaxErrors = n
		return opt.AtLeast("WithMaxErrors", "n", n, 1)
	}}
}

// lossOptions gathers the options of an operator that takes [OnDiscard] only.
func lossOptions(opts []turbopipes.LossOption) (o opt.Loss, bad string) {
	s, bad := opt.Gather(opt.Settings{}, opts)
	return s.Loss, bad
}

// combineOptions gathers the options of an operator that combines streams.
func combineOptions(opts []CombineOption) (o opt.Settings, bad string) {
	return opt.Gather(opt.Settings{}, opts)
}

// discarding are the hooks of an operator with those options.
func discarding[T any](o opt.Loss) run.Hooks[T] { return run.Hooks[T]{Each: o.Discard} }

// queueOptions gathers the options of an operator that has a queue, or several.
func queueOptions[O opt.Option[opt.Settings]](opts []O) (o opt.Settings, bad string) {
	o.Size = defaultQueue
	return opt.Gather(o, opts)
}

// zeroOtherText is the text for a zero Observable in a list of streams, or empty.
func zeroOtherText[T any](others []turbopipes.Observable[T]) (bad string) {
	for i, o := range others {
		if o.IsZero() {
			return fmt.Sprintf("others[%d] is the zero Observable", i)
		}
	}
	return ""
}
