package websocket

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	ws "github.com/coder/websocket"

	"github.com/turbopipes/turbopipes"
)

// Messages emits the messages that the server at url sends. It connects again when the
// connection ends or fails, see [Reconnect] and [GiveUp]. What the server sends meanwhile
// is lost, unless its protocol has positions: see [Setup].
//
// The stream completes at the close codes of [EndOn]. It fails at those of [FailOn], at a
// message that is longer than [ReadLimit], and if the server answers the handshake with a
// status 4xx other than 408 and 429. When it is stopped or disposed of, it closes the
// connection with the code 1000, and waits a second for the answer.
//
// Backpressure: it does not read while downstream is busy; the server sees a slow client.
// Memory: one message. Goroutines: one for pings, joined before the stream ends, and those
// of the library. An empty url, and options that do not fit, are an ErrInvalidArgument.
func Messages(url string, opts ...Option) turbopipes.Observable[Message] {
	o, bad := optionsOf(url, opts)
	if bad != "" {
		return turbopipes.Throw[Message](fmt.Errorf("%w: websocket.Messages: %s", turbopipes.ErrInvalidArgument, bad))
	}
	return turbopipes.Create(func(ctx context.Context, emit func(Message) bool) error {
		c := &client{options: o, url: url}
		return c.run(ctx, func(m Message, _ string) bool { return emit(m) })
	})
}

// client has the state of one subscription.
type client struct {
	options
	url    string
	last   string // the position of the last message that was read
	failed int    // connections in a row that brought nothing

	mu   sync.Mutex
	conn *ws.Conn // the one that is set up, or nil
}

var (
	errIdle  = errors.New("websocket: nothing has come for too long")
	errPong  = errors.New("websocket: a ping was not answered")
	errEnded = errors.New("websocket: the stream has ended")
)

// final is an error that no new connection mends.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// run connects again and again, until ctx ends, emit refuses, or the server says that it
// is the end.
func (c *client) run(ctx context.Context, emit func(m Message, position string) bool) error {
	for ctx.Err() == nil {
		err := c.connection(ctx, emit)
		var f final
		switch {
		case ctx.Err() != nil || errors.Is(err, errEnded):
			return nil
		case errors.As(err, &f):
			return f.error
		case slices.Contains(c.ends, ws.CloseStatus(err)):
			return nil
		case slices.Contains(c.fails, ws.CloseStatus(err)), errors.Is(err, ws.ErrMessageTooBig):
			return fmt.Errorf("websocket: %s: %w", c.url, err)
		}
		c.trouble(err)
		if c.failed++; c.giveUp > 0 && c.failed >= c.giveUp {
			return fmt.Errorf("websocket: %d connections have brought nothing, the last error: %w", c.failed, err)
		}
		if !sleep(ctx, c.pause()) {
			return nil
		}
	}
	return nil
}

// pause is how long to wait before the next connection.
func (c *client) pause() time.Duration {
	d := c.first
	for i := 1; i < c.failed && d < c.longest; i++ {
		d = min(2*d, c.longest)
	}
	return d + time.Duration(rand.Int64N(int64(d)/2+1)) //nolint:gosec // a jitter
}

// sleep reports whether ctx has not ended meanwhile.
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

// connect connects.
func (o *options) connect(ctx context.Context, url string) (*ws.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, resp, err := ws.Dial(ctx, url, o.dial) //nolint:bodyclose // the library does
	if err != nil {
		if resp != nil && resp.StatusCode >= 400 && resp.StatusCode < 500 &&
			resp.StatusCode != http.StatusRequestTimeout && resp.StatusCode != http.StatusTooManyRequests {
			return nil, final{err}
		}
		return nil, err
	}
	conn.SetReadLimit(o.readLimit)
	return conn, nil
}

// connection connects, and reads to the end of the connection. It always returns an
// error.
func (c *client) connection(outer context.Context, emit func(m Message, position string) bool) error {
	conn, err := c.connect(outer, c.url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }() // for the paths without a handshake
	// The end of a ctx of Read cuts the connection. The end of outer closes it politely.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(outer))
	defer cancel(nil)
	var joined sync.WaitGroup
	defer joined.Wait()
	joined.Add(1)
	stop := context.AfterFunc(outer, func() {
		defer joined.Done()
		goodbye(conn, ws.StatusNormalClosure, cancel)
	})
	defer func() {
		if stop() {
			joined.Done()
		}
	}()
	if c.setup != nil {
		if err := c.setup(ctx, conn, c.last); err != nil {
			return err
		}
	}
	c.use(conn)
	defer c.use(nil)
	r := &reading{}
	pinging, end := context.WithCancel(ctx)
	defer end()
	joined.Go(func() { c.pings(pinging, conn, r, cancel) })
	idle := time.AfterFunc(time.Hour, func() { cancel(errIdle) })
	idle.Stop()
	defer idle.Stop()
	for {
		if c.idle > 0 {
			idle.Reset(c.idle)
		}
		r.begin()
		kind, data, err := conn.Read(ctx)
		r.end()
		idle.Stop()
		if err != nil {
			if cause := context.Cause(ctx); cause != nil && outer.Err() == nil {
				return cause
			}
			return err
		}
		c.failed = -1 // the end of this connection makes it 0
		m := Message{Data: data, Binary: kind == ws.MessageBinary}
		if p := c.position(m); p != "" {
			c.last = p
		}
		if !emit(m, c.last) {
			goodbye(conn, ws.StatusNormalClosure, cancel)
			return errEnded
		}
	}
}

// goodbye closes conn with code. It waits for the answer, but not for long: cancel then
// ends the ctx of the reader, which cuts conn.
func goodbye(conn *ws.Conn, code ws.StatusCode, cancel context.CancelCauseFunc) {
	late := time.AfterFunc(closeWait, func() { cancel(nil); _ = conn.CloseNow() })
	defer late.Stop()
	_ = conn.Close(code, "") // the other side may be gone
}

// reading says whether a Read runs, and which one.
type reading struct{ n atomic.Int64 } // odd: one runs

func (r *reading) begin() { r.n.Add(1) }
func (r *reading) end()   { r.n.Add(1) }

// pings sends a ping when one Read has waited for long, and cuts the connection if that
// Read then goes on without a pong. A pong is only seen while a Read runs.
func (c *client) pings(ctx context.Context, conn *ws.Conn, r *reading, cut context.CancelCauseFunc) {
	for {
		before := r.n.Load()
		if !sleep(ctx, c.ping) {
			return
		}
		if n := r.n.Load(); n%2 == 0 || n != before {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, c.ping)
		err := conn.Ping(limited)
		cancel()
		if err != nil && ctx.Err() == nil && r.n.Load() == before {
			cut(errPong)
			return
		}
	}
}

func (c *client) use(conn *ws.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
}

func (c *client) current() *ws.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn
}
