package httpx

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Webhook turns requests into deliveries. It is the http.Handler that the sender calls,
// and the delivery.Source of a pipeline.
//
// A request is answered with 204 only when its event is acked: when the function has
// returned nil for it, or it is dead-lettered. So the sender's retries make it
// at-least-once. The answer is 503 with Retry-After when the event was nacked, when the
// pipeline has ended before it was settled, when no pipeline runs, and when too many
// events wait, see [MaxWaiting].
//
// The headers of a request are those of Info, with the names as http.CanonicalHeaderKey
// has them, and without Authorization and Cookie. Source is the path of the request. The
// ids are remembered in memory only: after a restart, an event may come again.
//
// One pipeline at a time may run: another one fails with delivery.ErrFenced. Before an
// http.Server's Shutdown, which waits for the requests, stop the pipeline.
type Webhook struct {
	set    webhookSettings
	bad    string
	onTake func() // of tests: an event was taken

	mu      sync.Mutex
	session *hookSession // nil: no pipeline runs
	calls   map[string]*call
	done    map[string]struct{} // ids of settled events
	order   []string            // a ring of the ids in done
	oldest  int                 // of order, when it is full
	stats   WebhookStats
}

// WebhookStats is what [Webhook.Stats] returns.
type WebhookStats struct {
	Open      int   // events that are not settled
	Accepted  int64 // requests that became events
	Done      int64 // events that were acked
	Duplicate int64 // requests with the id of another event
	Refused   int64 // requests that found no room, or no pipeline
}

// hookSession is a pipeline that runs.
type hookSession struct {
	*Webhook
	queue   chan *call // it has room for all open calls
	most    int
	closing bool // no more requests are taken
	open    map[*call]struct{}
	waiting int // requests that wait
	epoch   int64
	ctx     context.Context //nolint:containedctx // it ends with the session
	cancel  context.CancelCauseFunc
}

// call is an event. It is the settler of its delivery.
type call struct {
	*hookSession
	body    []byte
	id, key string
	path    string
	header  http.Header
	at      time.Time
	number  int64
	settled chan struct{} // closed after err is set
	err     error
}

// defaultWaiting is for a pipeline that does not say how many events it holds.
const defaultWaiting = 1024

// NewWebhook returns a Webhook. A bad option is the error of the pipeline, and an answer
// 500.
func NewWebhook(opts ...WebhookOption) *Webhook {
	none := func(*http.Request, []byte) string { return "" }
	h := &Webhook{calls: map[string]*call{}, done: map[string]struct{}{}}
	h.set, h.bad = opt.Gather(webhookSettings{
		verify: func(*http.Request, []byte) error { return nil }, id: none, key: none, most: 1 << 20, again: time.Second,
	}, opts)
	return h
}

// Requeues says that a nacked event comes again: the answer asks the sender to
// try again.
func (h *Webhook) Requeues() bool { return true }

// Stats returns the counters.
func (h *Webhook) Stats() WebhookStats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.stats
	if h.session != nil {
		s.Open = len(h.session.open)
	}
	return s
}

// Open begins to take requests.
func (h *Webhook) Open(_ context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	if h.bad != "" {
		return nil, fault.Invalid("httpx.NewWebhook", h.bad)
	}
	most := o.MaxUncommitted
	switch {
	case h.set.waiting > 0:
		most = h.set.waiting
	case most == 0:
		most = defaultWaiting
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.session != nil {
		return nil, fmt.Errorf("%w: a pipeline of this Webhook runs", delivery.ErrFenced)
	}
	s := &hookSession{Webhook: h, queue: make(chan *call, most), most: most, open: map[*call]struct{}{}, epoch: time.Now().UnixNano()}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	h.session = s
	return s, nil
}

// Receive emits the events of requests.
func (s *hookSession) Receive(ctx context.Context, emit func(delivery.Delivery[[]byte]) bool) error {
	defer s.refuse()
	for {
		select {
		case c := <-s.queue:
			if !emit(delivery.New(c.body, c.key, c, 0)) {
				return nil
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// refuse takes no more requests, and gives back those that were not emitted.
func (s *hookSession) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	for {
		select {
		case c := <-s.queue:
			s.end(c, delivery.ErrRevoked)
		default:
			return
		}
	}
}

// Close gives back what is open: its requests are answered with 503.
func (s *hookSession) Close(context.Context, delivery.End) error {
	s.mu.Lock()
	s.closing = true
	for c := range s.open {
		s.end(c, delivery.ErrRevoked)
	}
	s.session = nil
	s.mu.Unlock()
	s.cancel(delivery.ErrRevoked)
	return nil
}

// end answers the requests of c. The caller holds mu.
func (s *hookSession) end(c *call, err error) {
	if _, ok := s.open[c]; !ok {
		return
	}
	delete(s.open, c)
	if c.id != "" {
		delete(s.calls, c.id)
	}
	if err == nil {
		s.stats.Done++
		s.keep(c.id)
	}
	c.err = err
	close(c.settled)
}

// keep remembers the id of a settled event. The caller holds mu.
func (h *Webhook) keep(id string) {
	if id == "" {
		return
	}
	if len(h.order) < h.set.remember {
		h.order = append(h.order, id)
	} else {
		delete(h.done, h.order[h.oldest])
		h.order[h.oldest] = id
		h.oldest = (h.oldest + 1) % len(h.order)
	}
	h.done[id] = struct{}{}
}

// Settle is that of the settler.
func (c *call) Settle(_ uint64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end(c, err) // it does nothing after Close
}

// Info is that of the settler.
func (c *call) Info(uint64) delivery.Info {
	return delivery.Info{
		Source: c.path, Position: strconv.FormatInt(c.number, 10), ID: c.id, Epoch: c.epoch, Time: c.at,
		Headers: delivery.NewHeaders(func(yield func(string, string) bool) {
			for k, vs := range c.header {
				for _, v := range vs {
					if !yield(k, v) {
						return
					}
				}
			}
		}),
	}
}

// Context is that of the settler.
func (c *call) Context() context.Context { return c.ctx }
