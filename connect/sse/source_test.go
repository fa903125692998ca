package sse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/connect/files"
	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// history is a server that has all events. An event's id is its number, and its type is
// its key.
type history struct {
	mu     sync.Mutex
	events []deliverytest.Event
	news   chan struct{}
	away   chan struct{} // closed while the server is away
}

func (h *history) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, _ := strconv.Atoi(r.Header.Get("Last-Event-ID")) // none is 0
	h.mu.Lock()
	away := h.away
	h.mu.Unlock()
	select {
	case <-away:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	default:
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		h.mu.Lock()
		some, news := h.events[at:min(len(h.events), at+100)], h.news
		h.mu.Unlock()
		for _, e := range some {
			at++
			b, _ := Event{ID: strconv.Itoa(at), Type: e.Key, Data: e.Value}.appendTo(nil, true)
			if _, err := w.Write(b); err != nil {
				return
			}
		}
		if len(some) > 0 {
			continue
		}
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-news:
		case <-away:
			return
		case <-r.Context().Done():
			return
		}
	}
}

func (h *history) change(fn func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fn()
	close(h.news)
	h.news = make(chan struct{})
}

func suiteSource(t *testing.T, address string, store Store) delivery.Source[[]byte] {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return Source(address, Client(client), Resume(store), CommitEvery(10*time.Millisecond),
		Reconnect(time.Millisecond, 10*time.Millisecond), KeyBy(func(e Event) string { return e.Type }))
}

// deadStore is a store whose process has ended.
type deadStore struct {
	Store
	mu           sync.Mutex
	dead, refuse bool
}

func (d *deadStore) Save(ctx context.Context, id string) error {
	d.mu.Lock()
	dead, refuse := d.dead, d.refuse
	d.mu.Unlock()
	switch {
	case dead:
		return nil
	case refuse:
		return errors.New("refused")
	}
	return d.Store.Save(ctx, id)
}

func (d *deadStore) Load(ctx context.Context) (string, error) {
	d.mu.Lock()
	d.dead = false
	d.mu.Unlock()
	return d.Store.Load(ctx)
}

// TestDeliveries is the suite of every connector.
func TestDeliveries(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		if address := deliverytest.Address(); address != "" {
			url, path, _ := strings.Cut(address, " ")
			return deliverytest.Harness{Source: suiteSource(t, url, files.Position(path))}
		}
		h := &history{news: make(chan struct{}), away: make(chan struct{})}
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		position := files.Position(filepath.Join(t.TempDir(), "position"))
		store := &deadStore{Store: position}
		set := func(fn func()) {
			store.mu.Lock()
			defer store.mu.Unlock()
			fn()
		}
		return deliverytest.Harness{
			Publish: func(_ testing.TB, events []deliverytest.Event) {
				h.change(func() { h.events = append(h.events, events...) })
			},
			Source: suiteSource(t, server.URL, store), Ordered: true, Address: server.URL + " " + string(position),
			Refuse: func(_ testing.TB, refuse bool) { set(func() { store.refuse = refuse }) },
			Away: func(_ testing.TB, away bool) {
				h.change(func() {
					if away {
						close(h.away)
						return
					}
					h.away = make(chan struct{})
				})
			},
			Crash: func(testing.TB) { set(func() { store.dead = true }) },
		}
	})
}

// TestLastEventIDIsOfTheLastDone: the id that a restart sends is that of the last event
// before which all are done, not of the last that was read.
func TestLastEventIDIsOfTheLastDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []http.HandlerFunc{
			hang("id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\nid: 4\ndata: 4\n\n"), gone,
		}}
		store := &memory{}
		src := Source(url, Client(clientOf(t, s.ServeHTTP)), Resume(store))
		sub := delivery.Through(src, func(in turbopipes.Observable[delivery.Delivery[[]byte]]) turbopipes.Observable[delivery.Delivery[[]byte]] {
			return in
		}).Subscribe(t.Context(), turbopipes.Observer[delivery.Delivery[[]byte]]{Next: func(d delivery.Delivery[[]byte]) {
			if string(d.Value) == "3" {
				d.Nack(nil) // it stays open
				return
			}
			d.Ack()
		}})
		time.Sleep(2 * time.Second)
		require.Equal(t, "2", store.now())
		sub.Dispose()
		require.Equal(t, "2", store.now())
		require.NoError(t, delivery.Process(src, 1, func(context.Context, delivery.Delivery[[]byte]) error { return nil }).Drain(t.Context()))
		require.Equal(t, []string{"", "2"}, s.ids)
	})
}

func TestInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []http.HandlerFunc{stream("id: 1\nevent: x\ndata: a\n\ndata: b\n\n"), gone}}
		src := Source(url, Client(clientOf(t, s.ServeHTTP)), LastEventID("0"))
		var got []string
		require.NoError(t, delivery.Process(src, 1, func(_ context.Context, d delivery.Delivery[[]byte]) error {
			i := d.Info()
			got = append(got, fmt.Sprintf("%s %s %q %s", i, d.Value, i.ID, i.Headers.Get("event")))
			return nil
		}, delivery.OrderBy(func(delivery.Delivery[[]byte]) string { return "all" })).Drain(t.Context()))
		require.Equal(t, []string{url + `/0@1 a "1" x`, url + `/0@1 b "" message`}, got, "an event without an id is not the one before")
		require.Equal(t, "0", s.ids[0])
	})
	store := &memory{fail: errors.New("no")}
	err := delivery.Process(Source(url, Resume(nil)), 1, func(context.Context, delivery.Delivery[[]byte]) error { return nil }).Drain(t.Context())
	require.ErrorContains(t, err, "sse.Source: Resume: store is nil")
	require.Error(t, store.Save(t.Context(), ""))
}
