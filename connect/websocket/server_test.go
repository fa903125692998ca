package websocket_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/websocket"
)

// host starts an http.Server for s.
func host(t *testing.T, s *websocket.Server) (url string) {
	t.Helper()
	h := httptest.NewServer(s)
	t.Cleanup(func() { h.Close(); http.DefaultClient.CloseIdleConnections() })
	return "ws" + strings.TrimPrefix(h.URL, "http")
}

func await(t *testing.T, cond func() bool) {
	t.Helper()
	require.Eventually(t, cond, 20*time.Second, time.Millisecond)
}

// numbers is a stream of n messages. Each waits for ready, if that is not nil.
func numbers(n int, ready <-chan struct{}, err error) tp.Observable[websocket.Message] {
	return tp.Create(func(ctx context.Context, emit func(websocket.Message) bool) error {
		for i := range n {
			if ready != nil {
				select {
				case <-ready:
				case <-ctx.Done():
					return nil
				}
			}
			if !emit(websocket.Message{Data: []byte(strconv.Itoa(i)), Binary: i%2 == 1}) {
				return nil
			}
		}
		return err
	})
}

// TestServer: all clients get all messages, and the normal closure at the end. With Block
// no client can be too slow.
func TestServer(t *testing.T) {
	const n, clients = 500, 5
	s := websocket.NewServer(websocket.Lag(4, tp.Block))
	url := host(t, s)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			var got []string
			err := websocket.Messages(url, fast).Each(t.Context(), func(m websocket.Message) error {
				got = append(got, string(m.Data))
				if i := len(got) - 1; m.Binary != (i%2 == 1) {
					return errors.New("the type is wrong")
				}
				return nil
			})
			if err != nil || len(got) != n || got[n-1] != strconv.Itoa(n-1) {
				t.Errorf("%d messages, %v", len(got), err)
			}
		})
	}
	await(t, func() bool { return s.Stats().Clients == clients })
	require.NoError(t, s.Run(t.Context(), numbers(n, nil, nil)))
	all.Wait()
	require.Equal(t, websocket.ServerStats{Sent: n * clients}, s.Stats())
}

// TestServerFails: clients get the code that tells them to come back. A Run may follow.
func TestServerFails(t *testing.T) {
	s := websocket.NewServer()
	url := host(t, s)
	boom := errors.New("it fails")
	troubles := make(chan error, 100)
	var got []string
	done := make(chan error, 1)
	go func() {
		done <- websocket.Messages(url, fast, quiet(troubles)).Each(t.Context(), func(m websocket.Message) error {
			got = append(got, string(m.Data))
			return nil
		})
	}()
	for i, want := range []error{boom, nil} {
		ready, over := make(chan struct{}), make(chan error, 1)
		go func() { over <- s.Run(t.Context(), numbers(1, ready, want)) }()
		await(t, func() bool { return s.Stats().Clients == 1 })
		require.ErrorIs(t, s.Run(t.Context(), numbers(1, nil, nil)), websocket.ErrRunning)
		close(ready)
		require.ErrorIs(t, <-over, want)
		if i == 0 {
			require.Equal(t, ws.StatusServiceRestart, ws.CloseStatus(<-troubles))
		}
	}
	require.NoError(t, <-done)
	require.NotEmpty(t, got)
}

// TestSlowClient: a client that does not read holds up no other one.
func TestSlowClient(t *testing.T) {
	s := websocket.NewServer(websocket.WriteTimeout(50*time.Millisecond), websocket.Lag(8, tp.Fail))
	url := host(t, s)
	slow, _, err := ws.Dial(t.Context(), url, nil) //nolint:bodyclose // the library does
	require.NoError(t, err)
	defer func() { _ = slow.CloseNow() }()
	next := make(chan struct{}, 1)
	got, done := 0, make(chan error, 1)
	go func() {
		done <- websocket.Messages(url, websocket.ReadLimit(2<<20)).Each(t.Context(), func(websocket.Message) error {
			got++
			next <- struct{}{}
			return nil
		})
	}()
	await(t, func() bool { return s.Stats().Clients == 2 })
	big := websocket.Message{Data: make([]byte, 1<<20), Binary: true}
	sent := 0
	require.NoError(t, s.Run(t.Context(), tp.Create(func(ctx context.Context, emit func(websocket.Message) bool) error {
		for s.Stats().Clients == 2 && emit(big) {
			sent++
			select {
			case <-next:
			case <-ctx.Done():
			}
		}
		return nil
	})))
	require.NoError(t, <-done)
	require.Equal(t, sent, got)
}

// TestAdmission: who is refused, and whose connection ends.
func TestAdmission(t *testing.T) {
	s := websocket.NewServer(websocket.MaxClients(1), websocket.PingClients(10*time.Millisecond))
	url := host(t, s)
	c, _, err := ws.Dial(t.Context(), url, nil) //nolint:bodyclose // the library does
	require.NoError(t, err)
	_, resp, err := ws.Dial(t.Context(), url, nil) //nolint:bodyclose // the library does
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	send(c, "clients send nothing")
	require.Equal(t, ws.StatusPolicyViolation, ws.CloseStatus(wait(c)))
	await(t, func() bool { return s.Stats().Clients == 0 })

	c, _, err = ws.Dial(t.Context(), url, nil) //nolint:bodyclose // the library does
	require.NoError(t, err)
	await(t, func() bool { return s.Stats().Clients == 0 }) // it does not read, so it answers no ping
	_ = c.CloseNow()

	for want, opt := range map[string]websocket.ServerOption{
		"option 1 is nil": nil, "Lag: n is 0": websocket.Lag(0, tp.Fail), "Lag: the strategy is": websocket.Lag(1, tp.DropNewest),
		"MaxClients: n is 0": websocket.MaxClients(0), "WriteTimeout: d is 0s": websocket.WriteTimeout(0), "PingClients: d is 0s": websocket.PingClients(0),
	} {
		invalid(t, want, websocket.NewServer(opt).Run(t.Context(), numbers(1, nil, nil)))
	}
}

// TestLag: a client that is too far behind misses messages, or has to go.
func TestLag(t *testing.T) {
	const n = 100
	for _, strategy := range []tp.Overflow{tp.DropOldest, tp.Fail} {
		s := websocket.NewServer(websocket.Lag(4, strategy), websocket.WriteTimeout(time.Minute))
		url := host(t, s)
		c, _, err := ws.Dial(t.Context(), url, nil) //nolint:bodyclose // the library does
		require.NoError(t, err)
		c.SetReadLimit(1 << 20)
		await(t, func() bool { return s.Stats().Clients == 1 })
		sent, over := make(chan struct{}), make(chan error, 1)
		go func() {
			over <- s.Run(t.Context(), tp.Create(func(_ context.Context, emit func(websocket.Message) bool) error {
				defer close(sent)
				for i := range n { // more than the buffers of the connection take
					emit(websocket.Message{Data: append(make([]byte, 256<<10), byte(i))})
				}
				return nil
			}))
		}()
		<-sent
		var last byte
		got := 0
		for {
			var data []byte
			if _, data, err = c.Read(t.Context()); err != nil {
				break
			}
			last = data[len(data)-1]
			got++
		}
		require.NoError(t, <-over)
		if strategy == tp.Fail {
			require.Equal(t, ws.StatusTryAgainLater, ws.CloseStatus(err))
			continue
		}
		require.Equal(t, ws.StatusNormalClosure, ws.CloseStatus(err))
		require.Equal(t, byte(n-1), last)
		require.EqualValues(t, got, s.Stats().Sent)
		require.EqualValues(t, n-got, s.Stats().Dropped)
		require.Positive(t, s.Stats().Dropped)
	}
}
