package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/examples/internal/text"
)

// account has enough about a user's events to detect that one is missing, doubled,
// altered or out of order.
type account struct {
	count int64
	sum   uint64 // checksum of the lines, which depends on their order
	wrong string // the first event that did not follow its predecessor
}

// accounts has an account for each user.
type accounts map[string]*account

func (as accounts) add(e event) {
	a := as[e.User]
	if a == nil {
		a = &account{}
		as[e.User] = a
	}
	a.count++
	if e.Seq != a.count && a.wrong == "" {
		a.wrong = fmt.Sprintf("event %d is number %d", e.Seq, a.count)
	}
	a.sum = a.sum*1_000_003 + uint64(e.crc)
}

func (as accounts) total() (n int64) {
	for _, a := range as {
		n += a.count
	}
	return n
}

// diff describes the differences between got and as.
func (as accounts) diff(got accounts) (errs []error) {
	for _, name := range slices.Sorted(maps.Keys(as)) {
		want, have, user := as[name], got[name], text.Clean(name, 40)
		switch {
		case have == nil:
			errs = append(errs, fmt.Errorf("%s: all %d events are missing", user, want.count))
		case have.wrong != "":
			errs = append(errs, fmt.Errorf("%s: %s", user, have.wrong))
		case have.count != want.count:
			errs = append(errs, fmt.Errorf("%s: %d of %d events", user, have.count, want.count))
		case have.sum != want.sum:
			errs = append(errs, fmt.Errorf("%s: the checksum differs", user))
		}
	}
	for user := range got {
		if as[user] == nil {
			errs = append(errs, fmt.Errorf("%s: nobody wrote its events", text.Clean(user, 40)))
		}
	}
	return errs
}

// prove compares the written events with the saved ones, and prints both.
func prove(out *printer, g *generator, s *store, view tp.Stats, took time.Duration) error {
	written, saved := g.written.total(), s.saved.total()
	out.printf("\nwritten   %d events of %d users in %.1f s; rotations: %d by renaming, %d by truncation;\n", written, len(g.written), took.Seconds(), g.renamed, g.truncated)
	out.printf("          half lines: %d; broken lines: %d; gigantic lines: %d\n", g.halves, g.broken, g.giants)
	out.printf("saved     %d events in %d batches, the largest of %d; at most %d were handled at a time\n", saved, s.batches, s.largest, s.most.Load())
	out.printf("refused   broken lines: %d; too long: %d\n", s.broken, s.tooLong)
	out.printf("live view shown: %d; dropped: %d\n", view.Delivered, view.Dropped)

	errs := g.written.diff(s.saved)
	expect := func(what string, want, got int64) {
		if want != got {
			errs = append(errs, fmt.Errorf("%s: %d, and not %d", what, got, want))
		}
	}
	expect("broken lines", g.broken, s.broken)
	expect("lines that are too long", g.giants, s.tooLong)
	expect("events shown or dropped by the live view", s.parsed, view.Delivered+view.Dropped)
	if len(errs) > 0 {
		out.printf("proof     failed\n")
		return fmt.Errorf("the proof failed:\n%w", errors.Join(errs...))
	}
	out.printf("proof     no event was lost: each arrived once and unaltered, in the order of its user\n")
	return out.err
}
