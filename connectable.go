package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Connectable is a stream whose subscribers share a single run. The run begins when
// it is connected: by [Connectable.Connect], or by subscribers of
// [Connectable.RefCount] or [Connectable.AutoConnect]. [Publish] makes a
// Connectable. All methods may be called from any goroutine.
//
// A subscriber gets the items from its subscription on. Before the connection it
// waits. Upstream runs on a goroutine of its own, the connection. Every subscriber
// has its own queue and drains it on its own goroutine. Full queues and losses are
// as with [Subject]: with [Block] the slowest subscriber makes upstream wait. Items
// that upstream emits while nobody is subscribed are dropped. The end of a run comes
// after the items in each queue. A subscriber that comes after the end waits for the
// next run.
type Connectable[T any] struct {
	shared *hot.Shared[T]
	bad    error
}

// Publish makes src connectable. Its options are those of [NewSubject]. A zero src
// is an [ErrInvalidArgument] of every subscription and connection.
//
//	in:   -a--b---c-|     connected at once
//	out:  -a--b---c-|
//	late: --------c-|     subscribes at 6
//
// It corresponds to RxJS's connectable, Reactor's publish, Pekko's BroadcastHub and
// RxGo's WithPublishStrategy.
func Publish[T any](src Observable[T], opts ...QueueOption) *Connectable[T] {
	queue, err := hotQueue("Publish", opts)
	if src.IsZero() {
		err = fault.Invalid("Publish", "src is the zero Observable")
	}
	return &Connectable[T]{shared: newShared("Publish", src, queue), bad: err}
}

func newShared[T any](name string, src Observable[T], queue opt.Queue) *hot.Shared[T] {
	return hot.NewShared(name, src.Push, func() *hot.Hub[T] { return hot.New(hotConfig[T](name, queue, nil)) })
}

// Observable returns the stream. A subscription to it does not connect.
func (c *Connectable[T]) Observable() Observable[T] { return c.stream(hot.Policy{}) }

func (c *Connectable[T]) stream(p hot.Policy) Observable[T] {
	if c.bad != nil {
		return failing[T](c.bad)
	}
	return compound(func(ctx context.Context, emit func(T) bool) error { return c.shared.Run(ctx, emit, p) })
}

// Connect starts upstream under ctx, on a goroutine of its own, or returns the
// existing connection. When that connection has ended, the next Connect starts
// upstream again, with the subscribers that have come since. The connection belongs
// to the caller. The caller ends it, by Stop or by ctx, and waits for it.
//
// When ctx ends the connection, its subscribers' streams fail with
// context.Cause(ctx). For a nil ctx, Connect returns a connection that has ended
// with an [ErrInvalidArgument].
func (c *Connectable[T]) Connect(ctx context.Context) *Connection {
	switch {
	case c.bad != nil:
		return &Connection{hot.Ended(c.bad)}
	case ctx == nil:
		return &Connection{hot.Ended(fault.Invalid("Connect", "ctx is nil"))}
	}
	return &Connection{c.shared.Connect(ctx)}
}

// Connection is the running upstream of a [Connectable].
type Connection struct{ conn *hot.Conn }

// Stop ends the connection gracefully, and returns when it is reaped. Sources end as
// if they were complete. The items in flight, and the items that operators flush, go
// to the subscribers, and then their streams complete. To end the connection at
// once, end its ctx. When a subscriber or upstream itself calls Stop, it would wait
// for itself: Stop then returns at once, if it can detect this.
func (c *Connection) Stop() { c.conn.Stop() }

// Wait waits until the connection has ended and is reaped. It returns nil when
// upstream has completed or was stopped, context.Cause of the connection's ctx when
// that has ended it, or upstream's error. When a subscriber or upstream itself calls
// Wait, it returns [ErrReentrant], if it can detect this.
func (c *Connection) Wait() error {
	inside, err := c.conn.Wait()
	if inside {
		return ErrReentrant
	}
	return err
}

// RefCount returns a stream whose first subscriber connects it. Its last subscriber
// disconnects it, and returns when the connection is reaped. An error of the
// connection's clean-up is the error of that subscriber. A subscriber that comes
// during the clean-up waits, and then connects again. So does a subscriber that
// comes after the end.
//
// Upstream runs with the values of the first subscriber's ctx, but does not end with
// that ctx. When all subscribers are being stopped gracefully, upstream is stopped
// gracefully too. Subscribers of [Connectable.Observable] count too. A connection
// that was made by Connect or AutoConnect stays.
//
// The options are those of operators.Share, without the options of queues, which
// belong to [Publish]. It corresponds to RxJS's and Reactor's refCount.
func (c *Connectable[T]) RefCount(opts ...RefCountOption) Observable[T] {
	o, bad := opt.Gather(opt.Settings{MinSubscribers: 1}, opts)
	if bad != "" {
		return failing[T](fault.Invalid("RefCount", bad))
	}
	return c.stream(hot.PolicyOf(o))
}

// AutoConnect returns a stream that is connected when its n-th subscriber has come,
// or at once if n is 0. It stays connected until upstream ends or ctx ends. ctx owns
// the connection. It is not connected again: a subscriber that comes after the end
// gets the end. An n below 0 and a nil ctx are an [ErrInvalidArgument].
//
// It corresponds to Reactor's autoConnect.
func (c *Connectable[T]) AutoConnect(ctx context.Context, n int) Observable[T] {
	switch {
	case c.bad != nil:
		return failing[T](c.bad)
	case ctx == nil:
		return failing[T](fault.Invalid("AutoConnect", "ctx is nil"))
	case n < 0:
		return failing[T](fault.Invalid("AutoConnect", opt.TooSmall("n", n, 0)))
	}
	return compound(Source[T](c.shared.Auto(ctx, n)))
}
