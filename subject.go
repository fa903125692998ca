package turbopipes

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

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

// BehaviorSubject is a [Subject] that has a value: a new subscriber first gets
// the newest one, and then what comes. After the end a subscriber gets only the
// end. [NewBehaviorSubject] makes one.
//
//	in:   -a--b---c-|     initial: i
//	out:  ia--b---c-|
//	late: ------b-c-|     subscribes at 6
//
// It corresponds to RxJS's BehaviorSubject and Reactor's
// Sinks.many().replay().latestOrDefault.
type BehaviorSubject[T any] struct{ inlet[T] }

// NewBehaviorSubject makes a BehaviorSubject whose value is initial until Next
// gives another one. Its options are those of [NewSubject].
func NewBehaviorSubject[T any](initial T, opts ...QueueOption) *BehaviorSubject[T] {
	history := (&hot.History[T]{N: 1}).Seed(initial)
	return &BehaviorSubject[T]{newInlet("BehaviorSubject", opts, history, nil)}
}

// Value is the newest value, also after the end.
func (s *BehaviorSubject[T]) Value() T { return s.hub.Newest() }

// ReplaySubject is a [Subject] that remembers: a new subscriber first gets the
// newest items, and then what comes, without a gap and without an item twice.
// That is so after the end as well, which comes behind them. [NewReplaySubject]
// makes one.
//
//	in:   -a--b-------c-|     n: 2
//	out:  -a--b-------c-|
//	late: ------(ab)--c-|     subscribes at 6
//
// What is replayed does not go through the subscriber's queue, which may be
// smaller; while it is being replayed, what comes waits there. Memory: the items
// that are remembered, and as many for each subscriber that they are replayed
// to, until that has had them.
//
// It corresponds to RxJS's ReplaySubject and Reactor's
// Sinks.many().replay().limit.
type ReplaySubject[T any] struct{ inlet[T] }

// NewReplaySubject makes a ReplaySubject that remembers the newest n items; with
// [WithTTL] those that are not too old when a subscriber comes. The other options
// are those of [NewSubject]. n < 1 is an [ErrInvalidArgument].
func NewReplaySubject[T any](n int, opts ...ReplayOption) *ReplaySubject[T] {
	o, err := hotSettings("NewReplaySubject", opts)
	if n < 1 {
		err = fault.Invalid("NewReplaySubject", opt.TooSmall("n", n, 1))
	}
	history := &hot.History[T]{N: n, TTL: o.TTL, Late: true}
	return &ReplaySubject[T]{inlet[T]{hub: hot.New(hotConfig("ReplaySubject", o.Queue, history)), bad: err}}
}

// AsyncSubject is a stream that is fed by hand and emits one item: the last one
// before Complete, to all who are subscribed and to all who will be. Without an
// item it just completes; after Fail there is only the error. [NewAsyncSubject]
// makes one. All methods may be called from any goroutine.
//
//	in:   -a--b---c-|
//	out:  ----------(c|)
//	late: -------------(c|)     subscribes at 13
//
// Memory: one item. Goroutines: none of its own. It corresponds to RxJS's
// AsyncSubject and Reactor's Sinks.one.
type AsyncSubject[T any] struct {
	hub *hot.Hub[T]

	mu   sync.Mutex // guards last and some
	last T
	some bool
}

// NewAsyncSubject makes an AsyncSubject.
func NewAsyncSubject[T any]() *AsyncSubject[T] {
	history := &hot.History[T]{N: 1, Late: true}
	return &AsyncSubject[T]{hub: hot.New(hotConfig("AsyncSubject", opt.Queue{Size: 1}, history))}
}

// Next makes v the last item. It does not wait. After the end it returns
// [ErrClosed]; when ctx is done, context.Cause(ctx).
func (s *AsyncSubject[T]) Next(ctx context.Context, v T) error {
	switch {
	case ctx == nil:
		return fault.Invalid("Next", "ctx is nil")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hub.Closed() {
		return ErrClosed
	}
	s.last, s.some = v, true
	return nil
}

// Complete emits the last item, if there is one, and ends the stream. The first
// of Complete and Fail counts.
func (s *AsyncSubject[T]) Complete() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.some {
		_ = s.hub.Put(context.Background(), s.last) // closed, or there is room: it is the only item
	}
	s.hub.Close(nil)
}

// Fail ends the stream with err. A nil err is an [ErrInvalidArgument], which is
// what the stream ends with then. The first of Complete and Fail counts.
func (s *AsyncSubject[T]) Fail(err error) {
	if err == nil {
		err = fault.Invalid("Fail", "err is nil")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hub.Close(err)
}

// Subscribers is how many are subscribed.
func (s *AsyncSubject[T]) Subscribers() int { return s.hub.Len() }

// Observable is the stream.
func (s *AsyncSubject[T]) Observable() Observable[T] { return hotStream(s.hub.Join) }

// UnicastSubject is a [Subject] for exactly one subscriber, whose queue is there
// before it comes: what is given earlier waits in it. A second subscriber gets
// [ErrAlreadySubscribed]. When the subscriber has left, or is being stopped
// gracefully, Next returns [ErrClosed]. [NewUnicastSubject] makes one.
//
//	in:   -a--b-------c-|
//	out:  ------(ab)--c-|     subscribes at 6
//
// It corresponds to Reactor's Sinks.many().unicast and Pekko's Source.queue.
type UnicastSubject[T any] struct {
	inlet[T]
	one singleSubscriber[T]
}

// NewUnicastSubject makes a UnicastSubject. Its options are those of
// [NewSubject].
func NewUnicastSubject[T any](opts ...QueueOption) *UnicastSubject[T] {
	s := &UnicastSubject[T]{inlet: newInlet[T]("UnicastSubject", opts, nil, nil)}
	s.one = singleSubscriber[T]{name: "UnicastSubject", hub: s.hub, sub: s.hub.Join(context.Background())}
	return s
}

// Subscribers is 1 while the subscriber is there, else 0.
func (s *UnicastSubject[T]) Subscribers() int { return int(s.one.running.Load()) }

// Observable is the stream. It takes one subscriber.
func (s *UnicastSubject[T]) Observable() Observable[T] {
	if s.bad != nil {
		return failing[T](s.bad)
	}
	return s.one.stream(func() {})
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
	s, err := hotSettings(name, opts)
	return s.Queue, err
}

// hotSettings is hotQueue for all options that a hot stream may have.
func hotSettings[O opt.Option[opt.Settings]](name string, opts []O) (s opt.Settings, err error) {
	s.Size = defaultQueue
	s, bad := opt.Gather(s, opts)
	if bad != "" {
		err = fault.Invalid(name, bad)
	}
	return s, err
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
	return compound(func(ctx context.Context, emit func(T) bool) error {
		if stopping(ctx) {
			return nil
		}
		return join(ctx).Run(ctx, emit, nil, nil)
	})
}

// singleSubscriber is the only subscriber of a hub.
type singleSubscriber[T any] struct {
	name    string
	hub     *hot.Hub[T]
	sub     *hot.Sub[T]
	taken   atomic.Bool
	running atomic.Int64
}

// stream gives it to whom comes first. gone is called when nothing more can be
// put, but for what is given anyway after the end.
func (s *singleSubscriber[T]) stream(gone func()) Observable[T] {
	return compound(func(ctx context.Context, emit func(T) bool) error {
		switch {
		case stopping(ctx):
			return nil
		case s.taken.Swap(true):
			return fmt.Errorf("%w: %s", ErrAlreadySubscribed, s.name)
		}
		s.running.Store(1)
		closed := func() {
			s.hub.Close(nil)
			gone()
		}
		defer closed()
		defer s.running.Store(0)
		return s.sub.Run(ctx, emit, closed, closed)
	})
}
