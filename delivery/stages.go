package delivery

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// Map replaces each value by what fn returns. The claim stays. A panic of fn ends the
// stream, and the event stays open.
func Map[T, R any](fn func(T) R) turbopipes.Operator[Delivery[T], Delivery[R]] {
	if fn == nil {
		return turbopipes.Invalid[Delivery[T], Delivery[R]]("delivery.Map", "fn is nil")
	}
	return operators.Map(func(d Delivery[T]) Delivery[R] { return With(d, fn(d.Value)) })
}

// Filter passes the deliveries on for whose value pred returns true, and acks the
// others.
func Filter[T any](pred func(T) bool) turbopipes.Operator[Delivery[T], Delivery[T]] {
	if pred == nil {
		return turbopipes.Invalid[Delivery[T], Delivery[T]]("delivery.Filter", "pred is nil")
	}
	return operators.FilterMap(func(d Delivery[T]) (Delivery[T], bool) {
		ok := pred(d.Value)
		if !ok {
			d.Ack()
		}
		return d, ok
	})
}

// FilterMap replaces each value by what fn returns, and acks the deliveries for which
// fn returns false.
func FilterMap[T, R any](fn func(T) (R, bool)) turbopipes.Operator[Delivery[T], Delivery[R]] {
	if fn == nil {
		return turbopipes.Invalid[Delivery[T], Delivery[R]]("delivery.FilterMap", "fn is nil")
	}
	return operators.FilterMap(func(d Delivery[T]) (Delivery[R], bool) {
		v, ok := fn(d.Value)
		if !ok {
			d.Ack()
		}
		return With(d, v), ok
	})
}

// FlatMap emits one delivery for each value that fn returns. The event is acked when
// all of them are; see [Split]. An event without values is acked.
func FlatMap[T, R any](fn func(T) []R) turbopipes.Operator[Delivery[T], Delivery[R]] {
	if fn == nil {
		return turbopipes.Invalid[Delivery[T], Delivery[R]]("delivery.FlatMap", "fn is nil")
	}
	return operators.FlatMapSeq(func(d Delivery[T]) iter.Seq[Delivery[R]] {
		parts := Split(d, fn(d.Value)...)
		return func(yield func(Delivery[R]) bool) {
			for _, p := range parts {
				if !yield(p) {
					return
				}
			}
		}
	})
}

// Batch collects n deliveries, or those that have come within the time since the first
// one. Whoever settles the batch settles its members; see [Join]. The limit of time has
// to be more than 0: a batch by count alone that is longer than [MaxUncommitted] would
// wait for ever. Batches run in order if the next stage has n = 1.
func Batch[T any](n int, within time.Duration) turbopipes.Operator[Delivery[T], Delivery[[]T]] {
	switch {
	case n < 1:
		return turbopipes.Invalid[Delivery[T], Delivery[[]T]]("delivery.Batch", fmt.Sprintf("n is %d, want at least 1", n))
	case within <= 0:
		return turbopipes.Invalid[Delivery[T], Delivery[[]T]]("delivery.Batch", fmt.Sprintf("within is %v, want more than 0", within))
	}
	buffer := operators.BufferWithTimeOrCount[Delivery[T]](within, n)
	return func(in turbopipes.Observable[Delivery[T]]) turbopipes.Observable[Delivery[[]T]] {
		return operators.Map(Join[T])(buffer(in))
	}
}

// TryMap replaces each value by the result of fn, one after another. The claim stays.
// An error or panic of fn is handled as in [Process], by the options: tried again, and
// then dead-lettered, skipped, or the end of the stream. Events that have failed, or
// whose partition was taken away, are not emitted. For several at a time, see
// [Parallel].
//
// A nil fn is an ErrInvalidArgument. Goroutines: none; fn runs on the subscriber's.
func TryMap[T, R any](fn func(context.Context, T) (R, error), opts ...Option) turbopipes.Operator[Delivery[T], Delivery[R]] {
	if fn == nil {
		return turbopipes.Invalid[Delivery[T], Delivery[R]]("delivery.TryMap", "fn is nil")
	}
	return mapping("delivery.TryMap", 0, func(ctx context.Context, d Delivery[T]) (R, error) { return fn(ctx, d.Value) }, opts)
}

// Parallel replaces each value by the result of fn, at most n at a time, with the
// order, the window and the options of [Process]. The claim stays: a later stage
// settles it. Events that have failed, or whose partition was taken away, are not
// emitted.
//
// An n below 1 or a nil fn is an ErrInvalidArgument. Goroutines: as operators.Parallel.
func Parallel[T, R any](n int, fn func(context.Context, Delivery[T]) (R, error), opts ...Option) turbopipes.Operator[Delivery[T], Delivery[R]] {
	switch {
	case n < 1:
		return turbopipes.Invalid[Delivery[T], Delivery[R]]("delivery.Parallel", fmt.Sprintf("n is %d, want at least 1", n))
	case fn == nil:
		return turbopipes.Invalid[Delivery[T], Delivery[R]]("delivery.Parallel", "fn is nil")
	}
	return mapping("delivery.Parallel", n, fn, opts)
}

// mapped is a result of mapping, if there is one.
type mapped[R any] struct {
	d  Delivery[R]
	ok bool
}

// mapping implements TryMap, with an n of 0, and Parallel.
func mapping[T, R any](name string, n int, fn func(context.Context, Delivery[T]) (R, error), opts []Option) turbopipes.Operator[Delivery[T], Delivery[R]] {
	s, bad := settingsOf(opts)
	st, wrong := stageOf[T](s)
	if bad == "" {
		bad = wrong
	}
	if bad != "" {
		return turbopipes.Invalid[Delivery[T], Delivery[R]](name, bad)
	}
	return func(in turbopipes.Observable[Delivery[T]]) turbopipes.Observable[Delivery[R]] {
		return turbopipes.Defer(func(context.Context) (turbopipes.Observable[Delivery[R]], error) {
			r := st.start()
			tasks := tasksOf(st, n, func(ctx context.Context, d Delivery[T]) (m mapped[R], err error) {
				var v R
				_, ok, err := r.run(ctx, d, func(try context.Context, d Delivery[T]) (err error) {
					v, err = fn(try, d)
					return err
				})
				return mapped[R]{With(d, v), ok}, err
			})
			return operators.FilterMap(func(m mapped[R]) (Delivery[R], bool) { return m.d, m.ok })(tasks(in)), nil
		})
	}
}

// order is a key of the window. One without a key is not equal to itself, so it waits
// for no other one.
type order struct {
	key  string
	none float64
}

// tasksOf is the window of a stage, or one task at a time for an n of 0.
func tasksOf[T, R any](st *stage[T], n int, task func(context.Context, Delivery[T]) (R, error)) turbopipes.Operator[Delivery[T], R] {
	if n == 0 {
		return operators.TryMap(task)
	}
	opts := []operators.ParallelOption{operators.Buffered(st.held(n) - n), operators.WithPolicy(operators.FinishInFlight)}
	if st.unordered {
		return operators.Parallel(n, task, opts...)
	}
	return operators.ParallelBy(n, func(d Delivery[T]) order {
		if key := st.key(d); key != "" {
			return order{key: key}
		}
		return order{none: math.NaN()}
	}, task, opts...)
}

// held is how many events a stage with n tasks holds.
func (s *settings) held(n int) int {
	if s.ahead < 0 {
		return 5 * n
	}
	return n + s.ahead
}

// AckAll acks each delivery. It is the end of a pipeline whose effect is done.
func AckAll[T any]() turbopipes.Operator[Delivery[T], Receipt] {
	return operators.Map(func(d Delivery[T]) Receipt {
		r := Receipt{Info: d.Info(), Key: d.Key}
		d.Ack()
		return r
	})
}
