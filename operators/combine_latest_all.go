package operators

import (
	"context"
	"slices"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// CombineLatestAll collects the streams that upstream emits, and then emits the
// latest items of all of them, each time that one of them has a new item.
//
//	in:    ab|        two streams:
//	a:     p---q-|
//	b:     -x--|
//	out:   ---{px}--{qx}-|
//
// Emits when a stream does, once all streams have emitted. The streams begin when
// upstream has completed. The items of a slice are in the order in which the streams
// came. Downstream owns the slices. Every combination is delivered. Fails when
// upstream fails, before the streams begin, or when a stream fails; the others are
// cancelled and reaped first. Completes when all streams have completed, or as soon
// as a stream completes that has never emitted. Without streams it completes with
// upstream. A graceful stop ends upstream, and the streams that have come run to
// their own end.
//
// All streams are subscribed to at once. Backpressure: they wait while downstream is
// busy. Memory: the streams that upstream emits, and one item of each. When the
// stream ends early, items that wait for another stream's first item count as
// discarded, and so does an item that a stream waits with. [OnDiscard] is called for
// them. Goroutines: one for each stream, joined before the stream ends; upstream
// runs on the subscriber's goroutine.
//
// A zero Observable that comes from upstream is an ErrInvalidArgument. For two
// streams and a function, see [CombineLatest]; for tuples, [ZipAll]. It corresponds
// to RxJS's combineLatestAll.
func CombineLatestAll[T any](opts ...turbopipes.LossOption) turbopipes.Operator[turbopipes.Observable[T], []T] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[turbopipes.Observable[T], []T]("CombineLatestAll", bad)
	}
	return turbopipes.Lift(own.Mark+"CombineLatestAll", func(ctx context.Context, in turbopipes.Observable[turbopipes.Observable[T]], emit func([]T) bool) (err error) {
		streams, err := collectStreams(ctx, "CombineLatestAll", in)
		if err != nil || len(streams) == 0 {
			return err
		}
		run.NoteSlices[T](run.From(ctx))
		s := scope.Open(ctx, "CombineLatestAll")
		row := newItemRow[T](len(streams))
		live, over := len(streams), false
		arrivals := runStreams(s, run.Hooks[T]{Each: o.Discard}, streams, nil)
		defer func() {
			if live == 0 || over {
				s.Complete()
			}
			s.Close(&err)
			if !s.Completed() && row.missing > 0 {
				err = fault.Join(err, arrivals.lost.Discard(row.left()...))
			}
		}()
		s.Settle()
		for live > 0 && !over {
			select {
			case a := <-arrivals.ch:
				switch {
				case a.err != nil:
					return a.err
				case !a.more:
					live--
					over = !row.has[a.from]
				default:
					row.set(a.from, a.v)
					if row.missing == 0 && !emit(slices.Clone(row.items)) {
						return nil
					}
				}
			case <-s.Ctx.Done():
				return nil
			}
		}
		return nil
	})
}

// collectStreams returns the streams that in emits, after in has completed.
func collectStreams[T any](ctx context.Context, name string, in turbopipes.Observable[turbopipes.Observable[T]]) (streams []turbopipes.Observable[T], err error) {
	var bad error
	err = in.Push(ctx, func(o turbopipes.Observable[T]) bool {
		if o.IsZero() {
			bad = fault.Invalid(name, "an item of upstream is the zero Observable")
			return false
		}
		streams = append(streams, o)
		return true
	})
	return streams, fault.Join(bad, err)
}

// streamEvent is an item of one of several streams, or the completion or failure of a
// stream.
type streamEvent[T any] struct {
	from int
	v    T
	more bool
	err  error
}

// streamEvents is where the items of several streams arrive.
type streamEvents[T any] struct {
	ch      chan streamEvent[T]
	lost    run.Account[T]
	refused run.Refused[T]
}

// runStreams runs streams, each on a goroutine of s. If rooms are given, an item first
// waits for a value from the room of its stream.
func runStreams[T any](s *scope.Scope, hooks run.Hooks[T], streams []turbopipes.Observable[T], rooms []chan struct{}) *streamEvents[T] {
	all := &streamEvents[T]{ch: make(chan streamEvent[T]), lost: hooks.At(s.Stage())}
	s.After(func() error { return all.lost.Discard(all.refused.Take()...) })
	refuse := func(v T) bool { return !s.Completed() && all.refused.Keep(v) }
	for from, stream := range streams {
		s.Upstream(func(ctx context.Context) error {
			inner := turbopipes.Shield(ctx)
			return stream.Push(inner, func(v T) bool {
				if rooms != nil {
					select {
					case <-rooms[from]:
					case <-inner.Done():
						return refuse(v)
					}
				}
				return sendOrDone(inner.Done(), all.ch, streamEvent[T]{from, v, true, nil}) || refuse(v)
			})
		}, func(err error) {
			if s.Ctx.Err() != nil || !sendOrDone(s.Ctx.Done(), all.ch, streamEvent[T]{from: from, err: err}) {
				s.Fail(err)
			}
		})
	}
	return all
}

// itemRow has room for one item of each of several streams.
type itemRow[T any] struct {
	items   []T
	has     []bool
	missing int
}

func newItemRow[T any](n int) itemRow[T] { return itemRow[T]{make([]T, n), make([]bool, n), n} }

func (r *itemRow[T]) set(i int, v T) {
	if !r.has[i] {
		r.has[i] = true
		r.missing--
	}
	r.items[i] = v
}

// left returns the items that are in r.
func (r *itemRow[T]) left() (items []T) {
	for i, has := range r.has {
		if has {
			items = append(items, r.items[i])
		}
	}
	return items
}
