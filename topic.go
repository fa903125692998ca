package turbopipes

import (
	"context"
	"errors"
	"slices"
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
// Memory: a queue for each subscriber; a key that nobody is subscribed to costs
// nothing. Goroutines: none of its own.
type Topic[K comparable, T any] struct {
	queue opt.Queue
	bad   error

	mu     sync.Mutex // guards all below; the slices are never changed, but replaced
	every  []*hot.Hub[T]
	keyed  map[K][]*hot.Hub[T]
	closed bool
}

// NewTopic makes a Topic. Its options are those of [NewSubject].
func NewTopic[K comparable, T any](opts ...QueueOption) *Topic[K, T] {
	queue, err := hotQueue("NewTopic", opts)
	return &Topic[K, T]{queue: queue, bad: err, keyed: map[K][]*hot.Hub[T]{}}
}

// Publish gives v to all who have subscribed to k, or to all keys. Under [Block]
// it waits for room in one queue after another: when it gives up because ctx has
// ended, with context.Cause(ctx), some may have v. After Close it returns
// [ErrClosed]. It returns [ErrReentrant] as Next of [Subject] does.
func (t *Topic[K, T]) Publish(ctx context.Context, k K, v T) error {
	switch {
	case t.bad != nil:
		return t.bad
	case ctx == nil:
		return fault.Invalid("Publish", "ctx is nil")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	t.mu.Lock()
	keyed, every, closed := t.keyed[k], t.every, t.closed
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

// Subscribe gives the stream of what is published with one of keys; without keys,
// of all. It may be subscribed to more than once.
func (t *Topic[K, T]) Subscribe(keys ...K) Observable[T] {
	if t.bad != nil {
		return failing[T](t.bad)
	}
	var own []K
	for _, k := range keys {
		if !slices.Contains(own, k) {
			own = append(own, k)
		}
	}
	return wrap(func(ctx context.Context, emit func(T) bool) error {
		if stopping(ctx) {
			return nil
		}
		hub := hot.New(hotConfig[T]("Topic", t.queue, nil))
		sub := hub.Join()
		t.enter(own, hub)
		defer t.leave(own, hub)
		return sub.Run(ctx, emit, nil, nil)
	})
}

func (t *Topic[K, T]) enter(keys []K, hub *hot.Hub[T]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		hub.Close(nil)
		return
	}
	if len(keys) == 0 {
		t.every = append(slices.Clip(t.every), hub)
	}
	for _, k := range keys {
		t.keyed[k] = append(slices.Clip(t.keyed[k]), hub)
	}
}

func (t *Topic[K, T]) leave(keys []K, hub *hot.Hub[T]) {
	without := func(hubs []*hot.Hub[T]) []*hot.Hub[T] {
		return slices.DeleteFunc(slices.Clone(hubs), func(h *hot.Hub[T]) bool { return h == hub })
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.every = without(t.every)
	for _, k := range keys {
		if rest := without(t.keyed[k]); len(rest) > 0 {
			t.keyed[k] = rest
		} else {
			delete(t.keyed, k)
		}
	}
}

// Close completes every subscriber's stream, behind its queue. Later ones
// complete at once.
func (t *Topic[K, T]) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, hub := range t.every {
		hub.Close(nil)
	}
	for _, hubs := range t.keyed {
		for _, hub := range hubs {
			hub.Close(nil)
		}
	}
}
