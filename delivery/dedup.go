package delivery

import (
	"context"
	"fmt"
	"sync"
)

// Seen remembers the ids of events for [Dedup]. Its methods are called from any
// goroutine. An implementation over a database keeps the ids over restarts.
type Seen interface {
	// Seen reports whether id was added.
	Seen(ctx context.Context, id string) (bool, error)
	// Add remembers id. It is called when the function has returned nil.
	Add(ctx context.Context, id string) error
}

// Dedup leaves out events whose Info.ID seen knows: it returns nil for them, so they
// are acked. An event without an ID is never left out. It lowers the number of repeated
// effects. Only a sink that stores the ID with the effect in one transaction makes them
// impossible. An error of seen is one of the function. For a nil seen or fn, Dedup
// returns nil.
func Dedup[T any](seen Seen, fn func(context.Context, Delivery[T]) error) func(context.Context, Delivery[T]) error {
	if seen == nil || fn == nil {
		return nil
	}
	return func(ctx context.Context, d Delivery[T]) error {
		id := d.Info().ID
		if id == "" {
			return fn(ctx, d)
		}
		known, err := seen.Seen(ctx, id)
		if err != nil {
			return fmt.Errorf("delivery: Dedup: %w", err)
		}
		if known {
			return nil
		}
		if err := fn(ctx, d); err != nil {
			return err
		}
		// The effect is there, so the end of ctx must not make it look undone.
		if err := seen.Add(context.WithoutCancel(ctx), id); err != nil {
			return fmt.Errorf("delivery: Dedup: %w", err)
		}
		return nil
	}
}

// recent is a Seen in memory.
type recent struct {
	mu   sync.Mutex
	ids  map[string]struct{}
	ring []string
	next int
}

// Recent returns a [Seen] that keeps the last k ids in memory. It knows nothing after a
// restart: it is for brokers that repeat events while the process runs. It panics if k
// is less than 1.
func Recent(k int) Seen {
	if k < 1 {
		panic("delivery: Recent: k is " + itoa(int64(k)) + ", want at least 1")
	}
	return &recent{ids: map[string]struct{}{}, ring: make([]string, k)}
}

// Seen is that of the interface.
func (r *recent) Seen(_ context.Context, id string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.ids[id]
	return ok, nil
}

// Add is that of the interface.
func (r *recent) Add(_ context.Context, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.ids[id]; ok {
		return nil
	}
	if old := r.ring[r.next]; old != "" {
		delete(r.ids, old)
	}
	r.ring[r.next] = id
	r.ids[id] = struct{}{}
	r.next = (r.next + 1) % len(r.ring)
	return nil
}
