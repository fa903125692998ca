package websocket_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	ws "github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/websocket"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/operators"
)

// TestReconnects: connections that are cut, or closed with most codes, are made anew.
// Setup learns the position of the last message. A normal closure completes the stream.
func TestReconnects(t *testing.T) {
	var positions []string
	url := serve(t, func(n int64, c *ws.Conn) {
		switch n {
		case 1:
			send(c, "a1", "a2")
			_ = c.CloseNow()
		case 2:
			send(c, "a3")
			_ = c.Close(ws.StatusServiceRestart, "")
		case 3:
			_ = c.Close(ws.StatusTryAgainLater, "")
		default:
			send(c, "a4")
			_ = c.Close(ws.StatusNormalClosure, "")
		}
	})
	troubles := make(chan error, 10)
	got, err := collect(t, websocket.Messages(url, fast, quiet(troubles),
		websocket.Position(func(m websocket.Message) string { return string(m.Data[1:]) }),
		websocket.Setup(func(_ context.Context, _ *ws.Conn, position string) error {
			positions = append(positions, position)
			return nil
		})))
	require.NoError(t, err)
	require.Equal(t, []string{"a1", "a2", "a3", "a4"}, got)
	require.Equal(t, []string{"", "2", "3", "3"}, positions)
	require.Len(t, troubles, 3)
}

// TestCloseCodes: which codes end the stream.
func TestCloseCodes(t *testing.T) {
	url := serve(t, func(_ int64, c *ws.Conn) { _ = c.Close(ws.StatusPolicyViolation, "no") })
	_, err := collect(t, websocket.Messages(url, fast))
	require.Equal(t, ws.StatusPolicyViolation, ws.CloseStatus(err))
	_, err = collect(t, websocket.Messages(url, fast, websocket.EndOn(ws.StatusPolicyViolation)))
	require.NoError(t, err)
	_, err = collect(t, websocket.Messages(url, fast, websocket.FailOn(), websocket.GiveUp(3), quiet(make(chan error, 9))))
	require.ErrorContains(t, err, "3 connections have brought nothing")
}

// TestReadLimit: a long message fails the stream.
func TestReadLimit(t *testing.T) {
	url := serve(t, func(_ int64, c *ws.Conn) {
		send(c, strings.Repeat("x", 40<<10))
		_ = wait(c)
	})
	_, err := collect(t, websocket.Messages(url, fast))
	require.ErrorIs(t, err, ws.ErrMessageTooBig)
	got, err := collect(t, operators.Take[websocket.Message](1)(websocket.Messages(url, fast, websocket.ReadLimit(64<<10))))
	require.NoError(t, err)
	require.Len(t, got[0], 40<<10)
}

// TestSilence: a server that does not answer pings, and one that sends nothing, are left.
func TestSilence(t *testing.T) {
	for want, opt := range map[string]websocket.Option{
		"ping was not answered": websocket.PingEvery(20 * time.Millisecond), "nothing has come": websocket.IdleTimeout(20 * time.Millisecond),
	} {
		stop := make(chan struct{})
		url := serve(t, func(n int64, c *ws.Conn) {
			if n == 1 {
				<-stop // without a Read, pings are not answered
				return
			}
			send(c, "hello")
			_ = wait(c)
		})
		troubles := make(chan error, 10)
		got, err := collect(t, operators.Take[websocket.Message](1)(websocket.Messages(url, fast, opt, quiet(troubles))))
		close(stop)
		require.NoError(t, err)
		require.Equal(t, []string{"hello"}, got)
		require.ErrorContains(t, <-troubles, want)
	}
}

// TestBusyDownstream: while downstream is busy nothing is read, so no pong is seen. That
// is no reason to leave the server.
func TestBusyDownstream(t *testing.T) {
	url := serve(t, func(_ int64, c *ws.Conn) {
		send(c, "1", "2")
		_ = wait(c)
	})
	troubles := make(chan error, 10)
	got, err := collect(t, operators.Take[websocket.Message](2)(operators.Map(func(m websocket.Message) websocket.Message {
		time.Sleep(50 * time.Millisecond)
		return m
	})(websocket.Messages(url, fast, websocket.PingEvery(5*time.Millisecond), quiet(troubles)))))
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2"}, got)
	require.Empty(t, troubles)
}

// TestPoliteEnd: a stop, a dispose and an early end close the connection with 1000.
func TestPoliteEnd(t *testing.T) {
	for _, how := range []string{"Stop", "Dispose", "Take"} {
		closed := make(chan error, 1)
		url := serve(t, func(_ int64, c *ws.Conn) {
			send(c, "1")
			closed <- wait(c)
		})
		in := websocket.Messages(url, fast)
		if how == "Take" {
			in = operators.Take[websocket.Message](1)(in)
		}
		got := make(chan struct{})
		s := in.Subscribe(t.Context(), tp.Observer[websocket.Message]{Next: func(websocket.Message) { close(got) }})
		<-got
		switch how {
		case "Stop":
			require.NoError(t, s.Stop(t.Context()))
		case "Dispose":
			s.Dispose()
		default:
			require.NoError(t, s.Wait())
		}
		require.Equal(t, ws.StatusNormalClosure, ws.CloseStatus(<-closed), how)
	}
}

// TestHandshakeRefused: 4xx ends the stream, 5xx does not.
func TestHandshakeRefused(t *testing.T) {
	codes := make(chan int, 3)
	for _, code := range []int{503, 429, 403} {
		codes <- code
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(<-codes) }))
	defer s.Close()
	defer http.DefaultClient.CloseIdleConnections()
	troubles := make(chan error, 10)
	_, err := collect(t, websocket.Messages(s.URL, fast, quiet(troubles)))
	require.ErrorContains(t, err, "403")
	require.Len(t, troubles, 2)
}

// TestInvalid: arguments that do not fit.
func TestInvalid(t *testing.T) {
	for want, opt := range map[string]websocket.Option{
		"option 1 is nil": nil, "Setup: fn is nil": websocket.Setup(nil), "Position: fn is nil": websocket.Position(nil),
		"Ack: fn is nil": websocket.Ack(nil), "Resume: store is nil": websocket.Resume(nil), "KeyBy: fn is nil": websocket.KeyBy(nil),
		"OnTrouble: fn is nil": websocket.OnTrouble(nil), "GiveUp: n is 0, want at least 1": websocket.GiveUp(0),
		"ReadLimit: n is 0, want at least 1": websocket.ReadLimit(0), "PingEvery: d is 0s": websocket.PingEvery(0),
		"IdleTimeout: d is 0s": websocket.IdleTimeout(0), "CommitEvery: d is 0s": websocket.CommitEvery(0),
		"Reconnect: longest is 1ns, want at least first, 1s": websocket.Reconnect(time.Second, 1),
	} {
		_, err := collect(t, websocket.Messages("ws://127.0.0.1:1", opt))
		invalid(t, want, err)
	}
	_, err := collect(t, websocket.Messages(""))
	invalid(t, "url is empty", err)
	_, err = websocket.Source("").Open(t.Context(), delivery.SessionOptions{})
	invalid(t, "url is empty", err)
}
