package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Connectable is a stream one run of which is shared by its subscribers. That run
// begins when it is connected: by [Connectable.Connect], or by what
// [Connectable.RefCount] or [Connectable.AutoConnect] does when subscribers come.
// [Publish] makes one. All methods may be called from any goroutine.
//
// A subscriber gets what comes from its subscription on; before the connection it
// waits. Upstream runs on a goroutine of its own, the connection. Every
// subscriber has a queue of its own and drains it on its own goroutine; what a
// full one does, and what counts as lost, is as with [Subject]: with [Block] the
// slowest subscriber holds upstream. What upstream emits while nobody is
// subscribed is dropped. When a run has ended, and its end is told behind what is
// in each queue, a later subscriber waits for the next one.
type Connectable[T any] struct {
	shared *hot.Shared[T]
	bad    error
}

// Publish makes src connectable. Its options are those of [NewSubject]. A zero
// src is an [ErrInvalidArgument] of every subscription and connection.
//
//	in:   -a--b---c-|     connected at once
//	out:  -a--b---c-|
//	late: --------c-|     subscribes at 6
//
// It corresponds to RxJS's connectable, Reactor's publish, Pekko's BroadcastHub
// and RxGo's WithPublishStrategy.
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

// Observable is the stream; to subscribe to it connects nothing.
func (c *Connectable[T]) Observable() Observable[T] { return c.stream(hot.Policy{}) }

func (c *Connectable[T]) stream(p hot.Policy) Observable[T] {
	if c.bad != nil {
		return failing[T](c.bad)
	}
	return compound(func(ctx context.Context, emit func(T) bool) error { return c.shared.Run(ctx, emit, p) })
}

// Connect starts upstream under ctx, on a goroutine of its own, or returns the
// connection that there is. When that has ended, the next Connect starts afresh,
// with the subscribers that have come since. The connection belongs to the
// caller, who ends it, by Stop or by ctx, and waits for it.
//
// When ctx ends it, its subscribers' streams fail with context.Cause(ctx). A nil
// ctx gives a connection that has ended with an [ErrInvalidArgument].
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

// Stop ends the connection gracefully, and returns when it is reaped: sources end
// as if they were complete, what is in flight and what the operators flush goes
// to the subscribers, and then their streams complete. To end it at once, end its
// ctx. Called by a subscriber or by upstream itself, which it would wait for, it
// returns at once, where that can be seen.
func (c *Connection) Stop() { c.conn.Stop() }

// Wait waits until the connection has ended and is reaped, and tells how: nil
// when upstream has completed or was stopped, context.Cause of its ctx, or
// upstream's error. Called by a subscriber or by upstream itself, it returns
// [ErrReentrant], where that can be seen.
func (c *Connection) Wait() error {
	inside, err := c.conn.Wait()
	if inside {
		return ErrReentrant
	}
	return err
}

// RefCount is the stream whose first subscriber connects it, and whose last one
// disconnects it, and returns when the connection is reaped; what its clean-up
// fails with is that one's error. A subscriber that comes meanwhile waits, and
// then connects anew, as does one that comes after the end.
//
// Upstream runs with the values of the first subscriber's ctx, but does not end
// with it. When all its subscribers are being stopped gracefully, upstream is.
// Subscribers that came by [Connectable.Observable] count, too; a connection that
// was made by Connect or AutoConnect stays.
//
// The options are those of operators.Share, without those of queues, which belong to
// [Publish]. It corresponds to RxJS's and Reactor's refCount.
func (c *Connectable[T]) RefCount(opts ...RefCountOption) Observable[T] {
	o, bad := opt.Gather(opt.Settings{MinSubscribers: 1}, opts)
	if bad != "" {
		return failing[T](fault.Invalid("RefCount", bad))
	}
	return c.stream(hot.PolicyOf(o))
}

// AutoConnect is the stream that is connected when its n-th subscriber has come,
// or at once where n is 0, and stays connected until upstream ends or ctx does,
// which owns the connection. It is not connected again: who comes after the end
// gets that. n < 0 and a nil ctx are an [ErrInvalidArgument].
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
