// Package scope runs goroutines that cannot outlive the call that opened them.
package scope

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Scope owns goroutines and the ctx that ends them. The first failure wins and
// is the cause of the ctx.
type Scope struct {
	Ctx    context.Context //nolint:containedctx // a Scope is the owner of its ctx
	cancel context.CancelCauseFunc
	rec    *run.Record
	stage  stage
	tasks  sync.WaitGroup

	completed atomic.Bool    // see Complete
	after     []func() error // see After

	mu   sync.Mutex // guards errs
	errs []error    // the first is the winner
}

// Open starts an empty Scope under ctx; name is the operator that it serves.
// The caller must defer Close.
func Open(ctx context.Context, name string) *Scope {
	s := &Scope{rec: run.From(ctx), stage: stage{operator: name}}
	s.Ctx, s.cancel = context.WithCancelCause(ctx)
	return s
}

// Record is that of the subscription that the Scope is part of.
func (s *Scope) Record() *run.Record { return s.rec }

// Stage is the operator that the Scope serves, as it accounts for losses.
func (s *Scope) Stage() run.Stage { return run.At(s.Ctx, s.stage.operator) }

// Go runs task on a goroutine of its own. Its error, its panic and its Goexit
// end the Scope. It is called on the goroutine that opened the Scope, or from
// within a task.
func (s *Scope) Go(task func(ctx context.Context) error) { s.Run(task, s.Fail) }

// Run is Go, but ended is called at the foot of the goroutine with what task has
// ended with, and decides what that means.
func (s *Scope) Run(task func(ctx context.Context) error, ended func(error)) {
	s.tasks.Add(1)
	go s.life(s.rec.Detach(s.Labelled()), task, ended) // joined by Join
}

// Upstream is Run for a task that subscribes to something, which Subscribe waits
// for: under the ctx that the task gets, a source or a wait settles it.
func (s *Scope) Upstream(task func(ctx context.Context) error, ended func(error)) {
	s.tasks.Add(1)
	go s.life(s.rec.Fork(s.Labelled()), task, ended) // joined by Join
}

// Settle is called before the goroutine that has opened the Scope waits.
func (s *Scope) Settle() { s.rec.Settle(s.Ctx) }

// life is the foot of a goroutine: nothing that task does gets past it. It has few
// frames, since a goroutine's first stack holds 2 KiB, and is copied frame by
// frame when it is full: 10,000 blocked tasks are disposed of in 2 times what
// goroutines and a WaitGroup need, instead of 2.5.
func (s *Scope) life(ctx context.Context, task func(ctx context.Context) error, ended func(error)) {
	err := fault.ErrGoexit
	defer func() {
		if p := recover(); p != nil {
			err = fault.FromPanic(p)
		}
		s.rec.Settle(ctx)
		ended(named(s.Ctx, err))
		s.tasks.Done()
	}()
	label(ctx)
	if s.rec.Marks() {
		s.rec.Mark(func() { err = task(ctx) })
	} else {
		err = task(ctx)
	}
}

// Labelled is Ctx with the pprof labels of the Scope's goroutines, so that a task
// which sets labels for a while, by pprof.Do, gets these back.
func (s *Scope) Labelled() context.Context { return s.stage.labels(s.Ctx) }

// Fail ends the Scope with err, unless err only repeats that it has ended.
func (s *Scope) Fail(err error) {
	for told := false; !told; {
		winner := s.winner()
		if winner != nil {
			s.cancel(winner) // who has it may not have come to it yet, and err may repeat it
		}
		if err = fault.Strip(s.Ctx, err); err == nil {
			return
		}
		told = s.note(err, winner == nil)
	}
	s.cancel(s.winner()) // a no-op but for the first
}

func (s *Scope) winner() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errs) == 0 {
		return nil
	}
	return s.errs[0]
}

// note keeps err, unless it was to be the first and is not.
func (s *Scope) note(err error, first bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first && len(s.errs) > 0 {
		return false
	}
	s.errs = append(s.errs, err)
	return true
}

// Complete is called by an operator that has emitted its last item: what its
// upstreams still have is not lost.
func (s *Scope) Complete() { s.completed.Store(true) }

// Completed tells whether Complete was called.
func (s *Scope) Completed() bool { return s.completed.Load() }

// Cancel ends the Scope with a failure that is not reported, unless Lead is called
// with it: what was emitted before it may have to be delivered first.
func (s *Scope) Cancel(failure error) { s.cancel(failure) }

// Lead puts err in front of what has failed. It is called before Close, by the
// goroutine that has opened the Scope.
func (s *Scope) Lead(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append([]error{err}, s.errs...)
}

// Stop ends the Scope without a failure: downstream wants no more.
func (s *Scope) Stop() { s.cancel(nil) }

// After has Close call f once everything is reaped. It is called before Close, by the
// goroutine that has opened the Scope.
func (s *Scope) After(f func() error) { s.after = append(s.after, f) }

// Close cancels, joins, and returns what has failed, the first in front. err is
// the failure of the caller's own goroutine.
func (s *Scope) Close(err *error) {
	s.Fail(*err) // before the cancelling: a context.Canceled under a live ctx is an ordinary error
	s.Join()
	for _, f := range s.after {
		if failed := f(); failed != nil {
			s.errs = append(s.errs, failed)
		}
	}
	*err = fault.Join(s.errs...)
}

// Join cancels and waits until every goroutine has ended.
func (s *Scope) Join() {
	s.cancel(nil)
	if s.stage.id == "" {
		return // no goroutine was started
	}
	joined := s.rec.Join()
	late := s.watch()
	s.tasks.Wait()
	late.end()
	joined()
}

// OnDone calls f on a goroutine of its own when ctx ends. release takes that
// back, and waits for an f that runs.
func OnDone(ctx context.Context, f func()) (release func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	ran := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { defer close(ran); f() })
	return func() {
		if !stop() {
			<-ran
		}
	}
}
