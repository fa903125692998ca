package hot

import "github.com/turbopipes/turbopipes/internal/run"

// state is the state of a Link.
type state int

const (
	waiting state = iota // for a connection
	running
	closing // new subscribers wait until the run is reaped
	over    // upstream has ended
)

// Link is one run.
type Link[T any] struct {
	Hub *Hub[T]

	state    state
	conn     *Conn
	policy   Policy
	owned    bool // the last subscriber to leave ends the run
	subs     int  // subscribers, including those about to leave
	halting  int  // of those, the number whose ctx is done
	members  map[*member[T]]struct{}
	cut      bool          // upstream was cancelled because nobody was subscribed
	arrived  int           // all subscribers that have ever come
	newcomer chan struct{} // closed by the next subscriber; nil: nobody waits for it
	reaped   chan struct{} // closed when a closing Link is reaped
}

// member is one of the subscribers.
type member[T any] struct {
	rec               *run.Record
	sub               *Sub[T]
	stopping, halting bool
}

func (l *Link[T]) add(m *member[T]) {
	if l.members == nil {
		l.members = map[*member[T]]struct{}{}
	}
	l.members[m] = struct{}{}
	l.subs++
}

func (l *Link[T]) remove(m *member[T]) {
	delete(l.members, m)
	l.subs--
	if m.halting {
		l.halting--
	}
}

// allStop reports whether all subscribers that still take items are being stopped
// gracefully. Several of them may belong to one subscription, whose Stop reaches one
// after the other. They count as stopped together; otherwise the first ones would
// miss items that the last one still receives.
func (l *Link[T]) allStop() bool {
	for m := range l.members {
		if !m.stopping && !m.halting && !m.rec.Stopping() {
			return false
		}
	}
	return true
}

// waitsFor reports whether the run can't be reaped before the subscriber with rec is
// served, because that subscriber runs within the subscription of a member.
func (l *Link[T]) waitsFor(rec *run.Record) bool {
	for m := range l.members {
		if rec.Within(m.rec) {
			return true
		}
	}
	return false
}
