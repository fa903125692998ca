package watermill_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

// queue is a broker and its Watermill adapter, in memory. Its subscriptions share the
// messages. An adapter acks at the broker with the context of the message, as many do, so
// an ack that meets the end of the subscription is lost.
type queue struct {
	inFlight int // of a subscription
	buffer   int // of its channel

	mu      sync.Mutex
	news    chan struct{} // closed, and replaced, when something has changed
	waiting []*message.Message
	held    map[*message.Message]int // the life in which it was sent
	life    int                      // grows with each crash
	done    []string                 // UUIDs
	nacks   int
	refuse  bool
	away    bool
	closed  chan struct{}
	running sync.WaitGroup
}

func newQueue(inFlight, buffer int) *queue {
	return &queue{
		inFlight: inFlight, buffer: buffer, news: make(chan struct{}),
		held: map[*message.Message]int{}, closed: make(chan struct{}),
	}
}

func (q *queue) change(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f()
	close(q.news)
	q.news = make(chan struct{})
}

func (q *queue) publish(ms ...*message.Message) {
	q.change(func() { q.waiting = append(q.waiting, ms...) })
}

// crash ends the subscriptions as the end of their process would.
func (q *queue) crash() {
	q.change(func() {
		q.life++
		for m := range q.held {
			q.waiting = append(q.waiting, m)
		}
		clear(q.held)
	})
}

// await waits until cond, which is called under the lock.
func (q *queue) await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	late := time.After(patience)
	for {
		q.mu.Lock()
		ok, news := cond(), q.news
		q.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-news:
		case <-late:
			t.Fatalf("missing: %s", what)
		}
	}
}

// take returns the next message, in a life. ok is false at the end of ctx.
func (q *queue) take(ctx context.Context, life int) (*message.Message, bool) {
	for {
		q.mu.Lock()
		news := q.news
		if len(q.waiting) > 0 && !q.away && q.life == life {
			m := q.waiting[0]
			q.waiting = q.waiting[1:]
			q.held[m] = life
			q.mu.Unlock()
			q.change(func() {})
			return m, true
		}
		q.mu.Unlock()
		select {
		case <-news:
		case <-ctx.Done():
			return nil, false
		case <-q.closed:
			return nil, false
		}
	}
}

// settle acks m at the broker, or gives it back.
func (q *queue) settle(m *message.Message, life int, ack, nack bool) {
	q.change(func() {
		if nack {
			q.nacks++
		}
		if at, ok := q.held[m]; !ok || at != life || q.life != life {
			return
		}
		delete(q.held, m)
		if ack && !q.refuse && !q.away {
			q.done = append(q.done, m.UUID)
			return
		}
		q.waiting = append(q.waiting, m)
	})
}

// Subscribe is that of a message.Subscriber.
func (q *queue) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	select {
	case <-q.closed:
		return nil, errors.New("closed")
	default:
	}
	out := make(chan *message.Message, q.buffer)
	q.mu.Lock()
	life := q.life
	q.mu.Unlock()
	q.running.Go(func() { q.send(ctx, life, out) })
	return out, nil
}

func (q *queue) send(ctx context.Context, life int, out chan<- *message.Message) {
	defer close(out)
	var waiters sync.WaitGroup
	defer waiters.Wait()
	room := make(chan struct{}, q.inFlight)
	for {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return
		case <-q.closed:
			return
		}
		m, ok := q.take(ctx, life)
		if !ok {
			return
		}
		sent := m.Copy()
		own, cancel := context.WithCancel(ctx)
		sent.SetContext(own)
		select {
		case out <- sent:
			waiters.Go(func() {
				defer func() { <-room }()
				defer cancel()
				q.wait(own, life, m, sent)
			})
		case <-ctx.Done():
			cancel()
			q.settle(m, life, false, false)
			return
		case <-q.closed:
			cancel()
			q.settle(m, life, false, false)
			return
		}
	}
}

// wait waits for the ack of sent, which is a copy of m.
func (q *queue) wait(ctx context.Context, life int, m, sent *message.Message) {
	select {
	case <-sent.Acked():
		time.Sleep(100 * time.Microsecond) // the broker's answer
		q.settle(m, life, ctx.Err() == nil, false)
	case <-sent.Nacked():
		q.settle(m, life, false, true)
	case <-ctx.Done():
		q.settle(m, life, false, false)
	case <-q.closed:
		q.settle(m, life, false, false)
	}
}

// Close is that of a message.Subscriber.
func (q *queue) Close() error {
	close(q.closed)
	q.running.Wait()
	return nil
}
