// Package scope runs goroutines that can't outlive the call that opened their scope.
package scope

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Scope owns goroutines and the ctx that ends them. The first failure wins and
// becomes the cause of the ctx.
type Scope struct {
	Ctx    context.Context //nolint:containedctx // a Scope owns its ctx
	cancel context.CancelCauseFunc
	parent context.Context //nolint:containedctx // of Ctx
	rec    *run.Record
	stage  stage
	tasks  sync.WaitGroup
	live   atomic.Int64 // tasks that have not ended

	completed atomic.Bool    // see Complete
	after     []func() error // see After

	mu   sync.Mutex // guards errs
	errs []error    // the first one is the winner
}

// Open opens an empty Scope under ctx. name is the operator that it serves. The
// caller must defer Close.
func Open(ctx context.Context, name string) *Scope {
	s := &Scope{}
	s.Open(ctx, name)
	return s
}

// Open is the function Open for a Scope that is part of another struct. s is the zero
// Scope.
func (s *Scope) Open(ctx context.Context, name string) {
	s.rec, s.parent, s.stage.operator = run.From(ctx), ctx, name
	s.Ctx, s.cancel = context.WithCancelCause(ctx)
}

// Record is that of the subscription that the Scope is part of.
func (s *Scope) Record() *run.Record { return s.rec }

// Stage is the operator that the Scope serves. It accounts for losses.
func (s *Scope) Stage() run.Stage { return run.At(s.Ctx, s.stage.operator) }

// Go runs task on its own goroutine. An error, a panic or a Goexit of task ends the
// Scope. Go is called on the goroutine that opened the Scope, or from within a task.
func (s *Scope) Go(task func(ctx context.Context) error) { s.Run(task, s.Fail) }

// Run is Go with another reaction to the end of task: ended is called with task's
// error as the goroutine ends.
func (s *Scope) Run(task func(ctx context.Context) error, ended func(error)) {
	s.begin()
	go s.life(s.rec.Detach(s.Labelled()), task, ended) // Join joins it
}

// Member is the task of a goroutine, and the reaction to its end. It is for engines
// with many goroutines: a Member needs no function values, which are allocated.
type Member interface {
	Run(ctx context.Context) error
	Ended(err error) // called with the error of Run as the goroutine ends
}

// Start is Run for a Member.
func (s *Scope) Start(m Member) {
	s.begin()
	go s.lifeOf(s.rec.Detach(s.Labelled()), m) // Join joins it
}

// StartUpstream is Upstream for a Member.
func (s *Scope) StartUpstream(m Member) {
	s.begin()
	go s.lifeOf(s.rec.Fork(s.Labelled()), m) // Join joins it
}

// begin counts a goroutine that is about to be started.
func (s *Scope) begin() {
	s.tasks.Add(1)
	s.live.Add(1)
}

// Upstream is Run for a task that subscribes to a stream. Subscribe waits for this
// subscription: a source or a wait under the task's ctx settles it.
func (s *Scope) Upstream(task func(ctx context.Context) error, ended func(error)) {
	s.begin()
	go s.life(s.rec.Fork(s.Labelled()), task, ended) // Join joins it
}

// Settle is called before the goroutine that opened the Scope waits.
func (s *Scope) Settle() { s.rec.Settle(s.Ctx) }

// life is the outermost frame of a goroutine: no panic and no Goexit of task passes
// it. It adds few frames, because a goroutine's first stack has 2 KiB and is copied
// frame by frame when it is full. So the disposal of 10,000 blocked tasks takes 2
// times as long as with plain goroutines and a WaitGroup, instead of 2.5 times.
func (s *Scope) life(ctx context.Context, task func(ctx context.Context) error, ended func(error)) {
	err := fault.ErrGoexit
	defer func() {
		if p := recover(); p != nil {
			err = fault.FromPanic(p)
		}
		s.rec.Settle(ctx)
		ended(named(s.Ctx, err))
		s.live.Add(-1)
		s.tasks.Done()
	}()
	label(ctx)
	if s.rec.Marks() {
		s.rec.Mark(func() { err = task(ctx) })
	} else {
		err = task(ctx)
	}
}

// lifeOf is life for a Member.
func (s *Scope) lifeOf(ctx context.Context, m Member) {
	err := fault.ErrGoexit
	defer func() {
		if p := recover(); p != nil {
			err = fault.FromPanic(p)
		}
		s.rec.Settle(ctx)
		m.Ended(named(s.Ctx, err))
		s.live.Add(-1)
		s.tasks.Done()
	}()
	label(ctx)
	if s.rec.Marks() {
		s.rec.Mark(func() { err = m.Run(ctx) })
	} else {
		err = m.Run(ctx)
	}
}

// Labelled is Ctx with the pprof labels of the Scope's goroutines. A task that sets
// other labels for a while, with pprof.Do, gets these labels back.
func (s *Scope) Labelled() context.Context { return s.stage.labelled(s.Ctx) }

// Fail ends the Scope with err, unless err only repeats that the Scope has ended.
func (s *Scope) Fail(err error) {
	for told := false; !told; {
		winner := s.winner()
		if winner != nil {
			s.cancel(winner) // the winner's goroutine may not have cancelled yet, and err may repeat winner
		}
		if err = fault.Strip(s.Ctx, err); err == nil {
			return
		}
		told = s.note(err, winner == nil)
	}
	s.cancel(s.winner()) // only the first call has an effect
}

func (s *Scope) winner() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errs) == 0 {
		return nil
	}
	return s.errs[0]
}

// note keeps err, unless err should be the first and is not. It reports whether it
// kept err.
func (s *Scope) note(err error, first bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first && len(s.errs) > 0 {
		return false
	}
	s.errs = append(s.errs, err)
	return true
}

// Complete is called by an operator that has emitted its last item. Items that its
// upstreams still have are not lost.
func (s *Scope) Complete() { s.completed.Store(true) }

// Completed reports whether Complete was called.
func (s *Scope) Completed() bool { return s.completed.Load() }

// Cancel ends the Scope with a failure that is not reported yet: earlier items may
// have to be delivered first. A call of Lead reports it.
func (s *Scope) Cancel(failure error) { s.cancel(failure) }

// Lead puts err before all other failures. It is called before Close, by the
// goroutine that opened the Scope.
func (s *Scope) Lead(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append([]error{err}, s.errs...)
}

// Stop ends the Scope without a failure: downstream wants no more items.
func (s *Scope) Stop() { s.end() }

// After makes Close call f after everything is reaped. It is called before Close, by
// the goroutine that opened the Scope.
func (s *Scope) After(f func() error) { s.after = append(s.after, f) }

// Close cancels, joins, and sets err to all failures, the first one in front.
// Before, err is the failure of the caller's own goroutine.
func (s *Scope) Close(err *error) {
	s.Fail(*err) // before the cancellation: a context.Canceled under a live ctx is an ordinary error
	s.Join()
	for _, f := range s.after {
		if failed := f(); failed != nil {
			s.errs = append(s.errs, failed)
		}
	}
	s.stage.free()
	*err = fault.Join(s.errs...)
}

// end cancels Ctx. The cause is that of the parent, if the parent has ended: a parent
// that ends cancels its children in any order, and may not have come to Ctx yet.
func (s *Scope) end() { s.cancel(context.Cause(s.parent)) }

// Join cancels, and waits until every goroutine has ended.
func (s *Scope) Join() {
	s.end()
	if s.over() {
		return
	}
	s.rec.Join(1)
	defer s.rec.Join(-1)
	late := s.watch()
	defer late.end()
	s.tasks.Wait()
}

// joinYields is how often a join looks for the end of the goroutines before it waits.
// Most of them end at once, and then the join needs no watch, with its timer.
const joinYields = 8

// over reports whether every goroutine has ended, soon.
func (s *Scope) over() bool {
	for range joinYields {
		if s.live.Load() == 0 {
			return true
		}
		runtime.Gosched()
	}
	return s.live.Load() == 0
}
