package redis_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

func TestMain(m *testing.M) {
	logging.Disable()
	goleak.VerifyTestMain(m)
}

// realServer reports whether the tests run against a real server.
func realServer() bool { return os.Getenv("REDIS_ADDR") != "" }

// server returns the address of a server: that of REDIS_ADDR, or one in this process.
func server(t testing.TB) string {
	t.Helper()
	if addr := os.Getenv("REDIS_ADDR"); addr != "" {
		return addr
	}
	m := miniredis.NewMiniRedis()
	require.NoError(t, m.Start())
	t.Cleanup(m.Close)
	return m.Addr()
}

var streams atomic.Int64

// newStream returns the name of a stream that does not exist, and removes it in the end.
func newStream(t testing.TB, c goredis.UniversalClient) string {
	t.Helper()
	name := fmt.Sprintf("test:%d:%d:%d", os.Getpid(), time.Now().UnixNano(), streams.Add(1))
	t.Cleanup(func() { c.Del(context.Background(), name) })
	return name
}

// connect returns a client that is closed in the end.
func connect(t testing.TB, addr string) *goredis.Client {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{Addr: addr})
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// add adds events to the stream.
func add(t testing.TB, c goredis.UniversalClient, stream string, events ...deliverytest.Event) {
	t.Helper()
	for len(events) > 0 {
		p := c.Pipeline()
		n := min(len(events), 1000)
		for _, e := range events[:n] {
			p.XAdd(t.Context(), &goredis.XAddArgs{Stream: stream, Values: []any{"value", e.Value, "key", e.Key, "id", e.ID}})
		}
		_, err := p.Exec(t.Context())
		require.NoError(t, err)
		events = events[n:]
	}
}

// numbers are events with the numbers from from on as values and ids, and keys in turn.
func numbers(from, n, keys int) []deliverytest.Event {
	events := make([]deliverytest.Event, n)
	for i := range events {
		v := strconv.Itoa(from + i)
		events[i] = deliverytest.Event{Key: "k" + strconv.Itoa((from+i)%keys), Value: []byte(v), ID: v}
	}
	return events
}

// proxy is a network that can be cut.
type proxy struct {
	to   string
	mu   sync.Mutex
	l    net.Listener
	all  map[net.Conn]bool
	addr string
	wg   sync.WaitGroup
}

func newProxy(t testing.TB, to string) *proxy {
	p := &proxy{to: to, addr: "127.0.0.1:0", all: map[net.Conn]bool{}}
	p.up(t)
	t.Cleanup(func() {
		p.down()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) up(t testing.TB) {
	l, err := net.Listen("tcp", p.addr) //nolint:noctx // a test
	require.NoError(t, err)
	p.mu.Lock()
	p.l, p.addr = l, l.Addr().String()
	p.mu.Unlock()
	p.wg.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", p.to) //nolint:noctx // a test
			if err != nil {
				_ = in.Close()
				continue
			}
			p.mu.Lock()
			if p.l != l {
				_, _ = in.Close(), out.Close()
			}
			p.all[in], p.all[out] = true, true
			p.mu.Unlock()
			for _, c := range [][2]net.Conn{{in, out}, {out, in}} {
				p.wg.Go(func() {
					_, _ = io.Copy(c[0], c[1])
					_, _ = c[0].Close(), c[1].Close()
					p.mu.Lock()
					delete(p.all, c[0])
					p.mu.Unlock()
				})
			}
		}
	})
}

func (p *proxy) down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.l == nil {
		return
	}
	_ = p.l.Close()
	p.l = nil
	for c := range p.all {
		_ = c.Close()
	}
}

// faults makes commands fail.
type faults struct {
	refuse *atomic.Bool // acks
	dead   func() bool  // all commands
}

func (faults) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (f faults) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		switch {
		case f.dead != nil && f.dead():
			cmd.SetErr(goredis.ErrClosed)
			return goredis.ErrClosed
		case f.refuse != nil && f.refuse.Load() && cmd.Name() == "xack":
			cmd.SetErr(errRefused)
			return errRefused
		}
		return next(ctx, cmd)
	}
}

func (f faults) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		if f.dead != nil && f.dead() {
			return goredis.ErrClosed
		}
		return next(ctx, cmds)
	}
}

var errRefused = errors.New("refused")

// crashing is a source whose sessions have a client each, which can be made to fail as if
// the process had ended.
type crashing struct {
	addr    string
	refuse  *atomic.Bool
	crashes *atomic.Int64
	source  func(goredis.UniversalClient) delivery.Source[[]byte]
}

func (c crashing) Requeues() bool { return true }

func (c crashing) Open(ctx context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	client := goredis.NewClient(&goredis.Options{Addr: c.addr, MaxRetries: 1, DialTimeout: time.Second})
	born := c.crashes.Load()
	client.AddHook(faults{refuse: c.refuse, dead: func() bool { return c.crashes.Load() != born }})
	s, err := c.source(client).Open(ctx, o)
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return closing{s, client}, nil
}

type closing struct {
	delivery.Session[[]byte]
	client *goredis.Client
}

func (c closing) Close(ctx context.Context, how delivery.End) error {
	return errors.Join(c.Session.Close(ctx, how), c.client.Close())
}
