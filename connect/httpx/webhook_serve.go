package httpx

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/internal/retryafter"
)

// answer is what a request may learn before it waits.
type answer int

const (
	waits answer = iota // for its event
	isDone
	noRoom
)

// ServeHTTP makes an event of a POST or PUT request, and answers when the event is
// settled. See [Webhook] for the answers; others are 401 for a request that [Verify]
// refuses, 405 for another method, and 413 for a body that is too long.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case h.bad != "":
		http.Error(w, "the webhook is not set up", http.StatusInternalServerError)
		return
	case r.Method != http.MethodPost && r.Method != http.MethodPut:
		w.Header().Set("Allow", "POST, PUT")
		http.Error(w, "the method is not POST or PUT", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.set.most))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		http.Error(w, "the body can't be read", http.StatusBadRequest)
		return
	}
	if err := h.set.verify(r, body); err != nil {
		http.Error(w, "the request is not verified", http.StatusUnauthorized)
		return
	}
	c := &call{
		body: body, id: h.set.id(r, body), key: h.set.key(r, body), path: r.URL.Path,
		header: r.Header.Clone(), at: time.Now(), settled: make(chan struct{}),
	}
	for _, secret := range []string{"Authorization", "Proxy-Authorization", "Cookie"} {
		c.header.Del(secret) // an event may end in a dead letter
	}
	c, what := h.take(c)
	switch what {
	case isDone:
		w.WriteHeader(http.StatusNoContent)
	case noRoom:
		h.later(w, h.set.again)
	case waits:
		if h.onTake != nil {
			h.onTake()
		}
		h.wait(w, r, c)
	}
}

// take makes c an event, or returns the event that has its id.
func (h *Webhook) take(c *call) (*call, answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.session
	if c.id != "" {
		if _, ok := h.done[c.id]; ok {
			h.stats.Duplicate++
			return nil, isDone
		}
	}
	if s == nil || s.closing || s.waiting >= 2*s.most {
		h.stats.Refused++
		return nil, noRoom
	}
	if c.id != "" {
		if other, ok := h.calls[c.id]; ok {
			h.stats.Duplicate++
			s.waiting++
			return other, waits
		}
	}
	if len(s.open) >= s.most {
		h.stats.Refused++
		return nil, noRoom
	}
	h.stats.Accepted++
	c.hookSession, c.number = s, h.stats.Accepted
	s.open[c] = struct{}{}
	if c.id != "" {
		h.calls[c.id] = c
	}
	s.waiting++
	s.queue <- c // there is room: it is of the size of open
	return c, waits
}

// wait answers when c is settled.
func (h *Webhook) wait(w http.ResponseWriter, r *http.Request, c *call) {
	defer func() {
		h.mu.Lock()
		c.waiting--
		h.mu.Unlock()
	}()
	var late <-chan time.Time
	if h.set.within > 0 {
		t := time.NewTimer(h.set.within)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-c.settled:
	case <-late:
		h.later(w, h.set.again)
		return
	case <-r.Context().Done(): // nobody is there for an answer
		return
	}
	if c.err == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	after := h.set.again
	if d, ok := delivery.RequeueDelay(c.err); ok {
		after = max(after, d)
	}
	h.later(w, after)
}

// later answers that the sender should try again. The error of the event is not for the
// sender.
func (h *Webhook) later(w http.ResponseWriter, after time.Duration) {
	w.Header().Set("Retry-After", retryafter.Text(after))
	http.Error(w, "try again later", http.StatusServiceUnavailable)
}
