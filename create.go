package turbopipes

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Just emits items, in order, and completes. Without items it is [Empty].
//
//	out: (abc|)   items: a, b, c
//
// Goroutines: none; it runs on its subscriber's. The slice is not copied: the caller
// must not change it. It corresponds to RxJS's of, Reactor's just, and RxGo's Just
// and JustItem.
func Just[T any](items ...T) Observable[T] { return fromSlice(items) }

// FromSlice emits the elements of s, in order, and completes. A nil slice is
// [Empty].
//
//	out: (abc|)   s: a, b, c
//
// Goroutines: none; it runs on its subscriber's. The slice is not copied: the
// caller must not change it. It corresponds to RxJS's from and Reactor's
// fromIterable.
func FromSlice[T any](s []T) Observable[T] { return fromSlice(s) }

func fromSlice[T any](s []T) Observable[T] {
	return ready(func(ctx context.Context, emit func(T) bool) error {
		emit, err := beginReady(ctx, emit)
		if emit == nil {
			return err
		}
		for rest := s; len(rest) > 0 && ctx.Err() == nil; {
			n := min(len(rest), itemsPerCheck)
			for _, v := range rest[:n] {
				if !emit(v) {
					return fault.Settle(ctx, nil)
				}
			}
			rest = rest[n:]
		}
		return fault.Settle(ctx, nil) // the cause if ctx has ended
	})
}

// beginReady begins a run of a source that never waits by itself, such as [Just]. It
// makes a cheaper leaf: the source has no ctx of its own that a graceful stop cancels,
// and is not noted in the Record. Instead, the source emits to the result, which
// refuses after the item during which the stop came. If the result is nil, the source
// emits nothing and returns err.
func beginReady[T any](ctx context.Context, emit func(T) bool) (to func(T) bool, err error) {
	rec := run.From(ctx)
	rec.Settle(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case !rec.Stoppable():
		return emit, nil
	case rec.Stopping():
		return nil, nil
	}
	return func(v T) bool { return emit(v) && !rec.Stopping() }, nil
}

// itemsPerCheck is how many items a source that never waits emits between two checks
// of ctx. It must check ctx, because downstream may swallow every item.
const itemsPerCheck = 64

// ctxEndedAt reports whether ctx is done. It checks ctx once in itemsPerCheck items.
func ctxEndedAt(ctx context.Context, i int) bool {
	return i%itemsPerCheck == itemsPerCheck-1 && ctx.Err() != nil
}

// Range emits n consecutive integers, beginning with start, and completes. With an n
// of 0 it is [Empty]. An n below 0, or an end past the greatest int, is an
// [ErrInvalidArgument].
//
//	out: (345|)   start: 3, n: 3
//
// Goroutines: none; it runs on its subscriber's. It corresponds to RxJS's, Reactor's
// and RxGo's range. As there, the second argument is a count, not an end.
func Range(start, n int) Observable[int] {
	switch {
	case n < 0:
		return failing[int](fault.Invalid("Range", opt.TooSmall("n", n, 0)))
	case n > 0 && start > math.MaxInt-(n-1):
		return failing[int](fault.Invalid("Range", fmt.Sprintf("start is %d and n is %d, want an end of at most %d", start, n, math.MaxInt)))
	}
	return ready(func(ctx context.Context, emit func(int) bool) error {
		emit, err := beginReady(ctx, emit)
		if emit == nil {
			return err
		}
		for done := 0; done < n && ctx.Err() == nil; done += itemsPerCheck {
			for i := done; i < min(n, done+itemsPerCheck); i++ {
				if !emit(start + i) {
					return fault.Settle(ctx, nil)
				}
			}
		}
		return fault.Settle(ctx, nil) // the cause if ctx has ended
	})
}

// FromSeq emits the values of seq, and completes when seq ends. A nil seq is an
// [ErrInvalidArgument].
//
//	out: (abc|)   seq: yields a, b, c
//
// It checks ctx for each item. A seq that blocks can't be interrupted. Each
// subscription ranges over seq again. Goroutines: none; seq runs on the
// subscriber's. It corresponds to RxJS's from(iterable) and Reactor's fromStream.
func FromSeq[T any](seq iter.Seq[T]) Observable[T] {
	if seq == nil {
		return failing[T](fault.Invalid("FromSeq", "seq is nil"))
	}
	return leaf("FromSeq", func(ctx context.Context, emit func(T) bool) error {
		for v := range seq {
			if ctx.Err() != nil { // checked for each item, because seq may be slow
				return context.Cause(ctx)
			}
			if !emit(v) {
				return nil
			}
		}
		return nil
	})
}

// FromSeq2 emits the values of seq until the first error that is not nil. This error
// ends the stream, and the value beside it is ignored. It is the inverse of
// [Observable.Seq]. A nil seq is an [ErrInvalidArgument].
//
//	out: (ab#)   seq: yields a, b, and an error
//
// It checks ctx for each item. A seq that blocks can't be interrupted. Each
// subscription ranges over seq again. Goroutines: none; seq runs on the
// subscriber's.
func FromSeq2[T any](seq iter.Seq2[T, error]) Observable[T] {
	if seq == nil {
		return failing[T](fault.Invalid("FromSeq2", "seq is nil"))
	}
	return leaf("FromSeq2", func(ctx context.Context, emit func(T) bool) error {
		for v, err := range seq {
			switch {
			case err != nil:
				return err
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case !emit(v):
				return nil
			}
		}
		return nil
	})
}

// FromChannel emits the items that it receives from ch, and completes when ch is
// closed. It never closes ch. A nil ch is an [ErrInvalidArgument].
//
// Subscribers compete: each item goes to one of them. An item that was received when
// the subscription is stopped gracefully is delivered, so no item is taken and then
// lost. Goroutines: none; it runs on its subscriber's. It corresponds to RxGo's
// FromChannel.
func FromChannel[T any](ch <-chan T) Observable[T] {
	if ch == nil {
		return failing[T](fault.Invalid("FromChannel", "ch is nil"))
	}
	return leaf("FromChannel", func(ctx context.Context, emit func(T) bool) error {
		for {
			if ctx.Err() != nil { // select chooses at random: take nothing once ctx is done
				return context.Cause(ctx)
			}
			select {
			case v, ok := <-ch:
				if !ok || !emit(v) {
					return nil
				}
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	})
}

// FromEventSource shares a channel: each item goes to everyone who is subscribed
// when the item is received. Without subscribers it is dropped. The stream completes
// when ch is closed. Later subscribers get only the end.
//
// ch is read at once, on a goroutine of its own, which ends when ch is closed or ctx
// ends. When ctx ends, the stream fails with context.Cause(ctx). That ctx owns the
// goroutine: ctx must end, or ch must be closed. Every subscriber has its own queue.
// [WithQueue], [WithOverflow] and [OnDiscard] work as with [Subject]. A nil ctx or
// ch is an [ErrInvalidArgument].
//
// If subscribers should compete for the items of a channel, see [FromChannel]. It
// corresponds to RxGo's FromEventSource and RxJS's fromEvent.
func FromEventSource[T any](ctx context.Context, ch <-chan T, opts ...QueueOption) Observable[T] {
	queue, err := hotQueue("FromEventSource", opts)
	switch {
	case err != nil:
		return failing[T](err)
	case ctx == nil:
		return failing[T](fault.Invalid("FromEventSource", "ctx is nil"))
	case ch == nil:
		return failing[T](fault.Invalid("FromEventSource", "ch is nil"))
	}
	return compound(Source[T](newShared("FromEventSource", FromChannel(ch), queue).Auto(ctx, 0)))
}

// Unfold calls next with one state after another, beginning with seed, and emits the
// values. It completes when next returns false, and does not emit the value beside
// the false. Each subscription starts at seed. A nil next is an
// [ErrInvalidArgument].
//
//	out: (1248|)   seed: 1; next: twice the state, below 10
//
// Goroutines: none; next runs on the subscriber's. It corresponds to RxJS's and
// Reactor's generate and Pekko's unfold.
func Unfold[S, T any](seed S, next func(S) (v T, s S, ok bool)) Observable[T] {
	if next == nil {
		return failing[T](fault.Invalid("Unfold", "next is nil"))
	}
	return leaf("Unfold", func(ctx context.Context, emit func(T) bool) error {
		state := seed
		for i := 0; ; i++ {
			if ctxEndedAt(ctx, i) {
				return context.Cause(ctx)
			}
			v, after, ok := next(state)
			if !ok || !emit(v) {
				return nil
			}
			state = after
		}
	})
}

// Start calls fns one after another, and emits each result. The first error ends the
// stream. Without fns it is [Empty].
//
//	out: ---a--(b|)   fns: one returns a after 3, one returns b after 3
//
// Nothing is called before a subscription, and each subscription calls the functions
// again. A graceful stop cancels the ctx of the running function. If the function
// still returns a value, the value is emitted, and no other function is called. A
// pipeline that the function runs under ctx fails then, and never looks complete. A
// nil function is an [ErrInvalidArgument]. To run the functions at the same time,
// see operators.Tasks.
//
// Goroutines: none; fns run on the subscriber's. It corresponds to RxJS's from a
// promise in a defer, Reactor's Mono.fromCallable and RxGo's Start, which calls them
// at once.
func Start[T any](fns ...func(ctx context.Context) (T, error)) Observable[T] {
	for i, fn := range fns {
		if fn == nil {
			return failing[T](fault.Invalid("Start", fmt.Sprintf("fns[%d] is nil", i)))
		}
	}
	return observable(func(ctx context.Context, emit func(T) bool) error {
		return runLeaf(ctx, "Start", func(ctx context.Context, emit func(T) bool) error {
			inner := Shield(ctx)
			for _, fn := range fns {
				if ctx.Err() != nil { // downstream may have swallowed the item
					return context.Cause(ctx)
				}
				v, err := fn(inner)
				if err != nil {
					return err
				}
				if !emit(v) {
					return nil
				}
			}
			return nil
		}, emit)
	})
}

// Paginate fetches one page after another, beginning with first, and emits their
// items. fetch returns in next the beginning of the next page, and in more whether
// there is one. An error of fetch ends the stream, after the items of the pages
// before.
//
//	out: ----(ab)(cd|)   fetch: takes 4, and returns a and b, then c and d
//
// A page is fetched when all items of the page before are taken. To have the next
// page ready by then, put operators.Prefetch after it. An empty page does not end
// the stream. Each subscription begins at first. A graceful stop cancels the ctx of
// a running fetch. A pipeline that fetch runs under ctx fails then, and never looks
// complete. A nil fetch is an [ErrInvalidArgument].
//
// Memory: one page. Goroutines: none; fetch runs on the subscriber's. It corresponds
// to RxJS's expand over a request and Pekko's unfoldAsync.
func Paginate[T, C any](first C, fetch func(ctx context.Context, cursor C) (items []T, next C, more bool, err error)) Observable[T] {
	if fetch == nil {
		return failing[T](fault.Invalid("Paginate", "fetch is nil"))
	}
	return leaf("Paginate", func(ctx context.Context, emit func(T) bool) error {
		inner := Shield(ctx)
		cursor := first
		for {
			if ctx.Err() != nil { // pages may be empty, or downstream may swallow everything
				return context.Cause(ctx)
			}
			items, next, more, err := fetch(inner, cursor)
			if err != nil {
				return err
			}
			for i, v := range items {
				if ctxEndedAt(ctx, i) {
					return context.Cause(ctx)
				}
				if !emit(v) {
					return nil
				}
			}
			if !more {
				return nil
			}
			cursor = next
		}
	})
}

// Empty completes at once, without an item. It corresponds to RxJS's EMPTY, and
// Reactor's and RxGo's empty.
//
//	out: |
func Empty[T any]() Observable[T] {
	return ready(func(ctx context.Context, emit func(T) bool) error {
		_, err := beginReady(ctx, emit)
		return err
	})
}

// Never emits nothing and does not end by itself: it waits for the end of ctx. It
// corresponds to RxJS's NEVER, and Reactor's and RxGo's never.
//
//	out: ------
func Never[T any]() Observable[T] {
	return leaf("Never", func(ctx context.Context, _ func(T) bool) error {
		<-ctx.Done()
		return context.Cause(ctx)
	})
}

// Throw fails with err, without an item. A nil err is an [ErrInvalidArgument].
// It corresponds to RxJS's throwError, Reactor's error and RxGo's Thrown.
//
//	out: #
func Throw[T any](err error) Observable[T] {
	if err == nil {
		return failing[T](fault.Invalid("Throw", "err is nil"))
	}
	return observable(func(ctx context.Context, emit func(T) bool) error {
		if to, cause := beginReady(ctx, emit); to == nil {
			return cause
		}
		return fault.Settle(ctx, err)
	})
}
