package delivery

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
)

// runner calls the function of a stage, in one subscription.
type runner[T any] struct {
	*stage[T]
	trial   *trial        // nil without a journal
	failing chan struct{} // closed when a task has failed for good, and the stream ends
	once    sync.Once
}

// stage is what the options of a stage say.
type stage[T any] struct {
	settings
	sink func(context.Context, Dead[T]) error
	key  func(Delivery[T]) string
}

func stageOf[T any](s settings) (_ *stage[T], bad string) {
	st := &stage[T]{settings: s, key: func(d Delivery[T]) string { return d.Key }}
	if s.dead != nil {
		sink, ok := s.dead.(func(context.Context, Dead[T]) error)
		if !ok {
			return nil, fmt.Sprintf("%s was given, want DeadLetter[%T]", s.deadOf, *new(T))
		}
		st.sink = sink
	}
	if s.orderBy != nil {
		key, ok := s.orderBy.(func(Delivery[T]) string)
		if !ok {
			return nil, fmt.Sprintf("%s was given, want OrderBy[%T]", s.orderOf, *new(T))
		}
		st.key = key
	}
	if s.failed == requeues && !s.unordered {
		return nil, "Requeue: a requeued event loses its place, so it needs Unordered"
	}
	return st, ""
}

func (s *stage[T]) start() *runner[T] {
	r := &runner[T]{stage: s, failing: make(chan struct{})}
	if s.journal != nil {
		r.trial = &trial{journal: s.journal, most: s.starts}
	}
	return r
}

// outcome is how the tries of an event have ended.
type outcome int

const (
	succeeded outcome = iota
	failedForGood
	cut     // the ctx of the task has ended
	revoked // the tenure has
	ended   // the stream ends, by a graceful stop or since another task has failed
)

var born = time.Now()

// run processes d: fn, then what the options say about its failure. done is true if fn
// has returned nil; run has not acked d then. err ends the stream.
func (r *runner[T]) run(ctx context.Context, d Delivery[T], fn func(ctx context.Context, d Delivery[T]) error) (rec Receipt, done bool, err error) {
	began := time.Since(born) // one reading of one clock, where time.Now reads two
	rec = Receipt{Info: d.Info(), Key: d.Key}
	returned := false
	defer func() {
		if rec.Took = time.Since(born) - began; err != nil || !returned {
			r.once.Do(func() { close(r.failing) })
		}
	}()
	joint := jointOf(d.claim)
	task := joint.under(ctx, d.claim)
	defer joint.done()
	how := revoked
	if !d.claim.revoked() {
		how = r.insist(task, d.claim, &rec, func(ctx context.Context) error { return r.try(ctx, d, rec.Info, fn) })
	}
	switch how {
	case succeeded:
	case failedForGood:
		err = r.giveUp(task, d, &rec)
	default:
		err = r.open(ctx, how, d, &rec)
	}
	returned = true
	return rec, how == succeeded, err
}

// try is one call of fn, with the journal, if there is one.
func (r *runner[T]) try(ctx context.Context, d Delivery[T], info Info, fn func(context.Context, Delivery[T]) error) error {
	if r.trial == nil {
		return fn(ctx, d)
	}
	return r.trial.try(ctx, info.String(), func() error { return fn(ctx, d) })
}

// open is what becomes of an event that stays open.
func (r *runner[T]) open(ctx context.Context, how outcome, d Delivery[T], rec *Receipt) error {
	d.claim.leave()
	switch how {
	case revoked:
		rec.Outcome = Revoked
		if rec.Err == nil {
			rec.Err = ErrRevoked
		}
		return nil
	case cut:
		return context.Cause(ctx)
	}
	return r.failure(*rec)
}

// giveUp is what the options say about an event that has failed for good.
func (r *runner[T]) giveUp(ctx context.Context, d Delivery[T], rec *Receipt) error {
	switch r.stage.failed {
	case deadLetters:
		dead := Dead[T]{d, rec.Err, rec.Tries}
		sunk := Receipt{Info: rec.Info}
		how := r.insist(ctx, d.claim, &sunk, func(ctx context.Context) error { return r.sink(ctx, dead) })
		if how == succeeded {
			d.Ack()
			rec.Outcome = DeadLettered
			return r.forget(rec.Info)
		}
		if how == failedForGood || how == ended {
			d.claim.leave()
			return fmt.Errorf("delivery: the dead-letter sink: %w", fault.Join(r.failure(sunk), rec.Err))
		}
		return r.open(ctx, how, d, rec)
	case requeues:
		after := time.Duration(0)
		if err := fault.Call(func() error { after = r.requeue(rec.Info, rec.Err); return nil }); err != nil {
			d.claim.leave()
			return err
		}
		d.Nack(requeueError{rec.Err, after})
		rec.Outcome = Requeued
		return nil
	case skips:
		d.Ack()
		rec.Outcome = Skipped
		err := fault.Call(func() error { r.skipped(*rec); return nil })
		return fault.Join(err, r.forget(rec.Info))
	case stops:
	}
	d.claim.leave()
	return r.failure(*rec)
}

// forget takes an event out of the journal that is settled without a success.
func (r *runner[T]) forget(i Info) error {
	if r.trial == nil {
		return nil
	}
	return r.trial.journal.End(i.String())
}

// failure is the error of a stream that an event has failed.
func (r *runner[T]) failure(rec Receipt) error {
	return fmt.Errorf("delivery: %v after %d tries: %w", rec.Info, rec.Tries, rec.Err)
}

// insist calls fn until it succeeds, or until the options or an end say that it is
// enough. rec has the number of tries, and the last error.
func (r *runner[T]) insist(ctx context.Context, c *claim, rec *Receipt, fn func(context.Context) error) outcome {
	for rec.Tries = 1; ; rec.Tries++ {
		rec.Err = r.call(ctx, fn)
		switch {
		case rec.Err == nil:
			return succeeded
		case c.revoked():
			return revoked
		case ctx.Err() != nil:
			return cut
		case isPermanent(rec.Err), r.retries >= 0 && rec.Tries > r.retries, r.when != nil && !r.when(rec.Err):
			return failedForGood
		}
		switch how := r.pause(ctx, r.backoff(rec.Tries, rec.Err)); {
		case how == succeeded:
		case c.revoked():
			return revoked
		default:
			return how
		}
	}
}

// call is one try. A panic of fn is an error.
func (r *runner[T]) call(ctx context.Context, fn func(context.Context) error) error {
	if r.limit > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, r.limit, turbopipes.ErrTimeout)
		defer cancel()
		ctx = limited
	}
	return fault.Call(func() error { return fn(ctx) })
}

// pause waits before the next try. It reports whether there is one.
func (r *runner[T]) pause(ctx context.Context, d time.Duration) outcome {
	over := func() outcome {
		select {
		case <-turbopipes.StopRequested(ctx):
			return ended
		case <-r.failing:
			return ended
		default:
		}
		if ctx.Err() != nil {
			return cut
		}
		return succeeded
	}
	if d > 0 {
		wait := time.NewTimer(d)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
		case <-turbopipes.StopRequested(ctx):
		case <-r.failing:
		}
	}
	return over()
}
