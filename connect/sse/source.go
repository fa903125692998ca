package sse

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/internal/fault"
)

// Source returns the events of the event stream at url as deliveries. [Resume] keeps the
// id of the last event that is done, that is, before which all are done. A restart sends
// this id to the server, so events that were only read come again. Without Resume, each session
// begins with what the server sends to a new client.
//
// A connection that ends within a session goes on after the last event that was read,
// since the session still has the events that are not done. At-least-once needs a server
// with ids and with a history: an event that it does not have any more is lost.
//
// The value is the data. The header "event" of an event's Info is its type, ID is its
// id if it has one itself, Position is the last id, and Source is url. Events have no key without [KeyBy]. The stream
// ends as that of [Events] does. An id that can't be saved is tried again, as long as the
// stream runs. One session at a time may use a store. Memory: as Events, and what is not
// done. Goroutines: one, for commits.
func Source(url string, opts ...SourceOption) delivery.Source[[]byte] {
	s, bad := gather(url, opts)
	return source{url, s, bad}
}

type source struct {
	url      string
	settings settings
	bad      string
}

// session is an open source. The whole stream is one partition.
type session struct {
	*client
	tracker    *delivery.Tracker[string, string]
	tenure     *delivery.Tenure[string, string]
	committing *delivery.Committing[string]
	saved      string // under the turn of committing
	epoch      int64
}

// event is the settler of an event.
type event struct {
	*session
	id, kind string
	own      bool // the event has the id itself
	at       time.Time
}

// defaultUncommitted is for a pipeline that does not say how many events it holds.
const defaultUncommitted = 1024

// Open reads the id.
func (s source) Open(ctx context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	if s.bad != "" {
		return nil, fault.Invalid("sse.Source", s.bad)
	}
	if o.MaxUncommitted == 0 {
		o.MaxUncommitted = defaultUncommitted
	}
	id := s.settings.lastID
	if s.settings.store != nil {
		saved, err := s.settings.store.Load(ctx)
		if err != nil {
			return nil, err
		}
		if saved != "" {
			id = saved
		}
	}
	n := &session{
		client: newClient(s.url, s.settings, id), tracker: delivery.NewTracker[string, string](o.MaxUncommitted),
		saved: id, epoch: time.Now().UnixNano(),
	}
	n.tenure = n.tracker.Assign(s.url)
	n.committing = delivery.Committer(n.tracker, s.settings.commit, 0, n.save)
	return n, nil
}

// save saves the id of the last event that is done.
func (s *session) save(ctx context.Context, cs []delivery.Commit[string, string]) error {
	id := cs[0].Next
	if s.store == nil || id == s.saved {
		return nil
	}
	if err := s.store.Save(ctx, id); err != nil {
		s.trouble(err)
		return err
	}
	s.saved = id
	return nil
}

// Receive emits events.
func (s *session) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	return s.run(ctx, func(e Event) bool {
		token, ok := s.tenure.Wait(ctx, e.ID)
		return ok && emit(delivery.New(e.Data, s.key(e), event{s, e.ID, e.Type, e.own, time.Now()}, token))
	})
}

// Close saves the id.
func (s *session) Close(ctx context.Context, _ delivery.End) error {
	s.committing.Close()
	err := s.committing.CommitNow(ctx)
	s.tenure.End()
	return err
}

// Settle is that of the settler.
func (e event) Settle(token uint64, err error) {
	if err == nil {
		e.tenure.Done(token)
	}
}

// Info is that of the settler.
func (e event) Info(uint64) delivery.Info {
	id := ""
	if e.own { // events that share an id are not the same event
		id = e.id
	}
	return delivery.Info{
		Source: e.url, Position: e.id, ID: id, Epoch: e.epoch, Time: e.at,
		Headers: delivery.NewHeaders(func(yield func(string, string) bool) { yield("event", e.kind) }),
	}
}

// Context is that of the settler.
func (e event) Context() context.Context { return e.tenure.Context() }
