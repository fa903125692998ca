package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// pinHeader is set by the server on events for the session that has the pin.
const pinHeader = "Nats-Pin-Id"

// pullRequest asks the server for events.
type pullRequest struct {
	Expires   time.Duration `json:"expires,omitempty"`
	Batch     int           `json:"batch"`
	Heartbeat time.Duration `json:"idle_heartbeat,omitempty"`
	Group     string        `json:"group,omitempty"`
	Pin       string        `json:"id,omitempty"`
}

func (r pullRequest) json() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // it has numbers and strings
	}
	return b
}

// puller pulls events into a bounded buffer. It has no goroutine: Receive takes from the
// buffer, and holds mu except while it emits or waits for room. So whoever can lock mu
// may move what has arrived to kept, in order to send heartbeats for it.
type puller struct {
	nc      *nats.Conn
	subject string
	batch   int
	o       options
	gone    func(context.Context) error

	mu     sync.Mutex
	sub    *nats.Subscription
	ch     chan *nats.Msg // what has arrived
	kept   []*nats.Msg    // taken from ch earlier: it comes first
	held   int            // events that are in the buffer or were asked for
	group  string
	pin    string
	status chan nats.Status
	tick   *time.Ticker
	down   bool // the connection is
	silent int  // ticks since the server was heard
}

func newPuller(nc *nats.Conn, subject string, batch int, o options) *puller {
	return &puller{nc: nc, subject: subject, batch: batch, o: o}
}

// news is why next returns.
type news int

const (
	arrived  news = iota // an event has
	over                 // ctx has ended
	woken                // by the channel
	unpinned             // the server says that another session has the pin
)

// open subscribes. The caller holds mu, as it does for all that follow.
func (p *puller) open() error {
	p.status = p.nc.StatusChanged(nats.CONNECTED, nats.RECONNECTING, nats.CLOSED)
	p.tick = time.NewTicker(p.o.beat)
	p.down = !p.nc.IsConnected()
	return p.renew()
}

// shut unsubscribes. With drain, it waits for what the server has already sent, and
// returns what is in the buffer.
func (p *puller) shut(drain bool) (left []*nats.Msg) {
	p.nc.RemoveStatusListener(p.status)
	p.tick.Stop()
	if drain && p.nc.IsConnected() && p.sub.Drain() == nil {
		_ = p.nc.FlushTimeout(5 * time.Second) // else some come again after AckWait
	} else {
		_ = p.sub.Unsubscribe() // at worst the connection is closed
	}
	p.keep()
	left = p.kept
	p.kept = nil
	return left
}

// renew subscribes to another inbox: requests that the server still has for the old one
// are void. What has arrived stays.
func (p *puller) renew() error {
	if p.sub != nil {
		_ = p.sub.Unsubscribe() // as above
		p.keep()
	}
	p.ch = make(chan *nats.Msg, 2*p.batch+64)
	sub, err := p.nc.ChanSubscribe(p.nc.NewInbox(), p.ch)
	if err != nil {
		return err
	}
	p.sub = sub
	p.held, p.silent = 0, 0
	for _, m := range p.kept {
		if m.Reply != "" {
			p.held++
		}
	}
	return nil
}

// restart is renew without what has arrived.
func (p *puller) restart() error {
	err := p.renew()
	p.kept, p.held = nil, 0
	return err
}

// keep moves what has arrived to kept.
func (p *puller) keep() {
	for {
		select {
		case m := <-p.ch:
			p.kept = append(p.kept, m)
		default:
			return
		}
	}
}

// putBack makes m the next event again.
func (p *puller) putBack(m *nats.Msg) {
	p.held++
	p.kept = append([]*nats.Msg{m}, p.kept...)
}

// buffered returns the ack subjects of what has arrived, unless Receive is taking it.
func (p *puller) buffered() (replies []string) {
	if !p.mu.TryLock() {
		return nil
	}
	defer p.mu.Unlock()
	if p.sub == nil {
		return nil
	}
	p.keep()
	for _, m := range p.kept {
		if m.Reply != "" {
			replies = append(replies, m.Reply)
		}
	}
	return replies
}

// outside runs f while others may look at the buffer.
func (p *puller) outside(f func() bool) bool {
	p.mu.Unlock()
	defer p.mu.Lock()
	return f()
}

// next returns the next event, and asks for more when half of the buffer is empty. most
// is how many events may be held.
func (p *puller) next(ctx context.Context, most int, wake <-chan struct{}) (m *nats.Msg, n news, err error) {
	for {
		if p.held <= most/2 {
			if err := p.ask(most - p.held); err != nil {
				return nil, over, err
			}
		}
		if len(p.kept) > 0 {
			m = p.kept[0]
			p.kept[0] = nil
			p.kept = p.kept[1:]
		} else {
			select {
			case m = <-p.ch:
			default:
				if m, n, err = p.wait(ctx, wake); n != arrived || err != nil {
					return nil, n, err
				}
			}
		}
		switch {
		case m == nil: // the buffer may have changed
		case m.Reply != "":
			p.silent = 0
			p.held--
			return m, arrived, nil
		default:
			p.silent = 0
			if n, err = p.control(ctx, m); n != arrived || err != nil {
				return nil, n, err
			}
		}
	}
}

// ask requests n events.
func (p *puller) ask(n int) error {
	p.held += n
	if err := p.nc.PublishRequest(p.subject, p.sub.Subject, pullRequest{p.o.expires, n, p.o.beat, p.group, p.pin}.json()); errors.Is(err, nats.ErrConnectionClosed) {
		return err
	}
	return nil // what else fails shows as silence
}

// wait waits for a message. It returns nil when something else has happened.
func (p *puller) wait(ctx context.Context, wake <-chan struct{}) (*nats.Msg, news, error) {
	select {
	case m := <-p.ch:
		return m, arrived, nil
	case <-ctx.Done():
		return nil, over, nil
	case <-wake:
		return nil, woken, nil
	case s := <-p.status:
		switch {
		case s == nats.CLOSED || p.nc.IsClosed():
			return nil, over, nats.ErrConnectionClosed
		case s == nats.RECONNECTING:
			p.down = true
		case p.down:
			p.down = false
			return nil, arrived, p.renew()
		}
	case <-p.tick.C:
		if p.nc.IsClosed() {
			return nil, over, nats.ErrConnectionClosed
		}
		if p.silent++; p.silent > 2 && p.nc.IsConnected() {
			return nil, arrived, p.renew()
		}
	}
	return nil, arrived, nil
}

// control handles a status message of the server.
func (p *puller) control(ctx context.Context, m *nats.Msg) (news, error) {
	text := strings.ToLower(m.Header.Get("Description"))
	switch code := m.Header.Get("Status"); {
	case code == "100": // a heartbeat
	case code == "423":
		return unpinned, nil
	case code == "408", code == "404", code == "409" && (strings.Contains(text, "maxbytes") || strings.Contains(text, "batch completed")):
		left, _ := strconv.Atoi(m.Header.Get("Nats-Pending-Messages"))
		p.held = max(0, p.held-left)
	case code == "409" && strings.Contains(text, "consumer deleted"):
		if err := p.gone(ctx); err != nil {
			return over, err
		}
		return p.later(ctx)
	case code == "400", code == "409" && (strings.Contains(text, "exceeded maxrequest") || strings.Contains(text, "push based")):
		return over, fmt.Errorf("jetstream: the server refuses to deliver: %s", m.Header.Get("Description"))
	case code == "503": // nobody answers for the consumer
		if err := p.gone(ctx); err != nil {
			return over, err
		}
		return p.later(ctx)
	default: // the leader changes, the server shuts down
		return p.later(ctx)
	}
	return arrived, nil
}

// later begins again after a while.
func (p *puller) later(ctx context.Context) (news, error) {
	if !sleep(ctx, 100*time.Millisecond) {
		return over, nil
	}
	return arrived, p.renew()
}

// sleep reports whether ctx has not ended meanwhile.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
