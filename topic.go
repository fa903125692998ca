package turbopipes

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Topic brings items to those who have subscribed to their key. [NewTopic] makes
// one. All methods may be called from any goroutine.
//
// Each subscriber has a queue of its own, as those of a [Subject] have: a slow
// one holds, under [Block], those who publish a key that it has subscribed to,
// and nobody else. What is published while nobody has subscribed to its key is
// dropped. The items of each publisher keep their order; those of several come to
// different subscribers in different orders.
//
// Keys are compared by ==. A key that can't be hashed, such as a slice in a key of
// type any, is an [ErrInvalidArgument] of the call that has it. A key that is not
// equal to itself, such as NaN, is nobody's: what is published with it comes only
// to those who have subscribed to all keys.
//
// Memory: a queue for each subscriber, and some words for each of its keys; a key
// that nobody is subscribed to costs nothing. To join or to leave costs the same
// for each key, however many others are subscribed. Goroutines: none of its own.
type Topic[K comparable, T any] struct {
	queue opt.Queue
	bad   error

	mu     sync.Mutex // guards all below
	all    members[T] // who is subscribed, for Close
	every  members[T] // those of all keys
	keyed  map[K]*members[T]
	closed bool
}

// members are the subscribers of one key, in the order in which they came. A key
// may have many, and they leave in any order, so they are a list.
type members[T any] struct {
	first, last *member[T]
	n           int
	hubs        []*hot.Hub[T] // what snapshot returns; nil: it makes it anew
}

// member is the place of a subscriber in one of the lists.
type member[T any] struct {
	hub        *hot.Hub[T]
	of         *members[T]
	prev, next *member[T]
}

func (m *members[T]) add(one *member[T], hub *hot.Hub[T]) {
	*one = member[T]{hub: hub, of: m, prev: m.last}
	if m.last == nil {
		m.first = one
	} else {
		m.last.next = one
	}
	m.last = one
	m.n++
	m.hubs = nil
}

func (m *members[T]) remove(one *member[T]) {
	if one.prev == nil {
		m.first = one.next
	} else {
		one.prev.next = one.next
	}
	if one.next == nil {
		m.last = one.prev
	} else {
		one.next.prev = one.prev
	}
	m.n--
	m.hubs = nil
}

// snapshot returns the subscribers of now. It is made once after each change, so
// that it costs no more than what is done with it. It is never changed.
func (m *members[T]) snapshot() []*hot.Hub[T] {
	if m == nil || m.n == 0 {
		return nil
	}
	if m.hubs == nil {
		m.hubs = make([]*hot.Hub[T], 0, m.n)
		for one := m.first; one != nil; one = one.next {
			m.hubs = append(m.hubs, one.hub)
		}
	}
	return m.hubs
}

// NewTopic makes a Topic. Its options are those of [NewSubject].
func NewTopic[K comparable, T any](opts ...QueueOption) *Topic[K, T] {
	queue, err := hotQueue("NewTopic", opts)
	return &Topic[K, T]{queue: queue, bad: err, keyed: map[K]*members[T]{}}
}

// Publish gives v to all who have subscribed to k, or to all keys. Under [Block]
// it waits for room in one queue after another: when it gives up because ctx has
// ended, with context.Cause(ctx), some may have v. After Close it returns
// [ErrClosed]. It returns [ErrReentrant] as Next of [Subject] does, and an
// [ErrInvalidArgument] where k can't be hashed.
func (t *Topic[K, T]) Publish(ctx context.Context, k K, v T) error {
	switch {
	case t.bad != nil:
		return t.bad
	case ctx == nil:
		return fault.Invalid("Publish", "ctx is nil")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !hashable(k):
		return fault.Invalid("Publish", fmt.Sprintf("k is a %T that can't be hashed", k))
	}
	t.mu.Lock()
	keyed, every, closed := t.keyed[k].snapshot(), t.every.snapshot(), t.closed
	t.mu.Unlock()
	if closed {
		return ErrClosed
	}
	for _, hubs := range [2][]*hot.Hub[T]{keyed, every} {
		for _, hub := range hubs {
			if err := hub.Put(ctx, v); err != nil && !errors.Is(err, ErrClosed) {
				return err
			}
		}
	}
	return nil
}

// hashable tells whether k can be the key of a map: an interface may hold what
// can't. To look for such a key in a map is a panic, which must not come between a
// Lock and its Unlock.
func hashable[K comparable](k K) (ok bool) {
	defer func() { ok = recover() == nil }()
	_ = map[K]struct{}(nil)[k]
	return true
}

// Subscribe returns the stream of what is published with one of keys; without
// keys, of all. It may be subscribed to more than once. It fails with an
// [ErrInvalidArgument] where one of keys can't be hashed.
func (t *Topic[K, T]) Subscribe(keys ...K) Observable[T] {
	if t.bad != nil {
		return failing[T](t.bad)
	}
	var own []K
	known := make(map[K]struct{}, len(keys))
	for i, k := range keys {
		if !hashable(k) {
			return failing[T](fault.Invalid("Topic.Subscribe", fmt.Sprintf("keys[%d] is a %T that can't be hashed", i, k)))
		}
		if k != k { //nolint:gocritic,staticcheck // NaN is published to nobody, and could not be taken out of a map again
			continue
		}
		if _, twice := known[k]; !twice {
			known[k] = struct{}{}
			own = append(own, k)
		}
	}
	return wrap(func(ctx context.Context, emit func(T) bool) error {
		if stopping(ctx) {
			return nil
		}
		hub := hot.New(hotConfig[T]("Topic", t.queue, nil))
		sub := hub.Join(ctx)
		places := t.enter(own, len(keys) == 0, hub)
		defer t.leave(own, places)
		return sub.Run(ctx, emit, nil, nil)
	})
}

// enter subscribes hub, and returns its places: in the list of all, and then one
// for each key, or the one among those of all keys. There are none after Close.
func (t *Topic[K, T]) enter(keys []K, every bool, hub *hot.Hub[T]) []member[T] {
	places := make([]member[T], 2+len(keys))
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		hub.Close(nil)
		return nil
	}
	t.all.add(&places[0], hub)
	if every {
		t.every.add(&places[1], hub)
	}
	for i, k := range keys {
		of := t.keyed[k]
		if of == nil {
			of = &members[T]{}
			t.keyed[k] = of
		}
		of.add(&places[2+i], hub)
	}
	return places
}

func (t *Topic[K, T]) leave(keys []K, places []member[T]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range places {
		if of := places[i].of; of != nil {
			of.remove(&places[i])
			if i >= 2 && of.n == 0 {
				delete(t.keyed, keys[i-2])
			}
		}
	}
}

// Close completes every subscriber's stream, after what is in its queue. Later
// ones complete at once.
func (t *Topic[K, T]) Close() {
	t.mu.Lock()
	t.closed = true
	hubs := t.all.snapshot()
	t.mu.Unlock()
	for _, hub := range hubs {
		hub.Close(nil)
	}
}
