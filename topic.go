package turbopipes

import (
	"context"
	"errors"
	"fmt"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Topic brings items to the subscribers of their key. [NewTopic] makes one. All
// methods may be called from any goroutine.
//
// Each subscriber has its own queue, like the subscribers of a [Subject]. Under
// [Block], a slow subscriber makes publishers of its own keys wait, and nobody else.
// An item is dropped if nobody has subscribed to its key. The items of each
// publisher keep their order. The items of several publishers come to different
// subscribers in different orders.
//
// Keys are compared by ==. A key that can't be hashed, such as a slice in a key of
// type any, is an [ErrInvalidArgument] of the call that has it. A key that is not
// equal to itself, such as NaN, matches no subscription: items with such a key come
// only to subscribers of all keys.
//
// Memory: a queue for each subscriber, and some words for each of its keys. A key
// without subscribers costs nothing. Joining and leaving cost the same for each key,
// however many others are subscribed. Goroutines: none of its own.
type Topic[K comparable, T any] struct {
	queue       opt.Queue
	bad         error
	subscribers hot.Directory[K, T]
}

// NewTopic makes a Topic. Its options are those of [NewSubject].
func NewTopic[K comparable, T any](opts ...QueueOption) *Topic[K, T] {
	queue, err := hotQueue("NewTopic", opts)
	return &Topic[K, T]{queue: queue, bad: err}
}

// Publish sends v to all subscribers of k, and to all subscribers of all keys. Under
// [Block] it waits for room in one queue after another. When ctx ends during this
// wait, Publish returns context.Cause(ctx), and some subscribers may have v. After
// Close it returns [ErrClosed]. It returns [ErrReentrant] as Next of [Subject] does,
// and an [ErrInvalidArgument] if k can't be hashed.
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
	keyed, every, open := t.subscribers.Of(k)
	if !open {
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

// hashable reports whether k can be the key of a map: an interface may hold a value
// that can't be. A look-up with such a key panics, and this panic must not come
// between a Lock and its Unlock.
func hashable[K comparable](k K) (ok bool) {
	defer func() { ok = recover() == nil }()
	_ = map[K]struct{}(nil)[k]
	return true
}

// Subscribe returns the stream of the items that are published with one of keys;
// without keys, of all items. It may be subscribed to more than once. It fails with
// an [ErrInvalidArgument] if one of keys can't be hashed.
func (t *Topic[K, T]) Subscribe(keys ...K) Observable[T] {
	if t.bad != nil {
		return failing[T](t.bad)
	}
	for i, k := range keys {
		if !hashable(k) {
			return failing[T](fault.Invalid("Topic.Subscribe", fmt.Sprintf("keys[%d] is a %T that can't be hashed", i, k)))
		}
	}
	own := hot.DistinctKeys(keys)
	return compound(func(ctx context.Context, emit func(T) bool) error {
		if stopping(ctx) {
			return nil
		}
		hub := hot.New(hotConfig[T]("Topic", t.queue, nil))
		sub := hub.Join(ctx)
		places := t.subscribers.Enter(own, len(keys) == 0, hub)
		defer t.subscribers.Leave(own, places)
		return sub.Run(ctx, emit, nil, nil)
	})
}

// Close completes every subscriber's stream, after the items in its queue. Later
// subscribers complete at once.
func (t *Topic[K, T]) Close() { t.subscribers.Close() }
