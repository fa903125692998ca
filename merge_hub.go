package turbopipes

import (
	"context"
	"sync"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
)

// MergeHub brings streams that come and go to one subscriber. [NewMergeHub] makes
// one. All methods may be called from any goroutine.
//
// Items wait in one queue, even before the subscriber has come. The items of each
// stream keep their order. Of several streams that wait for room, the one that has
// waited longest is first. [WithOverflow] sets the strategy for a full queue. Under
// [Fail] the subscriber ends with an [ErrOverflow].
//
// Goroutines: none of its own. It corresponds to Pekko's MergeHub.
type MergeHub[T any] struct {
	in  inlet[T]
	one singleSubscriber[T]

	mu       sync.Mutex // guards the fields below
	attached map[*context.CancelCauseFunc]struct{}
	closing  bool // no other stream can be attached
	gone     bool // and the attached streams are ended
}

// NewMergeHub makes a MergeHub. Its options are those of [NewSubject].
func NewMergeHub[T any](opts ...QueueOption) *MergeHub[T] {
	h := &MergeHub[T]{in: newInlet[T]("MergeHub", opts, nil, nil), attached: map[*context.CancelCauseFunc]struct{}{}}
	h.one = singleSubscriber[T]{name: "MergeHub", hub: h.in.hub, sub: h.in.hub.Join(context.Background())}
	return h
}

// Attach runs src into the hub, on the calling goroutine, and returns src's error.
// The hub continues. When ctx ends, Attach returns context.Cause(ctx). It returns
// [ErrClosed] when the hub is closed, or when the subscriber has left or is being
// stopped gracefully. It returns when src is reaped.
func (h *MergeHub[T]) Attach(ctx context.Context, src Observable[T]) error {
	switch {
	case h.in.bad != nil:
		return h.in.bad
	case ctx == nil:
		return fault.Invalid("Attach", "ctx is nil")
	case src.IsZero():
		return fault.Invalid("Attach", "src is the zero Observable")
	}
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	h.mu.Lock()
	if h.closing || h.gone {
		h.mu.Unlock()
		return ErrClosed
	}
	h.attached[&cancel] = struct{}{}
	h.mu.Unlock()
	defer h.detach(&cancel)
	var refused error
	_, err := consumeEachOr(own, "Attach", src, nil, func(v T, lost run.Account[T]) bool {
		refused = h.in.hub.Put(own, v)
		return refused == nil || lost.RefuseFor(refused, v)
	})
	return fault.Join(refused, err)
}

func (h *MergeHub[T]) detach(cancel *context.CancelCauseFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.attached, cancel)
	if h.closing && len(h.attached) == 0 {
		h.in.hub.Close(nil)
	}
}

// Close lets the attached streams continue to their ends, and then completes. No
// other stream can be attached.
func (h *MergeHub[T]) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closing = true
	if len(h.attached) == 0 {
		h.in.hub.Close(nil)
	}
}

// leave ends the attached streams: nobody is there to take their items.
func (h *MergeHub[T]) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone = true
	for cancel := range h.attached {
		(*cancel)(ErrClosed)
	}
}

// Observable returns the stream. It takes one subscriber; a second one gets
// [ErrAlreadySubscribed].
func (h *MergeHub[T]) Observable() Observable[T] {
	if h.in.bad != nil {
		return failing[T](h.in.bad)
	}
	return h.one.stream(h.leave)
}
