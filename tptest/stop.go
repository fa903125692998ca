package tptest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/turbopipes/turbopipes"
)

// stoppable consumes o in a variant with a graceful stop.
func stoppable[T any](ctx context.Context, j *job, o turbopipes.Observable[T], next func(T) error) error {
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	sub := o.Subscribe(ctx, turbopipes.Observer[T]{Next: func(v T) {
		if err := next(v); err != nil {
			leave(err)
		}
	}})
	j.mu.Lock()
	j.sub = sub
	j.mu.Unlock()
	err := sub.Wait()
	if lost := sub.Stats().Discarded; lost > 0 && err == nil {
		j.problem(fmt.Sprintf("items were lost to the graceful stop: %d", lost))
	}
	return err
}

// stop stops j gracefully, and does not wait for its end.
func (j *job) stop() {
	j.mu.Lock()
	sub := j.sub
	j.mu.Unlock()
	go func() { _ = sub.Stop(context.Background()) }() // returns when j has ended
}

// stops reports whether this variant stops j gracefully.
func (j *job) stops() bool {
	c := j.cut()
	return c != nil && c.stops
}

// short has the errors of a stream that needed more items than have come.
var short = []error{turbopipes.ErrEmpty, turbopipes.ErrNotFound, turbopipes.ErrIndexOutOfRange, turbopipes.ErrSequenceGap}

// failsStopped reports whether a stream may end with err after a graceful stop. This
// is an error of a source, which nothing handles any more then, or the error of an
// operator that has not got the items that it needs.
func (j *job) failsStopped(err error) bool {
	if !j.stops() {
		return false
	}
	allowed := slices.Clone(short)
	for _, s := range j.s.sources {
		allowed = append(allowed, s.target)
	}
	return slices.ContainsFunc(allowed, func(target error) bool { return errors.Is(err, target) })
}

// differsStopped is differs for a variant with a graceful stop. wanted has the notes
// before the stop.
func (j *job) differsStopped(wanted []note) string {
	items, end := j.notes[:len(j.notes)-1], j.notes[len(j.notes)-1]
	early := 0
	for early < len(items) && items[early].at < j.cut().after {
		early++
	}
	if differ := differs(wanted, items[:early], 0); differ != "" {
		return differ + ", before the stop"
	}
	if end.kind == complete || end.kind == failure || end.kind == cancelled && j.endless {
		return ""
	}
	return "wanted it to complete, got " + inColumn(end)
}

// mayGoOn reports whether a gracefully stopped stream need not have ended by now.
// This is so when a stream that runs for an item of another stream has no end: the
// stop does not reach it.
func (j *job) mayGoOn() bool { return j.stops() && j.s.spared.Load() > 0 }

// stir records that a source signals, in the run to the end.
func (s *Scenario) stir() {
	if s.Whole() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.stirs = append(s.stirs, time.Since(s.begin))
	}
}

// busy returns the columns, counted from origin, in which a source has signalled.
func (s *Scenario) busy(origin time.Time) map[int]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	columns := map[int]bool{}
	for _, at := range s.stirs {
		columns[int((at-origin.Sub(s.begin))/Step)] = true
	}
	return columns
}
