package sse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/retryafter"
)

// Events emits the events of the event stream at url. It connects again when the
// connection ends or fails, with the id of the last event in the header Last-Event-ID,
// so that no event is missing if the server has a history.
//
// The stream completes when the server answers 204. It waits and connects again when the
// server can't be reached, and at the answers 408, 429 and 5xx, for as long as a header
// Retry-After says, at least; see [Reconnect] and [GiveUp]. It fails at every other
// answer, and with [ErrNoStream] at a content type that is not text/event-stream. An
// event that the end of a connection has cut is not emitted. Data is not checked to be
// UTF-8.
//
// Each subscription begins anew; for one that goes on where the last has ended see
// [Source]. Backpressure: it does not read while downstream is busy; the server sees a
// slow client. Memory: one event and 16 KiB. Goroutines: those of the client; its
// callbacks run on the subscriber's. An empty url is an ErrInvalidArgument.
func Events(url string, opts ...Option) turbopipes.Observable[Event] {
	s, bad := gather(url, opts)
	if bad != "" {
		return turbopipes.Throw[Event](fault.Invalid("sse.Events", bad))
	}
	return turbopipes.Create(func(ctx context.Context, emit func(Event) bool) error {
		return newClient(url, s, s.lastID).run(ctx, emit)
	})
}

func gather[O opt.Option[settings]](url string, opts []O) (s settings, bad string) {
	s, bad = opt.Gather(defaults(), opts)
	if bad == "" && url == "" {
		bad = "url is empty"
	}
	return s, bad
}

// client has the state of one subscription.
type client struct {
	settings
	url    string
	lastID string // of the last event that was read
	retry  time.Duration
	failed int // connections in a row that brought nothing
	buf    []byte
}

const readSize = 16 << 10

func newClient(url string, s settings, lastID string) *client {
	return &client{settings: s, url: url, lastID: lastID, retry: s.first}
}

var (
	errIdle  = errors.New("sse: nothing has come for too long")
	errEnded = errors.New("sse: the server has ended the connection")
)

// passing is an error after which a new connection may succeed.
type passing struct {
	error
	after time.Duration
}

func (p passing) Unwrap() error { return p.error }

// run connects again and again, until ctx ends, emit refuses, or the server says that it
// is the end.
func (c *client) run(ctx context.Context, emit func(Event) bool) error {
	c.buf = make([]byte, readSize)
	for ctx.Err() == nil {
		over, err := c.connection(ctx, emit)
		if over || ctx.Err() != nil {
			return nil
		}
		var again passing
		if !errors.As(err, &again) {
			return err
		}
		if c.failed > 0 || !errors.Is(err, errEnded) && !errors.Is(err, errIdle) {
			c.trouble(again.error)
		}
		if c.failed++; c.giveUp > 0 && c.failed >= c.giveUp {
			return fmt.Errorf("sse: %d connections have brought nothing, the last error: %w", c.failed, again.error)
		}
		if !sleep(ctx, max(c.pause(), again.after)) {
			return nil
		}
	}
	return nil
}

// pause is how long to wait before the next connection.
func (c *client) pause() time.Duration {
	d := c.retry
	for i := 1; i < c.failed && d < c.longest; i++ {
		d = min(2*d, c.longest)
	}
	return d + time.Duration(rand.Int64N(int64(d)/2+1)) //nolint:gosec // a jitter
}

// sleep waits for d. It reports whether ctx has not ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// connection connects, and reads to the end of the connection. over is true if there
// will be no more events.
func (c *client) connection(ctx context.Context, emit func(Event) bool) (over bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	idle := time.AfterFunc(time.Hour, func() { cancel(errIdle) })
	idle.Stop()
	defer idle.Stop()
	resp, err := c.connect(ctx, idle)
	if resp == nil {
		return err == nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	p := &parser{most: c.most, retry: -1, id: c.lastID, lastID: c.lastID}
	for {
		c.watch(idle)
		n, failed := resp.Body.Read(c.buf)
		idle.Stop()
		if n > 0 {
			c.failed = 0
		}
		more, err := p.feed(c.buf[:n], func(e Event) bool {
			c.lastID = e.ID
			return emit(e)
		})
		c.lastID = p.lastID
		if p.retry >= 0 {
			c.retry = max(time.Millisecond, time.Duration(p.retry)*time.Millisecond)
		}
		if err != nil || !more {
			return err == nil, err
		}
		if failed != nil {
			return false, passing{c.reason(ctx, failed), 0}
		}
	}
}

// watch begins to wait for the next bytes.
func (c *client) watch(idle *time.Timer) {
	if c.idle > 0 {
		idle.Reset(c.idle)
	}
}

// reason is why a connection has ended.
func (c *client) reason(ctx context.Context, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), errIdle):
		return errIdle
	case errors.Is(err, io.EOF):
		return errEnded
	}
	return err
}

// connect sends the request. Without an error, a nil response says that the server has no
// more events.
func (c *client) connect(ctx context.Context, idle *time.Timer) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Accept-Encoding", "identity") // a compressor may hold events back
	req.Header.Set("Cache-Control", "no-store")
	if c.lastID != "" {
		req.Header.Set("Last-Event-ID", c.lastID)
	}
	if err := c.prepare(req); err != nil {
		return nil, err
	}
	c.watch(idle)
	resp, err := c.client.Do(req) //nolint:bodyclose // the caller does
	idle.Stop()
	if err != nil {
		return nil, passing{c.reason(ctx, err), 0}
	}
	err = check(resp)
	if err != nil || resp.StatusCode == http.StatusNoContent {
		_ = resp.Body.Close() // it was only read
		return nil, err
	}
	return resp, nil
}

// check returns what is wrong with the head of a response.
func check(resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code == http.StatusNoContent:
		return nil
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= http.StatusInternalServerError:
		after, _ := retryafter.Of(resp.Header)
		return passing{fmt.Errorf("%w: the status is %s", ErrNoStream, resp.Status), after}
	case code != http.StatusOK:
		return fmt.Errorf("%w: the status is %s", ErrNoStream, resp.Status)
	}
	kind := resp.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(kind); err != nil || media != "text/event-stream" {
		return fmt.Errorf("%w: the content type is %q, want text/event-stream", ErrNoStream, kind)
	}
	return nil
}
