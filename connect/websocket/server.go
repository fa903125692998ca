package websocket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	ws "github.com/coder/websocket"

	"github.com/turbopipes/turbopipes"
)

// ErrRunning is for a [Server] that runs a stream already.
var ErrRunning = errors.New("websocket: the server runs a stream already")

var errSpoke = errors.New("websocket: the client has sent a message")

// Server sends one stream to many clients. It is the http.Handler for their requests;
// [Server.Run] runs the stream. A client gets the messages from its connection on.
//
// All clients read from one ring, so the memory does not depend on their number: it is
// that of the last messages, as many as [Lag] says. A client that is slower than the
// stream is handled as Lag says, and holds up no other client, except under
// turbopipes.Block. Clients send nothing: a message from one ends its connection with the
// code 1008.
type Server struct {
	o   serverOptions
	bad string

	mu      sync.Mutex
	ring    []Message
	first   uint64 // the number of the oldest message in the ring
	next    uint64 // the number of the next message
	state   serverState
	news    chan struct{} // closed, and replaced, when something has changed
	moved   chan struct{} // of capacity 1: a client has moved on, or has gone
	clients map[*serverClient]struct{}
	sent    int64
	dropped int64
}

type serverState int

const (
	waits     serverState = iota // for a Run
	runs                         // a stream
	completed                    // clients get the rest
	broken                       // the stream has failed, or was cancelled
)

// serverClient is a connection.
type serverClient struct {
	at uint64 // the number of the next message; under the lock of the server
}

// ServerStats is what [Server.Stats] returns.
type ServerStats struct {
	Clients int
	Sent    int64 // messages that were written, to each client
	Dropped int64 // messages that clients have missed since they were slow
}

// NewServer returns a Server. A bad option is the error of Run, and an answer 500.
func NewServer(opts ...ServerOption) *Server {
	s := &Server{news: make(chan struct{}), moved: make(chan struct{}, 1), clients: map[*serverClient]struct{}{}}
	s.o = serverOptions{lag: 256, overflow: turbopipes.Fail, write: defaultWrite, ping: defaultPing}
	for i, opt := range opts {
		bad := fmt.Sprintf("option %d is nil", i+1)
		if opt != nil {
			bad = opt(&s.o)
		}
		if bad != "" {
			s.bad = bad
			break
		}
	}
	s.ring = make([]Message, max(1, s.o.lag))
	return s
}

// Run sends each message of the stream to all clients, and returns the error of the
// stream when it has ended and the last client is gone. When the stream has completed,
// clients get the messages that they lack, and the close code 1000. When it has failed,
// or ctx has ended, they get the code 1012, which tells them to come back. Another Run
// may follow. A Run that overlaps another one is an [ErrRunning].
//
// The Data of a message must not change afterwards. An http.Server's Shutdown does not
// wait for WebSockets: Run does. Goroutines: those of the requests, and two more for each
// client; the stream runs on the caller's.
func (s *Server) Run(ctx context.Context, messages turbopipes.Observable[Message]) error {
	if s.bad != "" {
		return fmt.Errorf("%w: websocket.NewServer: %s", turbopipes.ErrInvalidArgument, s.bad)
	}
	begun := false
	s.change(func() {
		if begun = s.state != runs && (s.state == waits || len(s.clients) == 0); begun {
			s.state = runs
		}
	})
	if !begun {
		return ErrRunning
	}
	end := broken
	defer func() { // also when the stream panics
		s.change(func() { s.state = end })
		s.join()
	}()
	err := messages.Each(ctx, func(m Message) error { return s.send(ctx, m) })
	if err == nil {
		end = completed
	}
	return err
}

// join waits until there are no clients.
func (s *Server) join() {
	for s.Stats().Clients > 0 {
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

// send puts a message into the ring, when there is room.
func (s *Server) send(ctx context.Context, m Message) error {
	for s.o.overflow == turbopipes.Block && !s.roomy() {
		select {
		case <-s.moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	s.change(func() {
		*s.at(s.next) = m
		s.next++
		if s.next-s.first > uint64(len(s.ring)) {
			s.first++
		}
	})
	return nil
}

// at is the place of a message. The caller holds mu.
func (s *Server) at(n uint64) *Message { return &s.ring[n%uint64(len(s.ring))] }

// roomy reports whether the next message would take nothing from a client.
func (s *Server) roomy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.clients {
		if s.next-c.at >= uint64(len(s.ring)) {
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

// ServeHTTP accepts a client, and sends it the stream. It returns when the client has
// gone, when the stream has ended, or when the client is too slow. It answers 503 when
// the stream has ended, and when there are too many clients.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.bad != "" {
		http.Error(w, "websocket: the server is not set up", http.StatusInternalServerError)
		return
	}
	c := s.admit()
	if c == nil {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "websocket: there is no stream now", http.StatusServiceUnavailable)
		return
	}
	defer s.leave(c)
	conn, err := ws.Accept(w, r, s.o.accept)
	if err != nil {
		return // Accept has answered
	}
	s.attend(r.Context(), conn, c)
}

// attend serves a client, with a goroutine that reads, for close frames and pongs, and
// one for pings. The library's CloseRead waits for itself when a client sends something.
func (s *Server) attend(ctx context.Context, conn *ws.Conn, c *serverClient) {
	reading, cut := context.WithCancelCause(ctx)
	serving, end := context.WithCancelCause(reading)
	var joined sync.WaitGroup
	joined.Go(func() {
		_, _, err := conn.Read(reading)
		if err == nil {
			err = errSpoke
		}
		end(err)
	})
	joined.Go(func() { s.pings(serving, conn, cut) })
	code := s.serve(serving, conn, c)
	if errors.Is(context.Cause(serving), errSpoke) {
		code = ws.StatusPolicyViolation
	}
	end(nil)
	if code > 0 {
		goodbye(conn, code, cut)
	}
	cut(nil)
	_ = conn.CloseNow()
	joined.Wait()
}

// admit admits a client, or returns nil.
func (s *Server) admit() *serverClient {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == completed || s.state == broken || s.o.most > 0 && len(s.clients) >= s.o.most {
		return nil
	}
	c := &serverClient{at: s.next}
	s.clients[c] = struct{}{}
	return c
}

func (s *Server) leave(c *serverClient) {
	s.mu.Lock()
	delete(s.clients, c)
	s.mu.Unlock()
	s.poke()
}

// poke wakes the stream, and Run.
func (s *Server) poke() {
	select {
	case s.moved <- struct{}{}:
	default:
	}
}

// pings sends pings, and cuts the connection of a client that does not answer.
func (s *Server) pings(ctx context.Context, conn *ws.Conn, cut context.CancelCauseFunc) {
	for sleep(ctx, s.o.ping) {
		limited, cancel := context.WithTimeout(ctx, s.o.ping)
		err := conn.Ping(limited)
		cancel()
		if err != nil {
			cut(errPong)
			return
		}
	}
}

// serve writes messages until the end. code is the one to close with; 0: the connection
// has ended.
func (s *Server) serve(ctx context.Context, conn *ws.Conn, c *serverClient) (code ws.StatusCode) {
	for {
		m, news, code := s.take(c)
		switch {
		case code > 0:
			return code
		case news != nil:
			select {
			case <-news:
			case <-ctx.Done():
				return 0
			}
			continue
		}
		kind := ws.MessageText
		if m.Binary {
			kind = ws.MessageBinary
		}
		limited, cancel := context.WithTimeout(ctx, s.o.write)
		err := conn.Write(limited, kind, m.Data)
		cancel()
		if err != nil {
			return 0
		}
		s.mu.Lock()
		c.at++
		s.sent++
		s.mu.Unlock()
		s.poke()
	}
}

// take returns the next message of c, or a channel to wait for, or a code to close with.
func (s *Server) take(c *serverClient) (m Message, news <-chan struct{}, code ws.StatusCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == broken {
		return m, nil, ws.StatusServiceRestart
	}
	if c.at < s.first {
		if s.o.overflow == turbopipes.Fail {
			return m, nil, ws.StatusTryAgainLater
		}
		s.dropped += int64(s.first - c.at) //nolint:gosec // a count
		c.at = s.first
	}
	switch {
	case c.at < s.next:
		return *s.at(c.at), nil, 0
	case s.state == completed:
		return m, nil, ws.StatusNormalClosure
	}
	return m, s.news, 0
}
