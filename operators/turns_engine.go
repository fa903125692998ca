package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/run"
)

// turns runs streams of which the subscriber chooses the one that is next. The doors of
// the others are shut.
type turns[T any] struct {
	*feed.Meet
	lanes []*feed.Lane[T]
	item  singleSlot[T]
}

// openTurns starts in and the others.
func openTurns[T any](ctx context.Context, name string, in turbopipes.Observable[T], others []turbopipes.Observable[T]) *turns[T] {
	t := &turns[T]{Meet: feed.OpenMeet(ctx, name), lanes: make([]*feed.Lane[T], len(others)+1)}
	for i := range t.lanes {
		t.lanes[i] = feed.Lay(t.Meet, run.Hooks[T]{}, 0, func(v T) bool {
			t.item.put(v)
			return true
		})
		t.lanes[i].Shut()
	}
	t.lanes[0].StartInOrder(in.Push)
	for i, o := range others {
		t.lanes[i+1].StartInOrder(o.Push)
	}
	return t
}

// next waits for the next item of stream i. An error ends the whole stream.
func (t *turns[T]) next(i int) (v T, more bool, err error) {
	l := t.lanes[i]
	if v, ok := l.Take(); ok {
		return v, true, nil
	}
	for !t.item.full && !l.Ended() {
		l.Open()
		why := t.Await(nil)
		if l.Shut(); why != feed.Over {
			continue // perhaps another stream has ended
		}
		if err := t.Failure(); err != nil {
			return v, false, err
		}
		return v, false, context.Cause(t.Ctx)
	}
	if v, more = t.item.take(); more {
		return v, true, nil
	}
	return v, false, l.Err()
}
