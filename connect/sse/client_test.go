package sse

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
)

const url = "http://example.test/events"

// script answers each request with the next of its handlers, and notes when and with
// which Last-Event-ID it came.
type script struct {
	mu    sync.Mutex
	steps []http.HandlerFunc
	ids   []string
	times []time.Time
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.ids, s.times = append(s.ids, r.Header.Get("Last-Event-ID")), append(s.times, time.Now())
	step := s.steps[0]
	s.steps = s.steps[1:]
	s.mu.Unlock()
	step(w, r)
}

// stream answers with a text, and ends.
func stream(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		_, _ = io.WriteString(w, text)
	}
}

// hang answers with a text, and waits for the client to go.
func hang(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		stream(text)(w, r)
		<-r.Context().Done()
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// collect runs a script to the end of the stream.
func collect(t *testing.T, s *script, opts ...Option) (data []string, err error) {
	t.Helper()
	opts = append([]Option{Client(clientOf(t, s.ServeHTTP))}, opts...)
	all, err := Events(url, opts...).Collect(t.Context())
	for _, e := range all {
		data = append(data, string(e.Data))
	}
	return data, err
}

// within checks the waits between the requests of s: at least want, and at most half of
// it more.
func (s *script) within(t *testing.T, want ...time.Duration) {
	t.Helper()
	require.Len(t, s.times, len(want)+1)
	for i, w := range want {
		got := s.times[i+1].Sub(s.times[i])
		require.GreaterOrEqual(t, got, w, "wait %d", i)
		require.LessOrEqual(t, got, w+w/2, "wait %d", i)
	}
}

var gone = status(http.StatusNoContent)

func TestReconnects(t *testing.T) {
	bubble(t, "with the last id", func(t *testing.T) {
		s := &script{steps: []http.HandlerFunc{
			stream("id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: cut"), stream("id: 2\ndata: c\n\nid: 3\n\n"), stream("id\ndata: d\n\n"), gone,
		}}
		got, err := collect(t, s)
		require.NoError(t, err)
		require.Equal(t, []string{"a", "b", "c", "d"}, got)
		require.Equal(t, []string{"", "1", "3", ""}, s.ids)
		s.within(t, time.Second, time.Second, time.Second)
	})
	bubble(t, "after the time that the server has sent", func(t *testing.T) {
		s := &script{steps: []http.HandlerFunc{stream("retry: 20000\n\n"), stream(":\n"), stream("retry: 10\n\n"), gone}}
		_, err := collect(t, s)
		require.NoError(t, err)
		s.within(t, 20*time.Second, 20*time.Second, 10*time.Millisecond)
	})
	bubble(t, "waits longer after each failure", func(t *testing.T) {
		down := status(http.StatusBadGateway)
		s := &script{steps: []http.HandlerFunc{down, down, down, down, stream("data: a\n\n"), down, gone}}
		_, err := collect(t, s, Reconnect(time.Second, 5*time.Second))
		require.NoError(t, err)
		s.within(t, time.Second, 2*time.Second, 4*time.Second, 5*time.Second, time.Second, 2*time.Second)
	})
	bubble(t, "as the server asks", func(t *testing.T) {
		s := &script{steps: []http.HandlerFunc{status(429, "Retry-After", "30"), status(503, "Retry-After", "0"), status(408), gone}}
		_, err := collect(t, s)
		require.NoError(t, err)
		require.Equal(t, 30*time.Second, s.times[1].Sub(s.times[0]))
		require.Len(t, s.times, 4)
	})
	bubble(t, "when nothing comes", func(t *testing.T) {
		silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		heartbeats := func(w http.ResponseWriter, r *http.Request) {
			stream("data: a\n\n")(w, r)
			for range 4 {
				time.Sleep(50 * time.Second)
				_, _ = io.WriteString(w, ":\n")
			}
			<-r.Context().Done()
		}
		s := &script{steps: []http.HandlerFunc{silent, hang("data: a\n\n"), heartbeats, gone}}
		got, err := collect(t, s, IdleTimeout(time.Minute))
		require.NoError(t, err)
		require.Equal(t, []string{"a", "a"}, got)
		s.within(t, 61*time.Second, 61*time.Second, 261*time.Second)
	})
	bubble(t, "but a busy downstream is not idle", func(t *testing.T) {
		two := func(w http.ResponseWriter, r *http.Request) {
			stream("data: a\n\n")(w, r)
			hang("data: b\n\n")(w, r) // it is read after a
		}
		s := &script{steps: []http.HandlerFunc{two, gone}}
		n := 0
		err := Events(url, Client(clientOf(t, s.ServeHTTP)), IdleTimeout(time.Second)).Each(t.Context(), func(Event) error {
			time.Sleep(time.Minute)
			n++
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 2, n)
	})
	bubble(t, "not for ever", func(t *testing.T) {
		down := status(http.StatusBadGateway)
		s := &script{steps: []http.HandlerFunc{down, stream("data: a\n\n"), down, down}}
		var troubles []error
		got, err := collect(t, s, GiveUp(3), OnTrouble(func(err error) { troubles = append(troubles, err) }))
		require.Len(t, troubles, 3, "the end of a connection that has brought something is none")
		require.Equal(t, []string{"a"}, got)
		require.ErrorIs(t, err, ErrNoStream)
		require.ErrorContains(t, err, "sse: 3 connections have brought nothing, the last error")
	})
}

func TestEnds(t *testing.T) {
	for name, c := range map[string]struct {
		step http.HandlerFunc
		want string
	}{
		"wrong content type": {status(200, "Content-Type", "text/html"), `the content type is "text/html", want text/event-stream`},
		"no content type":    {status(200), `the content type is "", want`},
		"not found":          {status(404), "the status is Not Found"},
		"no permission":      {status(401), "the status is Unauthorized"},
		"another success":    {status(206, "Content-Type", "text/event-stream"), "the status is Partial Content"},
	} {
		bubble(t, name, func(t *testing.T) {
			_, err := collect(t, &script{steps: []http.HandlerFunc{c.step}})
			require.ErrorIs(t, err, ErrNoStream)
			require.ErrorContains(t, err, c.want)
		})
	}
	bubble(t, "an event that is too long", func(t *testing.T) {
		got, err := collect(t, &script{steps: []http.HandlerFunc{hang("data: a\n\ndata: " + strings.Repeat("x", 100))}}, MaxEvent(50))
		require.ErrorIs(t, err, ErrTooLong)
		require.Equal(t, []string{"a"}, got)
	})
	bubble(t, "downstream wants no more", func(t *testing.T) {
		errEnough := errors.New("enough")
		s := &script{steps: []http.HandlerFunc{hang("data: a\n\ndata: b\n\n")}}
		err := Events(url, Client(clientOf(t, s.ServeHTTP))).Each(t.Context(), func(Event) error { return errEnough })
		require.ErrorIs(t, err, errEnough)
	})
	bubble(t, "disposed of, while it reads and while it waits", func(t *testing.T) {
		s := &script{steps: []http.HandlerFunc{status(500), hang("data: a\n\n")}}
		sub := Events(url, Client(clientOf(t, s.ServeHTTP))).Subscribe(t.Context(), turbopipes.Observer[Event]{})
		synctest.Wait()
		time.Sleep(time.Hour)
		synctest.Wait()
		sub.Dispose()
		s = &script{steps: []http.HandlerFunc{status(500)}}
		sub = Events(url, Client(clientOf(t, s.ServeHTTP))).Subscribe(t.Context(), turbopipes.Observer[Event]{})
		synctest.Wait()
		require.NoError(t, sub.Stop(t.Context()))
	})
	bubble(t, "a request that can't be prepared", func(t *testing.T) {
		errToken := errors.New("no token")
		_, err := collect(t, &script{}, Prepare(func(*http.Request) error { return errToken }))
		require.ErrorIs(t, err, errToken)
		_, err = Events("http://\x00").Collect(t.Context())
		require.Error(t, err)
	})
}

func TestRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, "text/event-stream", r.Header.Get("Accept"))
			require.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
			require.Equal(t, "Bearer x", r.Header.Get("Authorization"))
			gone(w, r)
		}}}
		_, err := collect(t, s, LastEventID("7"), Prepare(func(r *http.Request) error {
			r.Header.Set("Authorization", "Bearer x")
			return nil
		}))
		require.NoError(t, err)
		require.Equal(t, []string{"7"}, s.ids)
	})
}

func TestBadArguments(t *testing.T) {
	for want, o := range map[string]turbopipes.Observable[Event]{
		"url is empty":          Events(""),
		"Client: client is nil": Events("x", Client(nil)),
		"Client: its Timeout is 1s, want 0, since it would end the stream": Events("x", Client(&http.Client{Timeout: time.Second})),
		"Prepare: fn is nil":                             Events("x", Prepare(nil)),
		"Reconnect: first is 0s, want more than 0":       Events("x", Reconnect(0, 1)),
		"Reconnect: longest is 1ns, want at least first": Events("x", Reconnect(2, 1)),
		"GiveUp: n is 0, want at least 1":                Events("x", GiveUp(0)),
		"IdleTimeout: d is 0s, want more than 0":         Events("x", IdleTimeout(0)),
		"OnTrouble: fn is nil":                           Events("x", OnTrouble(nil)),
		"MaxEvent: n is 0, want at least 1":              Events("x", MaxEvent(0)),
	} {
		err := o.Drain(t.Context())
		require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
		require.ErrorContains(t, err, "sse.Events: "+want)
	}
}

// memory is a store.
type memory struct {
	mu   sync.Mutex
	id   string
	fail error
	dead bool // saves have no effect
}

func (m *memory) Load(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.id, nil
}

func (m *memory) Save(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if !m.dead {
		m.id = id
	}
	return nil
}

func (m *memory) now() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.id
}
