package handoff

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// giveItems passes an upstream of these items to c: by Quick if there is room, and
// otherwise to a worker. It counts the former in quick.
func giveItems(ctx context.Context, c *Crew[push[int], int], quick *int, items ...int) bool {
	if !c.Wait(ctx) {
		return false
	}
	switch c.Quick(items) {
	case Stored:
		*quick++
	case Refused:
		return false
	default:
		c.Give(func(_ context.Context, emit func(int) bool) error {
			for _, v := range items {
				if !emit(v) {
					break
				}
			}
			return nil
		})
	}
	return true
}

// Quick upstreams are within the limit until their items are taken, and the giver goes on
// when one of them is over.
func TestQuickWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 8
		given, quick, delivered := 0, 0, 0
		var at []int // how many were given when so many were delivered
		use := func() (err error) {
			f := OpenFan[int](t.Context(), "test", 0)
			defer f.Close(&err)
			c := pushes(f, limit)
			f.Run(func(ctx context.Context) error {
				for ; given < 20 && giveItems(ctx, c, &quick, given); given++ {
				}
				return nil
			})
			synctest.Wait() // the giver waits
			f.Loop(func(v int) bool {
				require.Equal(t, delivered, v)
				time.Sleep(time.Second)
				synctest.Wait()
				at = append(at, given)
				delivered++
				return true
			})
			return nil
		}
		require.NoError(t, use())
		require.Equal(t, 20, delivered)
		require.Equal(t, 20, quick, "no worker")
		require.Equal(t, []int{9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 20, 20, 20, 20, 20, 20, 20, 20}, at)
	})
}

// A stream of quick upstreams does not keep a worker's upstream from its place.
func TestQuickLeavesPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int
		use := func() (err error) {
			f := OpenFan[int](t.Context(), "test", 0)
			defer f.Close(&err)
			c := pushes(f, 4)
			f.Run(func(ctx context.Context) error {
				require.True(t, c.Wait(ctx))
				c.Give(func(_ context.Context, emit func(int) bool) error {
					for range 10 {
						emit(-1)
					}
					return nil
				})
				for quick, v := 0, 0; v < 40 && giveItems(ctx, c, &quick, v); v++ {
				}
				return nil
			})
			f.Loop(func(v int) bool {
				time.Sleep(time.Second)
				got = append(got, v)
				return true
			})
			return nil
		}
		require.NoError(t, use())
		require.Len(t, got, 50)
		slow := 0
		for _, v := range got[:25] {
			if v < 0 {
				slow++
			}
		}
		require.GreaterOrEqual(t, slow, 5, "of %v", got)
	})
}

// A giver that waits for quick upstreams to be over ends with its ctx, and what is not
// taken is discarded.
func TestQuickIsDiscarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var lost []int
		quick := 0
		use := func() (err error) {
			f := OpenFan[int](ctx, "test", 0)
			f.Discard = func(items ...int) error { lost = append(lost, items...); return nil }
			defer f.Close(&err)
			c := pushes(f, 3)
			f.Run(func(ctx context.Context) error {
				for v := 0; giveItems(ctx, c, &quick, v); v++ {
				}
				return context.Cause(ctx)
			})
			synctest.Wait() // the giver waits
			f.Loop(func(int) bool {
				cancel(errors.New("over"))
				synctest.Wait() // the queue is halted, and the giver has ended
				return true
			})
			require.Equal(t, Refused, c.Quick([]int{100}))
			return nil
		}
		require.NoError(t, use(), "the cause of ctx is for the caller to report")
		require.Equal(t, []int{1, 2}, lost)
		require.Equal(t, 3, quick)
	})
}

// Random upstreams, quick and others: each item comes once and in the order of its
// upstream, and no more upstreams run and no more items wait than may.
func TestQuickRandom(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the same numbers each time
		limit, ahead := 1+r.IntN(6), r.IntN(2)*r.IntN(20)
		if r.IntN(8) == 0 {
			limit = -1
		}
		upstreams, slow := 1+r.IntN(200), r.IntN(2) == 0
		want := make([]int, upstreams) // items of each
		for i := range want {
			want[i] = r.IntN(4)
		}
		t.Run(fmt.Sprintf("%d: limit %d, %d ahead", seed, limit, ahead), func(t *testing.T) {
			got := make([]int, upstreams)
			use := func() (err error) {
				f := OpenFan[int](t.Context(), "test", ahead)
				defer f.Close(&err)
				c := pushes(f, limit)
				f.Run(func(ctx context.Context) error {
					for u, n := range want {
						if !c.Wait(ctx) {
							return context.Cause(ctx)
						}
						items := make([]int, n)
						for i := range items {
							items[i] = u<<8 | i
						}
						if u%3 != 0 && c.Quick(items) == Stored {
							continue
						}
						c.Give(func(_ context.Context, emit func(int) bool) error {
							for _, v := range items {
								if slow && v%5 == 0 {
									runtime.Gosched()
								}
								require.True(t, emit(v))
							}
							return nil
						})
					}
					return nil
				})
				q := f.queue
				f.Loop(func(v int) bool {
					u, i := v>>8, v&255
					require.Equal(t, got[u], i, "in order")
					got[u]++
					if slow && v%7 == 0 {
						runtime.Gosched()
					}
					q.mu.Lock()
					defer q.mu.Unlock()
					quick := q.reclaimQuick()
					if limit > 0 {
						require.LessOrEqual(t, int(c.open.Load())+quick, limit)
						require.LessOrEqual(t, int(q.length()), limit+ahead)
					}
					require.Equal(t, int(c.open.Load())+quick+ahead, int(q.bound))
					return true
				})
				return nil
			}
			require.NoError(t, use())
			require.Equal(t, want, got)
		})
	}
}
