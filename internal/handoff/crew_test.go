package handoff

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/run"
)

type push[T any] func(ctx context.Context, emit func(T) bool) error

// pushes returns a Crew whose jobs are functions.
func pushes[T any](f *Fan[T], limit int) *Crew[push[T], T] {
	c := &Crew[push[T], T]{Limit: limit, Run: func(w *Worker[T], job push[T]) error { return job(w.Ctx, w.Emit) }}
	c.Open(f)
	return c
}

// fanned runs give, which passes the jobs to a Crew. It returns the items and the error.
func fanned[T any](ctx context.Context, limit int, give func(ctx context.Context, c *Crew[push[T], T]) error) (items []T, err error) {
	use := func() (err error) {
		f := OpenFan[T](ctx, "test", 0)
		defer f.Close(&err)
		c := pushes(f, limit)
		f.Run(func(ctx context.Context) error { return give(ctx, c) })
		f.Loop(func(v T) bool { items = append(items, v); return true })
		return nil
	}
	err = use()
	return items, err
}

func ends(context.Context, func(int) bool) error { return nil }

// waits is a job that ends with its ctx.
func waits(ctx context.Context, _ func(int) bool) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// Jobs that come one after another share a goroutine. Jobs that run at once have one
// each.
func TestCrewGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goroutines := func(limit int, pause time.Duration) int {
			ids := map[string]bool{}
			items, err := fanned(t.Context(), limit, func(ctx context.Context, c *Crew[push[string], string]) error {
				for range 100 {
					require.True(t, c.Wait(ctx))
					c.Give(func(_ context.Context, emit func(string) bool) error {
						time.Sleep(time.Second)
						stack := make([]byte, 64)
						emit(string(bytes.Fields(stack[:runtime.Stack(stack, false)])[1])) // goroutine 7 [
						return nil
					})
					time.Sleep(pause)
				}
				return nil
			})
			require.NoError(t, err)
			require.Len(t, items, 100)
			for _, id := range items {
				ids[id] = true
			}
			return len(ids)
		}
		require.Equal(t, 1, goroutines(-1, 2*time.Second))
		require.Equal(t, 100, goroutines(-1, 0))
		require.Equal(t, 1, goroutines(1, 0))
		require.Equal(t, 10, goroutines(10, 0))
	})
}

// Jobs of which each waits for the next one: all of them run at once.
func TestCrewRunsAllAtOnce(t *testing.T) {
	const n = 200
	_, err := fanned(t.Context(), n, func(ctx context.Context, c *Crew[push[int], int]) error {
		before := make(chan struct{})
		close(before)
		for range n {
			done, next := before, make(chan struct{})
			if !c.Wait(ctx) {
				return context.Cause(ctx)
			}
			c.Give(func(context.Context, func(int) bool) error {
				next <- struct{}{}
				<-done
				return nil
			})
			before = make(chan struct{})
			after := before
			go func() { <-next; close(after) }()
		}
		return nil
	})
	require.NoError(t, err)
}

// The giver that waits for room is woken when a job is claimed, and not only when one
// ends: here the last job to end frees a slot while others wait to be claimed, and the
// jobs that are claimed then do not end.
func TestCrewWakesItsGiverAtAClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begun atomic.Int64
		start := make(chan struct{})
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			synctest.Wait() // the giver waits for room, and no job is claimed
			require.Zero(t, begun.Load())
			close(start)
			synctest.Wait()
			require.EqualValues(t, 5, begun.Load(), "four at once, and one that has ended")
			cancel(errors.New("over"))
		}()
		use := func() (err error) {
			f := OpenFan[int](ctx, "test", 0)
			defer f.Close(&err)
			c := pushes(f, 4)
			c.Inner = func(ctx context.Context) (context.Context, *run.Record) {
				<-start
				return ctx, nil
			}
			f.Run(func(ctx context.Context) error {
				for i := 0; c.Wait(ctx); i++ {
					job := waits
					if i == 0 {
						job = ends
					}
					c.Give(func(ctx context.Context, emit func(int) bool) error {
						begun.Add(1)
						return job(ctx, emit)
					})
				}
				return nil
			})
			f.Loop(func(int) bool { return true })
			return nil
		}
		require.NoError(t, use(), "the cause of ctx is for the caller to report")
		require.EqualValues(t, 5, begun.Load())
	})
}

// After a failure nothing new begins, but the jobs that were given still run: each has
// to account for its item.
func TestCrewFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran atomic.Int64
		start := make(chan struct{})
		given := 0
		use := func() (err error) {
			f := OpenFan[int](t.Context(), "test", 0)
			defer f.Close(&err)
			c := pushes(f, 4)
			c.Inner = func(ctx context.Context) (context.Context, *run.Record) {
				<-start
				return ctx, nil
			}
			f.Run(func(ctx context.Context) error {
				for ; c.Wait(ctx); given++ {
					c.Give(func(ctx context.Context, emit func(int) bool) error {
						if ran.Add(1) == 1 {
							emit(7)
							return errors.New("boom")
						}
						return context.Cause(ctx)
					})
					if given == 3 {
						close(start)
					}
				}
				return nil
			})
			var items []int
			f.Loop(func(v int) bool { items = append(items, v); return true })
			require.Equal(t, []int{7}, items, "before the failure")
			return nil
		}
		require.EqualError(t, use(), "boom")
		require.EqualValues(t, given, ran.Load())
	})
}

// The panic of a job ends the Fan, and so does an early Goexit.
func TestCrewPanics(t *testing.T) {
	_, err := fanned(t.Context(), 2, func(ctx context.Context, c *Crew[push[int], int]) error {
		for c.Wait(ctx) {
			c.Give(func(context.Context, func(int) bool) error { panic("boom") })
		}
		return nil
	})
	require.ErrorContains(t, err, "boom")
	_, err = fanned(t.Context(), 2, func(ctx context.Context, c *Crew[push[int], int]) error {
		for c.Wait(ctx) {
			c.Give(func(context.Context, func(int) bool) error { runtime.Goexit(); return nil })
		}
		return nil
	})
	require.Error(t, err)
}
