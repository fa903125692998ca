package gocloud_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"gocloud.dev/gcerrors"
	"gocloud.dev/pubsub"
	"gocloud.dev/pubsub/batcher"
	"gocloud.dev/pubsub/driver"

	"github.com/turbopipes/turbopipes/connect/gocloud"
	"github.com/turbopipes/turbopipes/delivery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

var (
	errBoom    = errors.New("it fails")
	errRefused = errors.New("the ack is refused")
	errAway    = errors.New("the service is away")
)

// service is a queue with acks, in memory, and its driver for gocloud.dev. Its
// subscriptions share the messages, as those of a service do.
type service struct {
	deadline time.Duration
	batch    int  // a subscription receives so many at a time
	noNack   bool // the service knows no nack

	mu      sync.Mutex
	news    chan struct{} // closed, and replaced, when something has changed
	waiting []*driver.Message
	held    map[driver.AckID]*heldMessage
	sent    int
	life    int // grows with each crash
	done    []string
	nacks   int
	more    int // heartbeats
	refuse  bool
	fatal   bool // a refused ack is not tried again
	away    bool
	gone    error // receiving fails for good
}

type heldMessage struct {
	msg     *driver.Message
	expires time.Time
}

func newService() *service {
	return &service{deadline: 3 * time.Second, batch: 16, news: make(chan struct{}), held: map[driver.AckID]*heldMessage{}}
}

func (s *service) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.news)
	s.news = make(chan struct{})
}

func (s *service) publish(ms ...*pubsub.Message) {
	s.change(func() {
		for _, m := range ms {
			s.sent++
			s.waiting = append(s.waiting, &driver.Message{
				LoggableID: fmt.Sprint(s.sent), Body: m.Body, Metadata: m.Metadata, AckID: s.sent,
			})
		}
	})
}

// crash ends the subscriptions as the end of their process would.
func (s *service) crash() {
	s.change(func() {
		s.life++
		for _, h := range s.held {
			s.waiting = append(s.waiting, h.msg)
		}
		clear(s.held)
	})
}

// await waits until cond, which is called under the lock.
func (s *service) await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		ok, news := cond(), s.news
		s.mu.Unlock()
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

// subscription returns a new one. It is shut down at the end of t.
func (s *service) subscription(t testing.TB) *pubsub.Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &serviceDriver{service: s, life: s.life, closed: make(chan struct{})}
	sub := pubsub.NewSubscription(d, &batcher.Options{MaxBatchSize: s.batch, MaxHandlers: 1}, nil)
	t.Cleanup(func() {
		close(d.closed)
		for { // a fetch that has messages waits for a Receive; a Shutdown would leave its goroutine behind
			if _, err := sub.Receive(context.Background()); err != nil {
				break
			}
		}
		_ = sub.Shutdown(context.Background())
	})
	return sub
}

// source is that of a subscription for each life of the service.
func (s *service) source(t testing.TB, opts ...gocloud.Option) delivery.Source[[]byte] {
	return &reopening{t: t, service: s, opts: opts, subs: map[int]*pubsub.Subscription{}}
}

type reopening struct {
	*service
	t    testing.TB
	opts []gocloud.Option
	subs map[int]*pubsub.Subscription
}

func (*reopening) Requeues() bool { return true }

func (r *reopening) Open(ctx context.Context, o delivery.SessionOptions) (delivery.Session[[]byte], error) {
	r.mu.Lock()
	life := r.life
	sub := r.subs[life]
	r.mu.Unlock()
	if sub == nil {
		sub = r.subscription(r.t)
		r.mu.Lock()
		r.subs[life] = sub
		r.mu.Unlock()
	}
	return gocloud.Source(sub, "events", r.opts...).Open(ctx, o)
}

// serviceDriver is a subscription.
type serviceDriver struct {
	*service
	life   int
	closed chan struct{}
}

var errClosed = errors.New("the test is over")

func (d *serviceDriver) ReceiveBatch(ctx context.Context, most int) ([]*driver.Message, error) {
	late := time.After(50 * time.Millisecond)
	for {
		ms, news, err := d.take(most)
		if len(ms) > 0 || err != nil {
			return ms, err
		}
		select {
		case <-news:
		case <-late:
			return nil, nil
		case <-d.closed:
			return nil, errClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (d *serviceDriver) take(most int) (ms []*driver.Message, news chan struct{}, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closed:
		return nil, nil, errClosed
	default:
	}
	switch {
	case d.gone != nil:
		return nil, nil, d.gone
	case d.away || d.life != d.service.life:
		return nil, d.news, nil
	}
	now := time.Now()
	for id, h := range d.held {
		if now.After(h.expires) {
			delete(d.held, id)
			d.waiting = append(d.waiting, h.msg)
		}
	}
	n := min(most, len(d.waiting))
	ms, d.waiting = d.waiting[:n:n], d.waiting[n:]
	for _, m := range ms {
		d.held[m.AckID] = &heldMessage{msg: m, expires: now.Add(d.deadline)}
		m.AsFunc = func(i any) bool {
			to, ok := i.(*driver.AckID)
			if ok {
				*to = m.AckID
			}
			return ok
		}
	}
	return ms, d.news, nil
}

func (d *serviceDriver) SendAcks(_ context.Context, ids []driver.AckID) (err error) {
	d.change(func() {
		switch {
		case d.refuse:
			err = errRefused
			return
		case d.away:
			err = errAway
			return
		case d.life != d.service.life:
			return
		}
		for _, id := range ids {
			if h := d.held[id]; h != nil {
				delete(d.held, id)
				d.done = append(d.done, string(h.msg.Body))
			}
		}
	})
	return err
}

func (d *serviceDriver) SendNacks(_ context.Context, ids []driver.AckID) error {
	d.change(func() {
		d.nacks += len(ids)
		for _, id := range ids {
			if h := d.held[id]; h != nil && d.life == d.service.life {
				delete(d.held, id)
				d.waiting = append(d.waiting, h.msg)
			}
		}
	})
	return nil
}

func (d *serviceDriver) CanNack() bool { return !d.noNack }
func (d *serviceDriver) IsRetryable(err error) bool {
	return errors.Is(err, errAway) || errors.Is(err, errRefused) && !d.fatal
}
func (*serviceDriver) As(any) bool                        { return false }
func (*serviceDriver) ErrorAs(error, any) bool            { return false }
func (*serviceDriver) ErrorCode(error) gcerrors.ErrorCode { return gcerrors.Unknown }
func (*serviceDriver) Close() error                       { return nil }
