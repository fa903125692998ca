package httpx

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/turbopipes/turbopipes/delivery"
	"github.com/turbopipes/turbopipes/delivery/deliverytest"
)

// sender calls a webhook with each event until it is answered with 204. It sends the next
// event when the one before has been taken, so their order is that of the events.
type sender struct {
	*Webhook
	ctx     context.Context //nolint:containedctx // the test's
	taken   chan struct{}   // of capacity 1: an event was taken
	running sync.WaitGroup

	mu     sync.Mutex
	events []deliverytest.Event
	todo   []int // sorted
	flying int
	change chan struct{} // closed, and replaced
	paused bool
}

func (s *sender) changed(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
	close(s.change)
	s.change = make(chan struct{})
}

func (s *sender) publish(events []deliverytest.Event) {
	s.changed(func() {
		for _, e := range events {
			s.todo = append(s.todo, len(s.events))
			s.events = append(s.events, e)
		}
	})
}

// await waits until fn is true, or the test has ended.
func (s *sender) await(fn func() bool) bool {
	for {
		s.mu.Lock()
		ok, change := fn(), s.change
		s.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-change:
		case <-s.ctx.Done():
			return false
		}
	}
}

// run sends what there is to do.
func (s *sender) run() {
	for s.await(func() bool { return len(s.todo) > 0 && !s.paused }) {
		var i int
		s.changed(func() {
			i = s.todo[0]
			s.todo = s.todo[1:]
			s.flying++
		})
		answered := make(chan int, 1)
		s.running.Go(func() { s.post(i, answered) })
		select {
		case <-s.taken:
		case code := <-answered:
			select {
			case <-s.taken: // it was taken, and answered already
			default:
			}
			if code == http.StatusServiceUnavailable { // there is no room
				wait := time.NewTimer(time.Millisecond)
				<-wait.C
			}
		}
	}
}

func (s *sender) post(i int, answered chan<- int) {
	s.mu.Lock()
	e := s.events[i]
	s.mu.Unlock()
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(e.Value))
	r.Header.Set("Key", e.Key)
	r.Header.Set("Id", e.ID)
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r.WithContext(s.ctx))
	answered <- rec.Code
	s.changed(func() {
		s.flying--
		if rec.Code != http.StatusNoContent {
			at, _ := slices.BinarySearch(s.todo, i)
			s.todo = slices.Insert(s.todo, at, i)
		}
	})
}

// Open waits until the requests of the last session are answered: so those that come
// again come before newer ones.
func (s *sender) Open(ctx context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	s.Webhook.mu.Lock()
	runs := s.session != nil
	s.Webhook.mu.Unlock()
	if !runs {
		s.changed(func() { s.paused = true })
		s.await(func() bool { return s.flying == 0 })
		defer s.changed(func() { s.paused = false })
	}
	return s.Webhook.Open(ctx, o)
}

// TestDeliveries is the suite of every connector.
func TestDeliveries(t *testing.T) {
	deliverytest.Run(t, func(t *testing.T) deliverytest.Harness {
		ctx, cancel := context.WithCancel(context.Background())
		s := &sender{
			Webhook: NewWebhook(KeyBy(byHeader("Key")), IDBy(10, byHeader("Id"))), ctx: ctx,
			taken: make(chan struct{}, 1), change: make(chan struct{}),
		}
		s.onTake = func() { s.taken <- struct{}{} }
		s.running.Go(s.run)
		t.Cleanup(func() {
			cancel()
			s.running.Wait()
		})
		return deliverytest.Harness{
			Publish: func(_ testing.TB, events []deliverytest.Event) { s.publish(events) },
			Source:  s, Exclusive: true, Redelivery: time.Second,
		}
	})
}
