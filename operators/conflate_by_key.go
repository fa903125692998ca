package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/ring"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ConflateByKeyOption is an option of [ConflateByKey]: [WithMaxPendingKeys] and [OnDrop]
// are.
type ConflateByKeyOption[T any] interface{ opt.ConflateByKeyOption[T] }

type conflateByKeySetting[T any] struct {
	opt.Func[opt.Typed[T]]
	opt.ForConflateByKey
}

// WithMaxPendingKeys bounds how many keys may wait in a [ConflateByKey], which holds
// upstream with an item of one more. n < 1 is an ErrInvalidArgument.
func WithMaxPendingKeys[T any](n int) ConflateByKeyOption[T] {
	return conflateByKeySetting[T]{Func: func(s *opt.Typed[T]) string {
		s.MaxKeys = n
		return opt.AtLeast("WithMaxPendingKeys", "n", n, 1)
	}}
}

// ConflateByKey keeps the newest item of each key while downstream is busy. A newer
// item replaces the item of its key that waits, which is dropped. The last item of
// each key is always delivered.
//
//	in:  abAcB|                 the key of A is a, of B b; downstream takes 5
//	out: a----B----A----c----|
//
// Emits when downstream is free and an item waits, in the order in which the keys
// began to wait. Items that wait are delivered before a completion or an error.
// Fails and completes with upstream. Upstream never waits, unless
// [WithMaxPendingKeys] limits how many keys may wait. An item that a newer item
// replaces counts as dropped, and so does an item for which key panics. [OnDrop] is
// called for them. key runs on upstream's goroutine. Memory: an item for each key
// that waits, so limit the keys if they are not few. Goroutines: one, for upstream,
// joined before the stream ends.
//
// A nil key function and a bad option are an ErrInvalidArgument. A key that is not
// equal to itself, such as NaN, is a new key each time. A key that can't be hashed
// ends the stream with a [*turbopipes.PanicError], as a panic of key does. To keep
// the newest item of all, without keys, see [OnBackpressureLatest].
func ConflateByKey[T any, K comparable](key func(T) K, opts ...ConflateByKeyOption[T]) turbopipes.Operator[T, T] {
	const name = "ConflateByKey"
	if key == nil {
		return turbopipes.Invalid[T, T](name, "key is nil")
	}
	return withOptions(name, opts, func(o opt.Typed[T]) turbopipes.Operator[T, T] {
		return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
			newest := newestByKey[K, T]{at: map[K]uint64{}, most: o.MaxKeys}
			d := handoff.OpenDesk(ctx, name)
			lost := dropping(o).At(d.Stage())
			defer func() { err = fault.Join(err, lost.Discard(append(newest.left(), newest.refused.Take()...)...)) }()
			defer d.Close(&err)
			d.Start(func(ctx context.Context) error {
				return in.Push(ctx, func(v T) bool { return newest.keep(d, v, key, lost) })
			})
			return handoff.Deliver(d, func() (T, bool) {
				d.Room()
				return newest.take()
			}, emit)
		})
	})
}

// newestByKey holds the items that wait: the newest item of each key, in the order
// in which the keys began to wait. put and take are called under a lock.
type newestByKey[K comparable, T any] struct {
	at     map[K]uint64 // the position of a key that waits
	ring   ring.Ring[keyedItem[K, T]]
	lo, hi uint64
	most   int // 0: no limit

	refused run.Refused[T]
}

type keyedItem[K comparable, T any] struct {
	key  K
	same bool // key is in at
	item T
}

// keep stores v, on upstream's goroutine.
func (n *newestByKey[K, T]) keep(d *handoff.Desk, v T, key func(T) K, lost run.Account[T]) bool {
	var k K
	same := false
	run.DropOnPanic(v, lost.Drop, func() { // outside the lock, also if k can't be compared
		k = key(v)
		same = k == k //nolint:staticcheck // NaN is not, and an interface may hold a value that can't be compared
	})
	var old T
	replaced := false
	if !d.Put(func() (ok bool) {
		old, replaced, ok = n.put(k, same, v)
		return ok
	}) {
		return n.refused.Keep(v)
	}
	if !replaced {
		return true
	}
	return d.Refuse(lost.Drop(old))
}

// put stores v. ok is false when there is no room for another key.
func (n *newestByKey[K, T]) put(k K, same bool, v T) (old T, replaced, ok bool) {
	if same {
		if i, waits := n.at[k]; waits {
			at := n.ring.At(i)
			old, at.item = at.item, v
			return old, true, true
		}
	}
	if n.most > 0 && n.hi-n.lo >= uint64(n.most) {
		return old, false, false
	}
	n.ring.Grow(n.lo, n.hi)
	*n.ring.At(n.hi) = keyedItem[K, T]{k, same, v}
	if same { // otherwise nothing could remove it from the map again
		n.at[k] = n.hi
	}
	n.hi++
	return old, false, true
}

// take removes and returns the item of the key that has waited longest.
func (n *newestByKey[K, T]) take() (v T, ok bool) {
	if n.lo == n.hi {
		return v, false
	}
	first := n.ring.Take(n.lo)
	n.lo++
	if first.same {
		delete(n.at, first.key)
	}
	return first.item, true
}

// left removes and returns all items.
func (n *newestByKey[K, T]) left() (all []T) {
	for v, ok := n.take(); ok; v, ok = n.take() {
		all = append(all, v)
	}
	return all
}
