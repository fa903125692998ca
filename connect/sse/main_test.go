package sse

import (
	"context"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func bubble(t *testing.T, name string, fn func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, fn) })
}

// direct is a transport that calls a handler, without a network: it works in virtual
// time. A handler's write waits until the client has read it.
type direct struct {
	handler http.Handler
	running sync.WaitGroup
}

// reply is the writer of a handler under direct.
type reply struct {
	header http.Header
	code   int
	head   chan struct{} // closed when the header was written
	once   sync.Once
	in     *io.PipeReader
	out    *io.PipeWriter

	mu    sync.Mutex
	timer *time.Timer
}

func (r *reply) Header() http.Header { return r.header }

func (r *reply) WriteHeader(code int) {
	r.once.Do(func() {
		r.code = code
		close(r.head)
	})
}

func (r *reply) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.out.Write(b)
}

func (r *reply) Flush() {}

func (r *reply) SetWriteDeadline(at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer != nil {
		r.timer.Stop()
	}
	if !at.IsZero() {
		r.timer = time.AfterFunc(time.Until(at), func() { _ = r.in.CloseWithError(os.ErrDeadlineExceeded) })
	}
	return nil
}

// body ends its request when it is closed.
type body struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b body) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

func (d *direct) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	r := &reply{header: http.Header{}, head: make(chan struct{})}
	r.in, r.out = io.Pipe()
	stop := context.AfterFunc(ctx, func() { _ = r.in.CloseWithError(context.Cause(req.Context())) })
	d.running.Go(func() {
		defer stop()
		d.handler.ServeHTTP(r, req.WithContext(ctx))
		r.WriteHeader(http.StatusOK)
		_ = r.SetWriteDeadline(time.Time{})
		_ = r.out.Close()
	})
	select {
	case <-r.head:
	case <-ctx.Done():
		cancel()
		return nil, context.Cause(ctx)
	}
	return &http.Response{
		StatusCode: r.code, Status: http.StatusText(r.code), Header: r.header, Body: body{r.in, cancel}, Request: req,
	}, nil
}

// clientOf is a client of a handler.
func clientOf(t *testing.T, h http.HandlerFunc) *http.Client {
	t.Helper()
	d := &direct{handler: h}
	t.Cleanup(d.running.Wait)
	return &http.Client{Transport: d}
}
