package handoff

import (
	"context"
	"unsafe"

	"github.com/turbopipes/turbopipes/internal/scope"
)

type fanKey struct{}

// within is the ctx of what emits to f's put.
func (f *Fan[T]) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, fanKey{}, f)
}

// Into returns the Fan that emit puts into, if nothing is between; else nil. An upstream
// of a Fan that runs several streams itself lets all of them put there. So an item
// passes one queue and wakes one goroutine, however deep Merges are nested, and not one
// for each: with 10,000 of them, an item each, that took minutes.
func Into[T any](ctx context.Context, emit func(T) bool) *Fan[T] {
	f, ok := ctx.Value(fanKey{}).(*Fan[T])
	if !ok || !SameFunc(f.put, emit) {
		return nil
	}
	return f
}

// Spread runs the streams that one upstream of f consists of, the first on the calling
// goroutine, and returns when all have ended. Each may have one undelivered item.
func (f *Fan[T]) Spread(ctx context.Context, name string, pushes []func(ctx context.Context, emit func(T) bool) error) (err error) {
	s := scope.Open(ctx, name)
	defer s.Close(&err)
	ended := make(chan struct{}, len(pushes))
	f.queue.Widen(len(pushes) - 1)
	for _, push := range pushes[1:] {
		s.Upstream(func(ctx context.Context) error { return push(ctx, f.put) }, func(err error) {
			f.queue.Widen(-1)
			if err != nil {
				f.fail(err) // now: who waits for room must not wait for the end of the others
				s.Fail(err)
			}
			ended <- struct{}{}
		})
	}
	unwinds := true
	defer func() {
		if unwinds { // a panic or a Goexit of the first: the others learn by put that it is over
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

// SameFunc tells whether a and b are the same closure. A func value is a pointer to its
// closure, which == does not compare.
func SameFunc[T any](a, b func(T) bool) bool {
	return *(*unsafe.Pointer)(unsafe.Pointer(&a)) == *(*unsafe.Pointer)(unsafe.Pointer(&b))
}
