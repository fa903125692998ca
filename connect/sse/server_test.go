package sse

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
)

// web runs a server, and its clients, in virtual time.
type web struct {
	*Server
	t      *testing.T
	feed   *turbopipes.Subject[Event]
	client *http.Client
	ended  chan error
	stop   context.CancelFunc
}

func start(t *testing.T, opts ...ServerOption) *web {
	t.Helper()
	w := &web{Server: NewServer(opts...), t: t, feed: turbopipes.NewSubject[Event](turbopipes.WithQueue(1))}
	w.client = clientOf(t, w.ServeHTTP)
	w.again()
	t.Cleanup(func() { w.stop(); <-w.ended })
	return w
}

// again begins a run.
func (w *web) again() {
	ctx, cancel := context.WithCancel(w.t.Context())
	w.stop, w.ended = cancel, make(chan error, 2)
	go func() {
		err := w.Run(ctx, w.feed.Observable())
		w.ended <- err
		w.ended <- err // for the cleanup
	}()
	synctest.Wait()
}

// send sends events, whose ids are their data.
func (w *web) send(data ...string) {
	w.t.Helper()
	for _, d := range data {
		w.push(d)
		synctest.Wait()
	}
}

func (w *web) push(data ...string) {
	for _, d := range data {
		_ = w.feed.Next(w.t.Context(), Event{ID: d, Data: []byte(d)}) // the clients have it or not
	}
}

// browser is a connected client.
type browser struct {
	code  int
	head  http.Header
	close func()

	mu    sync.Mutex
	lines []string
	over  bool
}

// open connects. A gate that is not nil is waited for before each line is read.
func (w *web) open(lastID string, gate <-chan struct{}) *browser {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(w.t, err)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := w.client.Do(req)
	require.NoError(w.t, err)
	b := &browser{code: resp.StatusCode, head: resp.Header}
	done := make(chan struct{})
	b.close = func() {
		cancel()
		_ = resp.Body.Close()
		<-done
	}
	w.t.Cleanup(b.close)
	go func() {
		defer close(done)
		r := bufio.NewReaderSize(resp.Body, 16)
		for {
			if gate != nil {
				select {
				case <-gate:
				case <-ctx.Done():
				}
			}
			line, err := r.ReadString('\n')
			b.mu.Lock()
			if err != nil {
				b.over = true
				b.mu.Unlock()
				return
			}
			b.lines = append(b.lines, strings.TrimSpace(line))
			b.mu.Unlock()
		}
	}()
	synctest.Wait()
	return b
}

// data returns the data of the events so far, and how many comments there were.
func (b *browser) data() (data []string, comments int, over bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.lines {
		if d, ok := strings.CutPrefix(l, "data: "); ok {
			data = append(data, d)
		}
		if l == ":" {
			comments++
		}
	}
	return data, comments, b.over
}

func (b *browser) has(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	data, _, _ := b.data()
	require.Equal(t, want, data)
}

func TestServer(t *testing.T) {
	bubble(t, "fans out", func(t *testing.T) {
		w := start(t)
		a, b := w.open("", nil), w.open("", nil)
		require.Equal(t, "text/event-stream", a.head.Get("Content-Type"))
		require.Equal(t, "no-store", a.head.Get("Cache-Control"))
		w.send("1", "2")
		c := w.open("", nil)
		b.close()
		w.send("3")
		a.has(t, "1", "2", "3")
		b.has(t, "1", "2")
		c.has(t, "3")
		require.Equal(t, ServerStats{Clients: 2, Sent: 6}, w.Stats())
	})
	bubble(t, "completes", func(t *testing.T) {
		w := start(t, History(10))
		a := w.open("", nil)
		w.send("1", "2")
		w.feed.Complete()
		require.NoError(t, <-w.ended)
		a.has(t, "1", "2")
		_, _, over := a.data()
		require.True(t, over, "Run has waited for it")
		require.Equal(t, http.StatusNoContent, w.open("2", nil).code)
		late := w.open("1", nil)
		late.has(t, "2")
		require.Equal(t, http.StatusNoContent, w.open("", nil).code)
	})
	bubble(t, "fails, and runs again", func(t *testing.T) {
		w := start(t, History(10), RetryField(2*time.Second))
		a := w.open("", nil)
		w.send("1")
		require.ErrorIs(t, w.Run(t.Context(), turbopipes.Empty[Event]()), ErrRunning)
		w.stop()
		require.ErrorIs(t, <-w.ended, context.Canceled)
		synctest.Wait() // a reads the end
		_, _, over := a.data()
		require.True(t, over)
		b := w.open("1", nil)
		require.Equal(t, http.StatusServiceUnavailable, b.code)
		require.Equal(t, "2", b.head.Get("Retry-After"))
		w.again()
		w.send("2")
		w.open("1", nil).has(t, "2")
	})
	bubble(t, "before its stream runs", func(t *testing.T) {
		s := NewServer()
		w := &web{Server: s, t: t, client: clientOf(t, s.ServeHTTP)}
		a := w.open("", nil)
		require.NoError(t, s.Run(t.Context(), turbopipes.Just(Event{Data: []byte("a\r\nb")}, Event{Type: "x", Data: []byte("c")})))
		a.has(t, "a", "b", "c")
		require.Contains(t, a.lines, "event: x")
	})
	bubble(t, "keeps alive", func(t *testing.T) {
		w := start(t, KeepAlive(time.Second))
		a := w.open("", nil)
		time.Sleep(3500 * time.Millisecond)
		w.send("1")
		time.Sleep(900 * time.Millisecond)
		_, comments, _ := a.data()
		require.Equal(t, 4, comments, "the first one, and three")
	})
	bubble(t, "history", func(t *testing.T) {
		var gaps []string
		w := start(t, History(3), Lag(8, turbopipes.Fail), OnGap(func(_ *http.Request, id string) { gaps = append(gaps, id) }))
		w.send("1", "2", "3", "4", "5")
		w.open("4", nil).has(t, "5")
		w.open("5", nil).has(t)
		w.open("unknown", nil).has(t, "3", "4", "5")
		w.open("", nil).has(t)
		require.Equal(t, []string{"unknown"}, gaps)
	})
	bubble(t, "replay, and ids that the server makes", func(t *testing.T) {
		w := start(t, History(2), Lag(1, turbopipes.DropOldest), Replay(), NumberIDs())
		for _, d := range []string{"a", "b", "c"} {
			require.NoError(t, w.feed.Next(t.Context(), Event{Data: []byte(d)}))
		}
		synctest.Wait()
		a := w.open("", nil)
		a.has(t, "b", "c")
		var last string
		for _, l := range a.lines {
			if id, ok := strings.CutPrefix(l, "id: "); ok {
				last = id
			}
		}
		require.True(t, strings.HasSuffix(last, "-2"), last)
		w.open(last, nil).has(t)
	})
	bubble(t, "too many clients", func(t *testing.T) {
		w := start(t, MaxClients(1))
		a := w.open("", nil)
		require.Equal(t, http.StatusServiceUnavailable, w.open("", nil).code)
		a.close()
		synctest.Wait()
		require.Equal(t, http.StatusOK, w.open("", nil).code)
	})
	bubble(t, "an event that can't be sent", func(t *testing.T) {
		for _, e := range []Event{{ID: "a\nb"}, {ID: "a\x00"}, {Type: "a\rb"}} {
			require.ErrorContains(t, NewServer().Run(t.Context(), turbopipes.Just(e)), "has a line end")
		}
	})
}

func TestSlowClients(t *testing.T) {
	many := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}
	bubble(t, "are left behind", func(t *testing.T) {
		w := start(t, Lag(2, turbopipes.DropOldest), WriteTimeout(time.Hour))
		gate := make(chan struct{})
		slow, fast := w.open("", gate), w.open("", nil)
		w.send(many...)
		fast.has(t, many...)
		close(gate)
		synctest.Wait()
		data, _, _ := slow.data()
		require.Equal(t, []string{"8", "9"}, data[len(data)-2:])
		require.EqualValues(t, 9-len(data), w.Stats().Dropped)
		require.Positive(t, w.Stats().Dropped)
	})
	bubble(t, "are sent away", func(t *testing.T) {
		w := start(t, Lag(2, turbopipes.Fail), WriteTimeout(time.Hour))
		gate := make(chan struct{})
		slow, fast := w.open("", gate), w.open("", nil)
		w.send(many...)
		fast.has(t, many...)
		close(gate)
		synctest.Wait()
		_, _, over := slow.data()
		require.True(t, over)
		require.Equal(t, 1, w.Stats().Clients)
	})
	bubble(t, "hold the stream", func(t *testing.T) {
		w := start(t, Lag(2, turbopipes.Block), WriteTimeout(time.Hour))
		gate := make(chan struct{})
		slow, fast := w.open("", gate), w.open("", nil)
		go w.push(many...)
		synctest.Wait()
		data, _, _ := fast.data()
		require.Less(t, len(data), 5)
		close(gate)
		slow.has(t, many...)
		fast.has(t, many...)
		require.Zero(t, w.Stats().Dropped)
	})
	bubble(t, "until their time is over", func(t *testing.T) {
		w := start(t, Lag(2, turbopipes.Block), WriteTimeout(time.Minute))
		w.open("", make(chan struct{}))
		fast := w.open("", nil)
		go w.push(many...)
		time.Sleep(2 * time.Minute)
		fast.has(t, many...)
		require.Equal(t, 1, w.Stats().Clients)
	})
	bubble(t, "and the stream is cancelled", func(t *testing.T) {
		w := start(t, Lag(2, turbopipes.Block), WriteTimeout(time.Minute))
		w.open("", make(chan struct{}))
		go w.push(many...)
		synctest.Wait()
		w.stop()
		require.ErrorIs(t, <-w.ended, context.Canceled)
		w.feed.Complete()
	})
}

func TestServerMistakes(t *testing.T) {
	for want, o := range map[string]ServerOption{
		"History: n is -1, want at least 0":                               History(-1),
		"Lag: n is 0, want at least 1":                                    Lag(0, turbopipes.Block),
		"Lag: the strategy is DropNewest, want Block, DropOldest or Fail": Lag(1, turbopipes.DropNewest),
		"KeepAlive: every is 0s, want more than 0":                        KeepAlive(0),
		"WriteTimeout: d is 0s, want more than 0":                         WriteTimeout(0),
		"RetryField: d is 1µs, want at least 1ms":                         RetryField(time.Microsecond),
		"MaxClients: n is 0, want at least 1":                             MaxClients(0),
		"OnGap: fn is nil":                                                OnGap(nil),
	} {
		s := NewServer(o)
		require.EqualError(t, s.Run(t.Context(), turbopipes.Empty[Event]()), "turbopipes: invalid argument: sse.NewServer: "+want)
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
		require.Equal(t, http.StatusInternalServerError, rec.Code)
	}
	rec := httptest.NewRecorder()
	NewServer().ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/", nil))
	require.Equal(t, http.StatusMethodNotAllowed, rec.Code)
	require.Equal(t, "GET", rec.Header().Get("Allow"))
}

// brief is a connection that is cut after some writes.
type brief struct {
	http.ResponseWriter
	left int
	cut  func()
}

func (b *brief) Unwrap() http.ResponseWriter { return b.ResponseWriter }

func (b *brief) Write(p []byte) (int, error) {
	if b.left--; b.left < 0 {
		b.cut()
		return 0, errBoom
	}
	return b.ResponseWriter.Write(p)
}

// TestServerAndClient: over a network, with a WriteTimeout of the server that is shorter
// than the stream, and connections that are cut: nothing is missing, and nothing comes
// twice.
func TestServerAndClient(t *testing.T) {
	const n = 2000
	s := NewServer(History(n), Replay(), RetryField(time.Millisecond))
	cut := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		if cut++; cut <= 5 {
			w = &brief{ResponseWriter: w, left: 5, cut: cancel}
		}
		s.ServeHTTP(w, r.WithContext(ctx))
	}))
	server.Config.WriteTimeout = 10 * time.Millisecond
	server.Config.ReadTimeout = 10 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	ended := make(chan error, 1)
	go func() {
		i := 0
		ended <- s.Run(t.Context(), turbopipes.FromSeq(func(yield func(Event) bool) {
			for ; i < n; i++ {
				if i%20 == 0 {
					time.Sleep(time.Millisecond)
				}
				if !yield(Event{ID: strconv.Itoa(i), Data: []byte(strconv.Itoa(i))}) {
					return
				}
			}
		}))
	}()
	got, err := Events(server.URL, Client(client)).Collect(t.Context())
	require.NoError(t, err)
	require.NoError(t, <-ended)
	require.Len(t, got, n)
	for i, e := range got {
		require.Equal(t, strconv.Itoa(i), string(e.Data))
	}
	require.Greater(t, cut, 5)
}

var errBoom = errors.New("boom")

// The requests of a stream that panics are answered, too.
func TestServerPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer()
		w := &web{Server: s, t: t, client: clientOf(t, s.ServeHTTP)}
		a := w.open("", nil)
		err := s.Run(t.Context(), turbopipes.Create(func(context.Context, func(Event) bool) error { panic(errBoom) }))
		require.ErrorIs(t, err, errBoom)
		synctest.Wait()
		_, _, over := a.data()
		require.True(t, over)
	})
}
