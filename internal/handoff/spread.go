package handoff

import (
	"context"
	"unsafe"

	"github.com/turbopipes/turbopipes/internal/scope"
)

type fanKey struct{}

// within is the ctx of an upstream that emits to f's put.
func (f *Fan[T]) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, fanKey{}, f)
}

// Into returns the Fan that emit puts into, if nothing is in between, and nil
// otherwise. An upstream of a Fan that runs several streams itself lets all of them
// put into that Fan. So an item passes only one queue and wakes only one goroutine,
// however deep Merges are nested. With one queue per level, 10,000 nested Merges of
// one item each took minutes.
func Into[T any](ctx context.Context, emit func(T) bool) *Fan[T] {
	f, ok := ctx.Value(fanKey{}).(*Fan[T])
	if !ok || !SameFunc(f.put, emit) {
		return nil
	}
	return f
}

// Spread runs the streams that one upstream of f consists of, and returns after all
// have ended. The first stream runs on the calling goroutine. Each stream may have
// one undelivered item.
func (f *Fan[T]) Spread(ctx context.Context, name string, pushes []func(ctx context.Context, emit func(T) bool) error) (err error) {
	s := scope.Open(ctx, name)
	defer s.Close(&err)
	ended := make(chan struct{}, len(pushes))
	f.queue.Widen(len(pushes) - 1)
	for _, push := range pushes[1:] {
		s.Upstream(func(ctx context.Context) error { return push(ctx, f.put) }, func(err error) {
			f.queue.Widen(-1)
			if err != nil {
				f.fail(err) // now: a stream that waits for room must not wait for the end of the others
				s.Fail(err)
			}
			ended <- struct{}{}
		})
	}
	unwinds := true
	defer func() {
		if unwinds { // the first stream has panicked or called Goexit: the others notice at their next put
			f.queue.Close(nil)
		}
	}()
	err = pushes[0](s.Ctx, f.put)
	unwinds = false
	if err != nil {
		f.fail(err)
		return err
	}
	for range pushes[1:] {
		select {
		case <-ended:
		case <-s.Ctx.Done():
			return nil
		}
	}
	return nil
}

// SameFunc reports whether a and b are the same closure. A func value is a pointer
// to its closure, and == does not compare these pointers.
func SameFunc[T any](a, b func(T) bool) bool {
	return *(*unsafe.Pointer)(unsafe.Pointer(&a)) == *(*unsafe.Pointer)(unsafe.Pointer(&b))
}
