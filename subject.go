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

// Subject is a stream that is fed by hand, with any number of subscribers. Each
// subscriber gets the items from its subscription on. An item that comes while there
// is no subscriber is dropped. [NewSubject] makes a Subject. All methods may be
// called from any goroutine.
//
//	in:   -a--b---c-|
//	out:  -a--b---c-|
//	late: --------c-|     subscribes at 6
//
// Every subscriber has its own queue, which it drains on its own goroutine, so its
// downstream runs there. [WithOverflow] sets the strategy for a full queue:
//
//   - [Block], the default, makes the caller of Next wait.
//   - Under [DropNewest] and [DropOldest], only that subscriber loses an item. The item
//     counts as dropped in the subscriber's [Stats], and [OnDiscard] reports it on the
//     goroutine that called Next.
//   - Under [Fail], only that subscriber ends with an [ErrOverflow], after its queue.
//
// When a subscriber leaves, the items in its queue count as discarded, and OnDiscard
// reports them on the subscriber's goroutine. So its function may run on several
// goroutines at the same time. A graceful stop ends a subscriber's intake and drains
// its queue.
//
// [Block] is the default because no other strategy keeps every item when a queue is
// full: you have to ask for losses. The price is that the slowest subscriber makes
// the caller of Next wait, and with it all other subscribers once they have drained
// their queues. Choose [DropOldest], [DropNewest] or [Fail] if a slow subscriber
// must not hold up the others.
//
// Memory: under [Block] the subscribers share one ring of the queue's size. It keeps
// delivered items alive until they are overwritten or the last subscriber has left.
// Under another strategy there is a queue for each subscriber. Goroutines: none of
// its own.
//
// It corresponds to RxJS's Subject, Reactor's Sinks.many().multicast and Pekko's
// BroadcastHub.
type Subject[T any] struct{ inlet[T] }

// NewSubject makes a Subject. Its options are [WithQueue], [WithOverflow] and
// [OnDiscard]. Without WithQueue a queue has 256 places. A bad option is an
// [ErrInvalidArgument] of every subscription and of Next.
func NewSubject[T any](opts ...QueueOption) *Subject[T] {
	return &Subject[T]{newInlet[T]("Subject", opts, nil, nil)}
}

// BehaviorSubject is a [Subject] that has a value: a new subscriber first gets the
// newest value, and then the items that follow. After the end a subscriber gets only
// the end. [NewBehaviorSubject] makes one.
//
//	in:   -a--b---c-|     initial: i
//	out:  ia--b---c-|
//	late: ------b-c-|     subscribes at 6
//
// It corresponds to RxJS's BehaviorSubject and Reactor's
// Sinks.many().replay().latestOrDefault.
type BehaviorSubject[T any] struct{ inlet[T] }

// NewBehaviorSubject makes a BehaviorSubject. Its value is initial until the first
// Next. Its options are those of [NewSubject].
func NewBehaviorSubject[T any](initial T, opts ...QueueOption) *BehaviorSubject[T] {
	history := (&hot.History[T]{N: 1}).Seed(initial)
	return &BehaviorSubject[T]{newInlet("BehaviorSubject", opts, history, nil)}
}

// Value returns the newest value, also after the end.
func (s *BehaviorSubject[T]) Value() T { return s.hub.Newest() }

// ReplaySubject is a [Subject] with a memory: a new subscriber first gets the newest
// items, and then the items that follow, without a gap and without an item twice.
// After the end this is the same: the end comes after the newest items.
// [NewReplaySubject] makes one.
//
//	in:   -a--b-------c-|     n: 2
//	out:  -a--b-------c-|
//	late: ------(ab)--c-|     subscribes at 6
//
// Replayed items do not go through the subscriber's queue, which may be smaller. New
// items wait in the queue during the replay. Memory: the remembered items, and as
// many again for each subscriber until the replay to it is over.
//
// It corresponds to RxJS's ReplaySubject and Reactor's Sinks.many().replay().limit.
type ReplaySubject[T any] struct{ inlet[T] }

// NewReplaySubject makes a ReplaySubject that remembers the newest n items. With
// [WithTTL] a subscriber gets only those that are not too old when it comes. The
// other options are those of [NewSubject]. An n below 1 is an [ErrInvalidArgument].
func NewReplaySubject[T any](n int, opts ...ReplayOption) *ReplaySubject[T] {
	o, err := hotSettings("NewReplaySubject", opts)
	if n < 1 {
		err = fault.Invalid("NewReplaySubject", opt.TooSmall("n", n, 1))
	}
	history := &hot.History[T]{N: n, TTL: o.TTL, Late: true}
	return &ReplaySubject[T]{inlet[T]{hub: hot.New(hotConfig("ReplaySubject", o.Queue, history)), bad: err}}
}

// AsyncSubject is a stream that is fed by hand and emits one item: the last item
// before Complete, to all present and future subscribers. Without an item it only
// completes. After Fail there is only the error. [NewAsyncSubject] makes one. All
// methods may be called from any goroutine.
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
// [ErrClosed]. When ctx is done, it returns context.Cause(ctx).
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
		_ = s.hub.Put(context.Background(), s.last) // closed, or there is room: this is the only item
	}
	s.hub.Close(nil)
}

// Fail ends the stream with err. If err is nil, the stream ends with an
// [ErrInvalidArgument]. The first of Complete and Fail counts.
func (s *AsyncSubject[T]) Fail(err error) {
	if err == nil {
		err = fault.Invalid("Fail", "err is nil")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hub.Close(err)
}

// Subscribers returns the number of subscribers.
func (s *AsyncSubject[T]) Subscribers() int { return s.hub.Len() }

// Observable returns the stream.
func (s *AsyncSubject[T]) Observable() Observable[T] { return hotStream(s.hub.Join) }

// UnicastSubject is a [Subject] for exactly one subscriber. Its queue exists before
// the subscriber comes: earlier items wait in it. A second subscriber gets
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

// Subscribers returns 1 while the subscriber is there, else 0.
func (s *UnicastSubject[T]) Subscribers() int { return int(s.one.running.Load()) }

// Observable returns the stream. It takes one subscriber.
func (s *UnicastSubject[T]) Observable() Observable[T] {
	if s.bad != nil {
		return failing[T](s.bad)
	}
	return s.one.stream(func() {})
}

// inlet is the common part of the subjects.
type inlet[T any] struct {
	hub *hot.Hub[T]
	bad error
}

// newInlet makes an inlet. bad is the error of an argument that is not an option.
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

// hotSettings gathers all options that a hot stream may have.
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

// Next sends v to all subscribers, and returns when v is in their queues. Under
// [Block] it waits for room in each queue. When ctx ends during this wait, Next
// returns context.Cause(ctx), and v is in none of the queues. Waiting producers are
// served in the order of their arrival.
//
// After the end Next returns [ErrClosed]. A subscriber whose own callback calls Next
// would wait for itself when its queue is full. Next then returns [ErrReentrant], if
// it can detect this: when the callback runs on the goroutine of the subscription.
// If an operator has moved the callback to another goroutine, end ctx to get out of
// the wait.
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

// Complete ends the stream. Each subscriber completes when its queue is drained.
// Later subscribers complete at once. The first of Complete and Fail counts.
func (i *inlet[T]) Complete() { i.hub.Close(nil) }

// Fail ends the stream with err, after the items in each subscriber's queue. Later
// subscribers get err at once. If err is nil, the stream ends with an
// [ErrInvalidArgument]. The first of Complete and Fail counts.
func (i *inlet[T]) Fail(err error) {
	if err == nil {
		err = fault.Invalid("Fail", "err is nil")
	}
	i.hub.Close(err)
}

// Subscribers returns the number of subscribers, including those that still drain
// their queues. A subscriber counts as soon as it gets new items.
func (i *inlet[T]) Subscribers() int { return i.hub.Len() }

// Observable returns the stream.
func (i *inlet[T]) Observable() Observable[T] {
	if i.bad != nil {
		return failing[T](i.bad)
	}
	return hotStream(i.hub.Join)
}

// hotStream returns a stream. Each subscription runs the result of join. A Stop ends
// its intake and drains its queue. A Stop before the subscription completes it.
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

// stream accepts only the first subscriber that comes. It calls gone when no
// more items can be put into the hub, except for items that are put after the end
// all the same.
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
