package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Subject is a stream that is fed by hand, and has any number of subscribers:
// each gets what comes from its subscription on. What is given while there is
// none is dropped. [NewSubject] makes one. All methods may be called from any
// goroutine.
//
//	in:   -a--b---c-|
//	out:  -a--b---c-|
//	late: --------c-|     subscribes at 6
//
// Every subscriber has a queue of its own, which it drains on its own goroutine,
// so its downstream runs there. A full queue does what [WithOverflow] says: it
// holds whoever calls Next, which is the default; or that subscriber alone loses
// an item, which is counted in its [Stats] as dropped and given to [OnDiscard],
// on the goroutine that called Next; or, under [Fail], that subscriber alone
// ends with an [ErrOverflow], behind its queue. What is in its queue when a
// subscriber leaves counts as discarded, and is given to OnDiscard on its own
// goroutine; so that is called on several goroutines at the same time. A graceful stop ends a subscriber's intake and drains its queue.
//
// [Block] is the default since it is the only strategy under which a full queue loses
// no item: losses have to be asked for. The price is that the slowest subscriber
// holds whoever calls Next, and with that all other subscribers once they have
// drained their queues. Choose [DropOldest], [DropNewest] or [Fail] where a slow
// subscriber must not hold the others.
//
// Memory: under [Block] the subscribers share one ring of the queue's size, which
// keeps delivered items alive until they are overwritten or the last subscriber
// has left; otherwise a queue each. Goroutines: none of its own.
//
// It corresponds to RxJS's Subject, Reactor's Sinks.many().multicast and Pekko's
// BroadcastHub.
type Subject[T any] struct{ inlet[T] }

// NewSubject makes a Subject. Its options are [WithQueue], 256 without it,
// [WithOverflow] and [OnDiscard]. A bad one is an [ErrInvalidArgument] of every
// subscription and of Next.
func NewSubject[T any](opts ...QueueOption) *Subject[T] {
	return &Subject[T]{newInlet[T]("Subject", opts, nil, nil)}
}

// inlet is what the subjects have in common.
type inlet[T any] struct {
	hub *hot.Hub[T]
	bad error
}

// newInlet makes one. bad is a bad argument besides the options.
func newInlet[T any](name string, opts []QueueOption, history *hot.History[T], bad error) inlet[T] {
	queue, err := hotQueue("New"+name, opts)
	if bad == nil {
		bad = err
	}
	return inlet[T]{hub: hot.New(hotConfig(name, queue, history)), bad: bad}
}

// hotQueue gathers the options of a hot stream.
func hotQueue(name string, opts []QueueOption) (opt.Queue, error) {
	q := opt.Queue{Size: defaultQueue}
	err := applyQueue(name, opts, &q)
	return q, err
}

// defaultQueue is the size of a subscriber's queue without [WithQueue].
const defaultQueue = 256

func hotConfig[T any](name string, q opt.Queue, history *hot.History[T]) hot.Config[T] {
	return hot.Config[T]{Name: name, Size: q.Size, Overflow: q.Overflow, Discard: q.Discard, History: history}
}

// Next gives v to all who are subscribed, and returns when it is in their queues.
// Under [Block] it waits for room in each: an ended ctx gives that up, with
// context.Cause(ctx), and then v is in none of them. Producers that wait are
// served in the order of their arrival.
//
// After the end it returns [ErrClosed]. A subscriber whose own callback calls
// Next would, when its queue is full, wait for itself: that returns
// [ErrReentrant] where it can be seen, which is when the callback runs on the
// goroutine of the subscription. Where an operator has moved it to another one,
// an ended ctx is the way out.
func (i *inlet[T]) Next(ctx context.Context, v T) error {
	switch {
	case i.bad != nil:
		return i.bad
	case ctx == nil:
		return fault.Invalid("Next", "ctx is nil")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return i.hub.Put(ctx, v)
}

// Complete ends the stream: each subscriber completes when its queue is drained,
// and later ones at once. The first of Complete and Fail counts.
func (i *inlet[T]) Complete() { i.hub.Close(nil) }

// Fail ends the stream with err, behind each subscriber's queue; later ones get
// it at once. A nil err is an [ErrInvalidArgument], which is what the stream ends
// with then. The first of Complete and Fail counts.
func (i *inlet[T]) Fail(err error) {
	if err == nil {
		err = fault.Invalid("Fail", "err is nil")
	}
	i.hub.Close(err)
}

// Subscribers is how many are subscribed, those included that still drain their
// queues. A subscriber counts as soon as it gets what is given.
func (i *inlet[T]) Subscribers() int { return i.hub.Len() }

// Observable is the stream.
func (i *inlet[T]) Observable() Observable[T] {
	if i.bad != nil {
		return failing[T](i.bad)
	}
	return hotStream(i.hub.Join)
}

// hotStream is a stream each of whose subscriptions runs what join gives. A Stop
// ends its intake and drains its queue; before the subscription it completes it.
func hotStream[T any](join func(ctx context.Context) *hot.Sub[T]) Observable[T] {
	return wrap(func(ctx context.Context, emit func(T) bool) error {
		if stopping(ctx) {
			return nil
		}
		return join(ctx).Run(ctx, emit, nil, nil)
	})
}
