package delivery

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Journal keeps, across restarts of the process, which events were being processed. Its
// methods are called from any goroutine.
type Journal interface {
	// Begin notes that the processing of the event id begins, and returns how often it
	// has begun before without an End. The note has to survive the end of the process.
	Begin(ctx context.Context, id string) (before int, err error)
	// Count returns how often the processing of id has begun without an End.
	Count(id string) int
	// End forgets id. It may be written later, with the next Begin.
	End(id string) error
}

// Attempts finds events that end the process: by a fatal error of the runtime, or since
// the system ends it for its use of memory. An in-memory count of tries never sees
// them. j notes each try before it begins, and forgets it when the function has
// returned. An event whose tries have ended with the process k times goes the way of
// one that has failed for good, with an [ErrPoison]: to [DeadLetter], say.
//
// An event that was being processed when the process ended is tried alone: no other try
// of the stage runs beside it. So the neighbours of a poison event do not share its
// count: alone, they succeed, and are forgotten. A process that is killed from outside
// while an event runs alone counts against that event, so choose k > 2.
//
// A k below 1 or a nil j is an ErrInvalidArgument. See [OpenJournal] for a journal in a
// file.
func Attempts(k int, j Journal) Option {
	return option(func(s *settings) string {
		s.starts, s.journal = k, j
		switch {
		case k < 1:
			return fmt.Sprintf("Attempts: k is %d, want at least 1", k)
		case j == nil:
			return "Attempts: j is nil"
		}
		return ""
	})
}

// trial guards the tries of a stage with a journal.
type trial struct {
	journal Journal
	most    int
	gate    gate
}

// gate lets many in, or one alone. One that waits to be alone holds back the others.
// Unlike a sync.RWMutex, it heeds a ctx.
type gate struct {
	mu      sync.Mutex
	inside  int
	alone   bool
	waiting int           // those that want to be alone
	changed chan struct{} // closed, and made anew, when somebody has left; nil: nobody waits
}

// enter reports whether it has entered before ctx has ended.
func (g *gate) enter(ctx context.Context, alone bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if alone {
		g.waiting++
		defer func() { g.waiting-- }()
	}
	for {
		switch {
		case alone && g.inside == 0, !alone && !g.alone && g.waiting == 0:
			g.inside++
			g.alone = alone
			return true
		case g.changed == nil:
			g.changed = make(chan struct{})
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		g.mu.Lock()
		if ctx.Err() != nil {
			g.wake() // somebody may have waited for this one
			return false
		}
	}
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.alone = false
	g.wake()
}

// wake wakes those that wait. The caller holds mu.
func (g *gate) wake() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// try calls fn for the event id. The error is an ErrPoison if it has begun too often.
func (t *trial) try(ctx context.Context, id string, fn func() error) (err error) {
	before := t.journal.Count(id)
	if before >= t.most {
		return Permanent(fmt.Errorf("%w: %d times", ErrPoison, before))
	}
	if !t.gate.enter(ctx, before > 0) {
		return context.Cause(ctx)
	}
	defer t.gate.leave()
	if ctx.Err() != nil { // no event is noted that does not begin
		return context.Cause(ctx)
	}
	if _, err := t.journal.Begin(ctx, id); err != nil {
		return fmt.Errorf("delivery: the journal of attempts: %w", err)
	}
	defer func() {
		if e := t.journal.End(id); e != nil {
			err = errors.Join(err, fmt.Errorf("delivery: the journal of attempts: %w", e))
		}
	}()
	return fn()
}
