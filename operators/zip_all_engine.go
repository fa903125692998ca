package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// zipAllRun is one run of a ZipAll. A stream that has an item in the row shuts its
// door until the row is whole.
type zipAllRun[T any] struct {
	laneRow[T]
	failed error // the first failure of a stream
	broken int   // the index of that stream
}

func openZipAll[T any](ctx context.Context, o opt.Settings, streams []turbopipes.Observable[T]) *zipAllRun[T] {
	z := &zipAllRun[T]{}
	z.open(feed.OpenMeet(ctx, "ZipAll"), o, len(streams), func(i int, v T) bool {
		z.row.set(i, v)
		z.lanes[i].Shut()
		return z.row.missing == 0
	})
	for i, l := range z.lanes {
		l.StartInOrder(shielded(streams[i]))
	}
	return z
}

// next waits until the row is whole, and takes it. ok is false if there is no further
// row, or if it does not come in time.
func (z *zipAllRun[T]) next() (items []T, ok bool) {
	for z.row.missing > 0 {
		if z.over || z.failed != nil && !z.row.has[z.broken] || z.Await(nil) == feed.Over {
			return nil, false
		}
		z.ends()
	}
	items = z.row.takeAll()
	for _, l := range z.lanes {
		l.Open()
	}
	z.over = z.live < len(z.lanes) // the last item of a stream is used
	return items, true
}

// ends looks for streams that have ended.
func (z *zipAllRun[T]) ends() {
	if z.live == z.Live() {
		return
	}
	z.live = z.Live()
	for i, l := range z.lanes {
		if !l.Ended() {
			continue
		}
		switch {
		case l.Err() == nil:
			z.over = z.over || !z.row.has[i]
		case z.failed == nil:
			z.failed, z.broken = l.Err(), i
		}
	}
}

// err returns the error of the stream when there is no further row.
func (z *zipAllRun[T]) err() error {
	if z.failed != nil || z.over {
		return z.failed
	}
	return z.Failure() // its items are left, and the other streams have not sent theirs
}

// close joins the streams. Unless the stream has completed, it counts the items that
// are in no row as discarded.
func (z *zipAllRun[T]) close(err *error) {
	if z.over && *err == nil && z.failed == nil {
		z.Complete()
	}
	z.Close(err)
	if !z.Completed() {
		*err = fault.Join(*err, z.lost.Discard(z.row.left()...))
	}
}
