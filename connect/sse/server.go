package sse

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// ErrRunning is for a [Server] that runs a stream already.
var ErrRunning = errors.New("sse: the server runs a stream already")

// Server sends one stream to many web clients. It is the http.Handler for their
// requests; [Server.Run] runs the stream.
//
// An event is encoded once, into a ring that all clients read from. So the memory does
// not depend on the number of clients: it is that of the last events, as many as the
// greater of [History] and [Lag] says. A client that is slower than the stream is
// handled as Lag says, and holds up no other client, except under turbopipes.Block.
type Server struct {
	set serverSettings
	bad string
	run string // the prefix of numbered ids

	mu      sync.Mutex
	ring    []frame
	first   uint64 // the number of the oldest event in the ring
	next    uint64 // the number of the next event
	state   serverState
	news    chan struct{} // closed, and replaced, when something has changed
	moved   chan struct{} // of capacity 1: a client has moved on, or has gone
	clients map[*serverClient]struct{}
	dropped int64
	sent    int64
}

// frame is an encoded event, and the last id after it.
type frame struct {
	text []byte
	id   string
}

type serverState int

const (
	waits     serverState = iota // for a Run
	runs                         // a stream
	completed                    // its stream has completed: clients get the rest, and 204 afterwards
	broken                       // its stream has failed, or was cancelled
)

// serverClient is a connection.
type serverClient struct {
	at uint64 // the number of the next event; under the lock of the server
}

// ServerStats is what [Server.Stats] returns.
type ServerStats struct {
	Clients int
	Sent    int64 // events that were written, to each client
	Dropped int64 // events that clients have missed since they were slow
}

// NewServer returns a Server. A bad option is the error of Run, and an answer 500.
func NewServer(opts ...ServerOption) *Server {
	s := &Server{news: make(chan struct{}), moved: make(chan struct{}, 1), clients: map[*serverClient]struct{}{}}
	s.set, s.bad = opt.Gather(serverSettings{
		lag: 256, overflow: turbopipes.Fail, keepAlive: 15 * time.Second, write: 10 * time.Second,
		gap: func(*http.Request, string) {},
	}, opts)
	var b [4]byte
	_, _ = rand.Read(b[:]) // it never fails
	s.run = hex.EncodeToString(b[:]) + "-"
	return s
}

// Run sends each event of events to all clients, and returns the error of the stream when
// it has ended and the last request was answered. When the stream has completed, clients
// get the events that they lack, and are told by a 204 not to come back. When it has
// failed, or ctx has ended, their connections end, and they are told to come back.
// Another Run may follow then; the history stays. A Run that overlaps another one is an
// [ErrRunning].
//
// An http.Server's Shutdown waits for the connections: end ctx before it. An event
// without a Type is a "message". An ID or a Type with a line end fails the stream.
// Events without an ID can't be resumed at, see [NumberIDs]. Goroutines: those of the
// requests; the stream runs on the caller's.
func (s *Server) Run(ctx context.Context, events turbopipes.Observable[Event]) error {
	if s.bad != "" {
		return fault.Invalid("sse.NewServer", s.bad)
	}
	if !s.begin() {
		return ErrRunning
	}
	end := broken
	defer func() { // also when the stream panics
		s.change(func() { s.state = end })
		s.join()
	}()
	err := events.Each(ctx, func(e Event) error { return s.send(ctx, e) })
	if err == nil {
		end = completed
	}
	return err
}

// begin begins a run, unless there is one.
func (s *Server) begin() (ok bool) {
	s.change(func() {
		if ok = s.state != runs && (s.state == waits || len(s.clients) == 0); ok {
			s.state = runs
		}
	})
	return ok
}

// join waits until there are no clients.
func (s *Server) join() {
	for {
		s.mu.Lock()
		n := len(s.clients)
		s.mu.Unlock()
		if n == 0 {
			return
		}
		<-s.moved
	}
}

// change changes the server, and wakes the clients.
func (s *Server) change(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
	close(s.news)
	s.news = make(chan struct{})
}

// size is how many events the ring has.
func (s *Server) size() uint64 { return uint64(max(s.set.history, s.set.lag)) } //nolint:gosec // they are positive

// send puts an event into the ring, when there is room.
func (s *Server) send(ctx context.Context, e Event) error {
	if s.set.number && e.ID == "" {
		e.ID = s.run + strconv.FormatUint(s.next, 10) // only this goroutine changes next
	}
	f := frame{id: s.lastID()}
	hasID := e.ID != "" && e.ID != f.id
	if hasID {
		f.id = e.ID
	}
	var err error
	if f.text, err = e.appendTo(nil, hasID); err != nil {
		return err
	}
	for s.set.overflow == turbopipes.Block && !s.roomy() {
		select {
		case <-s.moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	s.change(func() {
		if s.ring == nil {
			s.ring = make([]frame, s.size())
		}
		*s.at(s.next) = f
		s.next++
		if s.next-s.first > s.size() {
			s.first++
		}
	})
	return nil
}

// lastID is the id after the newest event.
func (s *Server) lastID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == s.first {
		return ""
	}
	return s.at(s.next - 1).id
}

// at is the place of an event. The caller holds mu.
func (s *Server) at(n uint64) *frame { return &s.ring[n%s.size()] }

// roomy reports whether the next event would take nothing from a client.
func (s *Server) roomy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.clients {
		if s.next-c.at >= s.size() {
			return false
		}
	}
	return true
}

// Stats returns the counters.
func (s *Server) Stats() ServerStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return ServerStats{len(s.clients), s.sent, s.dropped}
}
