package tptest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// lifetime is one subscription to a source: its start and end, counted from the
// start of the scenario. to is below 0 while the subscription lasts, and if no end
// is wanted.
type lifetime struct{ from, to time.Duration }

// Subscribed fails the test unless the subscriptions to the source are as in
// diagrams. There is one diagram for each subscription, in order. ^ is the column in
// which the subscription begins, and ! is the column in which it ends, counted from
// the start of the scenario. Without a ! its end is not compared. Without any
// diagram there must be no subscription.
//
// When the only expectation of a scenario ends early, the subscriptions have to end
// at that time. With several expectations, the subscriptions are compared in the
// runs to the end.
func Subscribed(diagrams ...string) SourceOption {
	return sourceSetting{Func: func(s *settings) string {
		s.checks = true
		for _, text := range diagrams {
			life, err := parseLifetime(text)
			if err != nil {
				return "Subscribed: " + err.Error()
			}
			s.wanted = append(s.wanted, life)
		}
		return ""
	}}
}

func parseLifetime(text string) (lifetime, error) {
	d, err := parse(text, "^!")
	if err != nil {
		return lifetime{}, err
	}
	life := lifetime{-1, -1}
	for _, s := range d.signals {
		switch {
		case s.kind == start && life.from < 0:
			life.from = time.Duration(s.at) * Step
		case s.kind == cancelled && life.from >= 0:
			life.to = time.Duration(s.at) * Step
		default:
			return lifetime{}, fmt.Errorf("diagram %s: column %d: %s can't be here: a subscription has one ^ and at most one ! behind it", quote(text), s.at, without(s.String(), mostQuoted))
		}
	}
	if life.from < 0 {
		return lifetime{}, fmt.Errorf("diagram %s: there is no ^ in it", quote(text))
	}
	return life, nil
}

// String draws a lifetime.
func (l lifetime) String() string {
	drawn := []signal{{at: int(l.from / Step), kind: start}}
	if l.to >= 0 {
		drawn = append(drawn, signal{at: int(l.to / Step), kind: cancelled})
	}
	return render(drawn)
}

// enter records a subscription, and returns how many there were before.
func (s *source) enter(at time.Duration) (life *lifetime, earlier int) {
	life = &lifetime{at, -1}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, life)
	return life, len(s.got) - 1
}

func (s *source) leave(life *lifetime, at time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	life.to = at
}

// checkSubscriptions compares the subscriptions of all sources.
func (s *Scenario) checkSubscriptions() {
	s.Helper()
	end := time.Duration(-1) // the end of the stream that ends early
	if !s.Whole() {
		if len(s.jobs) != 1 || s.variant.stops() {
			return
		}
		j := s.jobs[0]
		wanted := j.wanted()
		end = j.origin.Add(wanted[len(wanted)-1].at).Sub(s.begin)
	}
	for _, src := range s.sources {
		if src.checks && !src.matches(end, s.slack()) {
			src.mu.Lock()
			wanted, got := draws(src.wanted), make([]string, len(src.got))
			for i, life := range src.got {
				got[i] = life.String()
			}
			src.mu.Unlock()
			s.report(fmt.Sprintf("%s: subscriptions:%s\nwanted: %s\n   got: %s", s.variant.name, s.drawings(),
				strings.Join(wanted, "\n        "), strings.Join(got, "\n        ")))
		}
	}
}

func draws(lives []lifetime) []string {
	all := make([]string, len(lives))
	for i, life := range lives {
		all[i] = life.String()
	}
	return all
}

// matches reports whether the subscriptions are as wanted. If end is not below 0,
// all of them have to end at end.
func (s *source) matches(end, slack time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := slices.Clone(s.got)
	for _, w := range s.wanted {
		optional := false
		if end >= 0 {
			if w.from > end {
				continue
			}
			optional = w.from/Step == end/Step
			if w.to < 0 || w.to > end {
				w.to = end
			}
		}
		if len(got) == 0 || got[0].from/Step != w.from/Step {
			if optional {
				continue
			}
			return false
		}
		if to := got[0].to; w.to >= 0 && (to < w.to/Step*Step || to >= w.to/Step*Step+Step+slack) {
			return false
		}
		got = got[1:]
	}
	return len(got) == 0
}
