package tptest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// source is a stream that is drawn for a scenario.
type source struct {
	settings
	kind string // cold or hot
	text string

	mu  sync.Mutex // guards got
	got []*lifetime
}

// Cold draws a stream that plays diagram from the beginning for each subscription.
// Each signal comes in its own column, counted from the subscription, or as soon
// afterwards as emit lets it. # is [ErrMarble] unless [Error] sets another error. A
// diagram that has no end continues without one. Signals of several sources that
// share a column come in the order in which the sources were made: each source is
// 100 ns of virtual time after the one before.
//
// values has the item for each letter, or for each name in braces. With nil values
// each letter is itself. T must then be a kind of string, or a kind of integer for
// digits. A diagram that can't be read, or a letter without a value, fails the test.
func Cold[T any](s *Scenario, diagram string, values map[string]T, opts ...SourceOption) turbopipes.Observable[T] {
	s.Helper()
	return draw(s, "cold", diagram, values, opts)
}

// Hot draws a stream that plays diagram from the start of the scenario, with or
// without subscribers. A subscriber gets the signals from the column in which it
// subscribes, and each item as soon as its emit lets it. A subscriber that comes
// after the end gets the end. A ^ is the column in which the scenario starts, so
// that everything before ^ is in the past. Otherwise Hot is like [Cold].
func Hot[T any](s *Scenario, diagram string, values map[string]T, opts ...SourceOption) turbopipes.Observable[T] {
	s.Helper()
	return draw(s, "hot", diagram, values, opts)
}

// planned is a signal of a source with its item.
type planned[T any] struct {
	kind   kind
	column int
	item   T
}

func draw[T any](s *Scenario, kind, text string, values map[string]T, opts []SourceOption) turbopipes.Observable[T] {
	s.Helper()
	given, bad := opt.Gather(settings{target: ErrMarble}, opts)
	if bad != "" {
		s.abort(fmt.Errorf("tptest: the %s source: %s", kind, bad))
	}
	src := &source{settings: given, kind: kind, text: text}
	marks := "|#"
	if kind == "hot" {
		marks += "^"
	}
	d, err := parse(text, marks)
	plan := make([]planned[T], len(d.signals))
	zero := 0
	for i, sig := range d.signals {
		plan[i] = planned[T]{kind: sig.kind, column: sig.at}
		if sig.kind == start {
			zero = sig.at
		}
		if sig.kind == item && err == nil {
			plan[i].item, err = naming[T]{values}.value(sig.key)
		}
	}
	if err != nil {
		s.abort(err)
	}
	turn := time.Duration(len(s.sources)) * 100 * time.Nanosecond
	s.sources = append(s.sources, src)
	return turbopipes.Create(func(ctx context.Context, emit func(T) bool) error {
		now := time.Now()
		begin := now
		if kind == "hot" {
			begin = s.begin.Add(-time.Duration(zero) * Step)
		}
		life, earlier := src.enter(now.Sub(s.begin))
		defer func() { src.leave(life, time.Since(s.begin)) }()
		from := int(now.Sub(begin) / Step)
		// Signals that share a column come in turn: no two sources share an instant.
		begin = begin.Add(turn + time.Duration(earlier)*time.Nanosecond)
		if d.endless() && turbopipes.Stopping(ctx) == nil {
			s.spared.Add(1)
			defer s.spared.Add(-1)
		}
		cut, err := play(ctx, plan, begin, from, src.target, func(v T) bool {
			s.stir()
			s.hands(v)
			return emit(v)
		})
		if cut {
			time.Sleep(src.unwinds)
			s.lags()
		} else {
			s.stir()
		}
		return err
	})
}

// play emits plan as drawn from begin on, without the items before column from. cut
// reports that it was ended early.
func play[T any](ctx context.Context, plan []planned[T], begin time.Time, from int, failed error, emit func(T) bool) (cut bool, err error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for _, p := range plan {
		if p.kind == start || p.kind == item && p.column < from {
			continue
		}
		timer.Reset(time.Until(begin.Add(time.Duration(p.column) * Step)))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		switch {
		case ctx.Err() != nil: // even if both came at once
			return true, context.Cause(ctx)
		case p.kind == complete:
			return false, nil
		case p.kind == failure:
			return false, failed
		case !emit(p.item):
			return true, nil
		}
	}
	<-ctx.Done() // drawn without an end
	return true, context.Cause(ctx)
}

// endless reports whether d has no end.
func (d diagram) endless() bool {
	n := len(d.signals)
	return n == 0 || d.signals[n-1].kind == item || d.signals[n-1].kind == start
}

// hands records that a source hands v over.
func (s *Scenario) hands(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handed = append(s.handed, v)
}
