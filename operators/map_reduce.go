package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// MapReduce calls fn to make a key and a value of each item, with at most n calls at
// a time. It emits one map, in which reduce has combined all values of a key into
// one value.
//
//	in:  abc|   n: 2; fn takes 5 for a, 2 for b, 1 for c
//	out: -----(x|)   x: the reduced values of all keys
//
// Emits when upstream has completed and every task has ended. For an empty stream
// the map is empty, but not nil. The receiver owns the map. fn runs as in
// [Parallel], with the same rules for its ctx, its errors and its panics. reduce is
// called with the key's value so far and the value of a task that has ended. The
// calls come in the order in which the tasks end, so reduce should be commutative
// and associative. Fails as soon as a task or upstream fails, without a map. The
// values in the map then count as discarded, and [OnDiscard] is called with the map
// once for each of them.
//
// Backpressure: upstream waits, with at most one item, while n tasks run. Memory: n
// items, and one value per key. Goroutines: as in Parallel. fn runs on those
// goroutines. reduce runs on the subscriber's goroutine, one call at a time.
//
// Keys are compared by ==. A key that is not equal to itself, such as NaN, is a new
// key each time, so the map holds each of its values. A key that can't be hashed
// ends the stream with a PanicError. An n below 1, a nil fn or a nil reduce is an
// ErrInvalidArgument. For one item per key without tasks, see [ToMap]; for one value
// of all items, use [Reduce] after Parallel. It corresponds to Reactor's groupBy
// with a reduce for each group.
func MapReduce[T any, K comparable, V any](n int, fn func(ctx context.Context, v T) (K, V, error), reduce func(a, b V) V, opts ...turbopipes.LossOption) turbopipes.Operator[T, map[K]V] {
	o, bad := lossOptions(opts)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, map[K]V]("MapReduce", opt.TooSmall("n", n, 1))
	case fn == nil:
		return turbopipes.Invalid[T, map[K]V]("MapReduce", "fn is nil")
	case reduce == nil:
		return turbopipes.Invalid[T, map[K]V]("MapReduce", "reduce is nil")
	case bad != "":
		return turbopipes.Invalid[T, map[K]V]("MapReduce", bad)
	}
	type pair = turbopipes.Pair[K, V]
	tasks := parallel[T, struct{}]("MapReduce", n, nil, func(ctx context.Context, v T) (p pair, err error) {
		p.First, p.Second, err = fn(ctx, v)
		return p, err
	}, []ParallelOption{turbopipes.OnDiscard(o.Discard)})
	return turbopipes.Compose2(tasks, turbopipes.Lift(own.Mark+"MapReduce", func(ctx context.Context, in turbopipes.Observable[pair], emit func(map[K]V) bool) (err error) {
		f := foldingOf[pair](ctx, "MapReduce", o)
		all := map[K]V{}
		defer func() { unfold(&f, all, &err) }()
		err = in.Push(ctx, func(p pair) bool {
			f.Busy = true
			if sum, ok := all[p.First]; ok {
				p.Second = reduce(sum, p.Second)
			}
			all[p.First] = p.Second
			f.Busy = false
			f.n++
			return true
		})
		if err == nil { // nothing was emitted, so nothing was refused
			f.complete = true
			emit(all)
		}
		return err
	}))
}
