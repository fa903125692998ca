package tptest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// source is a stream that a scenario draws.
type source struct {
	settings
	kind string // cold or hot
	text string

	mu  sync.Mutex // guards got
	got []*lifetime
}

// Cold draws a stream that plays diagram from the beginning for each
// subscription. Each signal comes in its own column, counted from the
// subscription, or as soon afterwards as emit lets it; # is [ErrMarble] unless
// [Error] says otherwise, and a diagram that draws no end goes on without one.
// Signals of several sources that share a column come in the order in which the
// sources were made: each is 100 ns of virtual time behind the one before.
//
// values has the item for each letter, or name in braces. With nil values each
// letter is itself; T must be a kind of string then, or of integer, for digits.
// A diagram that can't be read, or a letter without a value, fails the test.
func Cold[T any](s *Scenario, diagram string, values map[string]T, opts ...SourceOption) turbopipes.Observable[T] {
	s.Helper()
	return draw(s, "cold", diagram, values, opts)
}

// Hot draws a stream that plays diagram from the start of the scenario, whether
// it has subscribers or not. A subscriber gets what is drawn from the column in
// which it subscribes, and each item as soon as its emit lets it; one that comes
// after the end is told how it was. A ^ is the column in which the scenario
// starts, so that what is left of it is past. It is otherwise as [Cold].
func Hot[T any](s *Scenario, diagram string, values map[string]T, opts ...SourceOption) turbopipes.Observable[T] {
	s.Helper()
	return draw(s, "hot", diagram, values, opts)
}

// planned is a signal of a source with the item that it stands for.
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
		// What shares a column comes in turn, and no source meets another.
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

// play emits plan as it was drawn from begin on, without the items before column
// from. cut tells that it was ended early.
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
		case ctx.Err() != nil: // also when both came at once
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

// endless tells whether d draws no end.
func (d diagram) endless() bool {
	n := len(d.signals)
	return n == 0 || d.signals[n-1].kind == item || d.signals[n-1].kind == start
}

// hands notes that a source hands v over.
func (s *Scenario) hands(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handed = append(s.handed, v)
}
