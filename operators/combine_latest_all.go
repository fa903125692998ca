package operators

import (
	"context"
	"slices"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
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
// busy. [Buffered] lets each stream read n items ahead in that time; a failure of the
// stream then comes after these items. Memory: the streams that upstream emits, one
// item of each, and the items that were read ahead. When the stream ends early, items
// that wait for another stream's first item count as discarded, and so do the items
// that were read ahead or that a stream waits with. [OnDiscard] is called for them.
// Goroutines: one for each stream, joined before the stream ends; upstream runs on the
// subscriber's goroutine.
//
// A zero Observable that comes from upstream is an ErrInvalidArgument. For two
// streams and a function, see [CombineLatest]; for tuples, [ZipAll]. It corresponds
// to RxJS's combineLatestAll.
func CombineLatestAll[T any](opts ...CombineOption) turbopipes.Operator[turbopipes.Observable[T], []T] {
	o, bad := combineOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[turbopipes.Observable[T], []T]("CombineLatestAll", bad)
	}
	return turbopipes.Lift(own.Mark+"CombineLatestAll", func(ctx context.Context, in turbopipes.Observable[turbopipes.Observable[T]], emit func([]T) bool) (err error) {
		streams, err := collectStreams(ctx, "CombineLatestAll", in)
		if err != nil || len(streams) == 0 {
			return err
		}
		run.NoteSlices[T](run.From(ctx))
		c := openLatestAll(ctx, o, streams)
		defer func() { c.close(&err) }()
		for !c.over {
			if c.Await(nil) == feed.Over {
				return c.Failure()
			}
			if err := c.ends(); err != nil {
				return err
			}
			if !c.due {
				continue // a stream has ended
			}
			c.due = false
			if !emit(slices.Clone(c.row.items)) {
				return nil
			}
		}
		return nil
	})
}

// latestAllRun is one run of a CombineLatestAll.
type latestAllRun[T any] struct {
	laneRow[T]
	due bool // an item has come, and all streams have one
}

func openLatestAll[T any](ctx context.Context, o opt.Settings, streams []turbopipes.Observable[T]) *latestAllRun[T] {
	c := &latestAllRun[T]{}
	c.open(feed.OpenMeet(ctx, "CombineLatestAll"), o, len(streams), func(i int, v T) bool {
		c.row.set(i, v)
		c.due = c.row.missing == 0
		return c.due
	})
	for i, l := range c.lanes {
		l.Start(shielded(streams[i]))
	}
	return c
}

// ends looks for streams that have ended. It returns the error of one that has failed
// in order.
func (c *latestAllRun[T]) ends() error {
	if c.live == c.Live() {
		return nil
	}
	c.live = c.Live()
	c.over = c.live == 0
	for i, l := range c.lanes {
		if l.Err() != nil {
			return l.Err()
		}
		c.over = c.over || l.Ended() && !c.row.has[i]
	}
	return nil
}

// close joins the streams. Items that wait for another stream's first item are lost.
func (c *latestAllRun[T]) close(err *error) {
	if c.over && *err == nil {
		c.Complete()
	}
	c.Close(err)
	if !c.Completed() && c.row.missing > 0 {
		*err = fault.Join(*err, c.lost.Discard(c.row.left()...))
	}
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

// shielded runs a stream that a graceful stop does not end.
func shielded[T any](stream turbopipes.Observable[T]) feed.Push[T] {
	return func(ctx context.Context, emit func(T) bool) error {
		return stream.Push(turbopipes.Shield(ctx), emit)
	}
}

// laneRow is a Meet of several streams, with a row for their items.
type laneRow[T any] struct {
	*feed.Meet
	lanes []*feed.Lane[T]
	row   itemRow[T]
	lost  run.Account[T]
	live  int  // streams of which no end is known
	over  bool // there will be no further row
}

// open lays a lane for each of n streams. accept is that of stream i.
func (r *laneRow[T]) open(m *feed.Meet, o opt.Settings, n int, accept func(i int, v T) (due bool)) {
	hooks := run.Hooks[T]{Each: o.Discard}
	r.Meet, r.lost, r.live, r.row = m, hooks.At(m.Stage()), n, newItemRow[T](n)
	r.lanes = make([]*feed.Lane[T], n)
	for i := range r.lanes {
		r.lanes[i] = feed.Lay(m, hooks, o.Ahead, func(v T) bool { return accept(i, v) })
	}
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

// takeAll returns the items, and leaves r empty.
func (r *itemRow[T]) takeAll() (items []T) {
	items, r.items, r.missing = r.items, make([]T, len(r.items)), len(r.items)
	clear(r.has)
	return items
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
