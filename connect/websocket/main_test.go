package websocket_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/websocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server that calls fn with the number of the connection, from 1.
func serve(t *testing.T, fn func(n int64, c *ws.Conn)) (url string) {
	t.Helper()
	var n atomic.Int64
	var running sync.WaitGroup
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running.Add(1)
		defer running.Done()
		c, err := ws.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = c.CloseNow() }()
		fn(n.Add(1), c)
	}))
	t.Cleanup(func() { s.Close(); running.Wait(); http.DefaultClient.CloseIdleConnections() })
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

func send(c *ws.Conn, texts ...string) {
	for _, text := range texts {
		if c.Write(context.Background(), ws.MessageText, []byte(text)) != nil {
			return
		}
	}
}

// wait reads to the end of c.
func wait(c *ws.Conn) error {
	for {
		if _, _, err := c.Read(context.Background()); err != nil {
			return err
		}
	}
}

var fast = websocket.Reconnect(time.Millisecond, 5*time.Millisecond)

// quiet notes troubles.
func quiet(ch chan<- error) websocket.Option {
	return websocket.OnTrouble(func(err error) {
		select {
		case ch <- err:
		default:
		}
	})
}

// collect returns the texts of the stream.
func collect(t *testing.T, in tp.Observable[websocket.Message]) (texts []string, err error) {
	t.Helper()
	err = in.Each(t.Context(), func(m websocket.Message) error {
		texts = append(texts, string(m.Data))
		return nil
	})
	return texts, err
}

func invalid(t *testing.T, want string, err error) {
	t.Helper()
	require.ErrorIs(t, err, tp.ErrInvalidArgument, want)
	require.ErrorContains(t, err, want)
}
