package websocket

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/delivery"
)

// Source returns the messages that the server at url sends as deliveries. Without
// [Position] there is nothing to ack: a delivery bounds what is held, has retries and dead
// letters, and a message that was read is lost if the process dies. With it, [Ack] and
// [Resume] learn how far all messages are done, without a gap, and a restart begins there.
//
// A connection that is made anew within a session goes on after the last message that was
// read, since the session still has the messages that are not done.
//
// The value is the data. Info has url as Source, the position as Position and ID, or else
// the number of the message in the session as Position, and the header "type", which is
// "text" or "binary". Messages have no key without [KeyBy]. The stream ends as that of
// [Messages] does. Close sends the last ack, and closes the connection after it. One
// session at a time may use a store. Memory: one message, and what is not done.
// Goroutines: those of Messages, and two more; Close joins them.
func Source(url string, opts ...Option) delivery.Source[[]byte] {
	o, bad := optionsOf(url, opts)
	return source{url, o, bad}
}

type source struct {
	url string
	o   options
	bad string
}

// received is a message and its position.
type received struct {
	Message
	position string
}

// session is an open source. The whole stream is one partition.
type session struct {
	*client
	tracker    *delivery.Tracker[string, string]
	tenure     *delivery.Tenure[string, string]
	committing *delivery.Committing[string]
	saved      string // under the turn of committing
	epoch      int64
	n          int64 // Receive's

	own     context.Context //nolint:containedctx // of the connection, which outlives Receive for the last ack
	end     context.CancelFunc
	reader  sync.WaitGroup
	items   chan received
	over    atomic.Bool // there will be no other connection
	failure error       // read after items is closed
}

// Open reads the position.
func (s source) Open(ctx context.Context, so delivery.SessionOptions) (delivery.Session[[]byte], error) {
	if s.bad != "" {
		return nil, fmt.Errorf("%w: websocket.Source: %s", turbopipes.ErrInvalidArgument, s.bad)
	}
	if so.MaxUncommitted == 0 {
		so.MaxUncommitted = defaultUncommitted
	}
	n := &session{
		client: &client{options: s.o, url: s.url}, tracker: delivery.NewTracker[string, string](so.MaxUncommitted),
		epoch: time.Now().UnixNano(), items: make(chan received),
	}
	if s.o.store != nil {
		position, err := s.o.store.Load(ctx)
		if err != nil {
			return nil, fmt.Errorf("websocket: load the position of %s: %w", s.url, err)
		}
		n.last, n.saved = position, position
	}
	n.own, n.end = context.WithCancel(context.WithoutCancel(ctx))
	n.tenure = n.tracker.Assign(s.url)
	n.committing = delivery.Committer(n.tracker, s.o.commit, 0, n.save)
	return n, nil
}

var errAway = errors.New("websocket: there is no connection")

// save acks, and saves the position.
func (s *session) save(ctx context.Context, cs []delivery.Commit[string, string]) error {
	position := cs[0].Next
	if position == "" || position == s.saved {
		return nil
	}
	if err := s.tell(ctx, position); err != nil {
		s.trouble(err)
		return err
	}
	s.saved = position
	return nil
}

func (s *session) tell(ctx context.Context, position string) error {
	if s.ack != nil {
		conn := s.current()
		var err error
		if conn == nil {
			err = errAway
		} else {
			err = s.ack(ctx, conn, position)
		}
		if err != nil {
			err = fmt.Errorf("websocket: ack %q: %w", position, err)
			if !s.over.Load() {
				return err
			}
			s.trouble(err) // there will be no other connection
		}
	}
	if s.store != nil {
		if err := s.store.Save(ctx, position); err != nil {
			return fmt.Errorf("websocket: save %q: %w", position, err)
		}
	}
	return nil
}

// read runs the connections, on a goroutine of the session.
func (s *session) read() {
	defer close(s.items)
	defer s.over.Store(true)
	s.failure = s.run(s.own, func(m Message, position string) bool {
		select {
		case s.items <- received{m, position}:
			return true
		case <-s.own.Done():
			return false
		}
	})
}

// Receive emits messages.
func (s *session) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	s.reader.Go(s.read)
	for {
		select {
		case <-ctx.Done():
			return nil
		case m, ok := <-s.items:
			if !ok {
				return s.failure
			}
			token, ok := s.tenure.Wait(ctx, m.position)
			s.n++
			if !ok || !emit(delivery.New(m.Data, s.key(m.Message), event{s, s.position(m.Message), s.n, m.Binary, time.Now()}, token)) {
				return nil
			}
		}
	}
}

// Close acks what is done, and closes the connection.
func (s *session) Close(ctx context.Context, _ delivery.End) error {
	s.committing.Close()
	err := s.committing.CommitNow(ctx)
	s.tenure.End()
	s.end()
	s.reader.Wait()
	return err
}

// event is the settler of a message.
type event struct {
	*session
	id     string
	n      int64
	binary bool
	at     time.Time
}

// Settle is that of the settler.
func (e event) Settle(token uint64, err error) {
	if err == nil {
		e.tenure.Done(token)
	}
}

// Info is that of the settler.
func (e event) Info(uint64) delivery.Info {
	position, kind := e.id, "text"
	if position == "" {
		position = strconv.FormatInt(e.n, 10)
	}
	if e.binary {
		kind = "binary"
	}
	return delivery.Info{
		Source: e.url, Position: position, ID: e.id, Epoch: e.epoch, Time: e.at,
		Headers: delivery.NewHeaders(func(yield func(string, string) bool) { yield("type", kind) }),
	}
}

// Context is that of the settler.
func (e event) Context() context.Context { return e.tenure.Context() }
