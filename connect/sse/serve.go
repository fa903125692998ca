package sse

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/retryafter"
)

// burst is how many events a client writes before it flushes.
const burst = 64

// ServeHTTP answers with the event stream, from the event after the request's
// Last-Event-ID on. It returns when the client has gone, when the stream has ended, or
// when the client is too slow. It answers 204 when the stream has completed and the
// client has all of it, 405 to other methods than GET, and 503 with Retry-After when the
// stream has failed, and when there are too many clients.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.bad != "" {
		http.Error(w, "sse: the server is not set up", http.StatusInternalServerError)
		return
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		http.Error(w, "sse: the method is "+r.Method+", want GET", http.StatusMethodNotAllowed)
		return
	}
	id := r.Header.Get("Last-Event-ID")
	switch c, code, gap := s.admit(id); code {
	case http.StatusOK:
		defer s.leave(c)
		if gap {
			s.set.gap(r, id)
		}
		s.serve(w, r, c)
	case http.StatusNoContent:
		w.WriteHeader(code)
	default: // 503
		w.Header().Set("Retry-After", retryafter.Text(max(s.set.retry, time.Second)))
		http.Error(w, "sse: there is no stream now", code)
	}
}

// admit admits a client, or says why not.
func (s *Server) admit(id string) (_ *serverClient, code int, gap bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, gap := s.after(id)
	switch {
	case s.state == broken, s.set.most > 0 && len(s.clients) >= s.set.most:
		return nil, http.StatusServiceUnavailable, false
	case s.state == completed && at == s.next:
		return nil, http.StatusNoContent, false
	}
	c := &serverClient{at: at}
	s.clients[c] = struct{}{}
	return c, http.StatusOK, gap
}

// after is the number of the event after that with the id. gap: the id is not known.
// The caller holds mu.
func (s *Server) after(id string) (at uint64, gap bool) {
	oldest := max(s.first, s.next-min(s.next, uint64(s.set.history))) //nolint:gosec // it is not negative
	if id == "" {
		if s.set.replay {
			return oldest, false
		}
		return s.next, false
	}
	for n := s.next; n > s.first; n-- {
		if s.at(n-1).id == id {
			return n, false
		}
	}
	return oldest, true
}

// leave takes a client out.
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

// serve writes events until the end.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, c *serverClient) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy must not hold events back
	out := http.NewResponseController(w)
	_ = out.SetReadDeadline(time.Time{})                     // of the http.Server: it would end the request
	defer func() { _ = out.SetWriteDeadline(time.Time{}) }() // the connection may serve another request
	begin := []byte(": \n\n")
	if s.set.retry > 0 {
		begin = []byte("retry: " + strconv.FormatInt(s.set.retry.Milliseconds(), 10) + "\n\n")
	}
	if s.write(w, out, begin) != nil {
		return
	}
	alive := time.NewTimer(s.set.keepAlive)
	defer alive.Stop()
	for s.more(r.Context(), w, out, c, alive) {
	}
}

// more writes the next events of a client, or waits for some. It returns false at the
// end.
func (s *Server) more(ctx context.Context, w http.ResponseWriter, out *http.ResponseController, c *serverClient, alive *time.Timer) bool {
	frames, news, over := s.take(c)
	if len(frames) > 0 {
		var text []byte
		for _, f := range frames {
			text = append(text, f.text...)
		}
		if s.write(w, out, text) != nil {
			return false
		}
		s.took(c, len(frames))
		alive.Reset(s.set.keepAlive)
		return true
	}
	if over {
		return false
	}
	select {
	case <-news:
		return true
	case <-alive.C:
		alive.Reset(s.set.keepAlive)
		return s.write(w, out, []byte(": \n\n")) == nil
	case <-ctx.Done():
		return false
	}
}

// take returns the next events of c.
func (s *Server) take(c *serverClient) (frames []frame, news <-chan struct{}, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == broken {
		return nil, nil, true
	}
	if c.at < s.first {
		if s.set.overflow == turbopipes.Fail {
			return nil, nil, true
		}
		s.dropped += int64(s.first - c.at) //nolint:gosec // a count
		c.at = s.first
	}
	for n := c.at; n < s.next && len(frames) < burst; n++ {
		frames = append(frames, *s.at(n))
	}
	return frames, s.news, s.state == completed
}

// took notes that c has written n events.
func (s *Server) took(c *serverClient, n int) {
	s.mu.Lock()
	c.at += uint64(n) //nolint:gosec // a count
	s.sent += int64(n)
	s.mu.Unlock()
	s.poke()
}

// write writes text, and flushes it.
func (s *Server) write(w http.ResponseWriter, out *http.ResponseController, text []byte) error {
	if err := out.SetWriteDeadline(time.Now().Add(s.set.write)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	return out.Flush()
}
