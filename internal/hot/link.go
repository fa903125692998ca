package hot

import "github.com/turbopipes/turbopipes/internal/run"

// state of a Link.
type state int

const (
	waiting state = iota // for a connection
	running
	closing // newcomers wait until it is reaped
	over    // upstream has ended
)

// Link is one run.
type Link[T any] struct {
	Hub *Hub[T]

	state    state
	conn     *Conn
	policy   Policy
	owned    bool // the last subscriber to leave ends it
	subs     int  // who is subscribed, or about to leave
	halting  int  // of those, whose ctx is done
	members  map[*member[T]]struct{}
	cut      bool          // upstream was cancelled, since nobody is there
	arrived  int           // who has ever come
	newcomer chan struct{} // closed by one; nil: nobody waits for that
	reaped   chan struct{} // closed when a closing Link is
}

// member is one of those who are subscribed.
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

// allStop tells whether all who still take something are being stopped
// gracefully. Several may belong to one subscription, whose stop is told to one
// after the other: they count at once, or the first ones would miss what the last
// one still gets.
func (l *Link[T]) allStop() bool {
	for m := range l.members {
		if !m.stopping && !m.halting && !m.rec.Stopping() {
			return false
		}
	}
	return true
}

// waitsFor tells whether the run can't be reaped before who has rec is served: it
// runs within the subscription of a member.
func (l *Link[T]) waitsFor(rec *run.Record) bool {
	for m := range l.members {
		if rec.Within(m.rec) {
			return true
		}
	}
	return false
}
