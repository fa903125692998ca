package handoff

import (
	"context"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// Nothing is taken while the subscriber is busy: a put waits for it.
func TestHandIsStrict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, put := NewHand[int](), 0
		go func() {
			for ; put < 4; put++ {
				require.True(t, h.Put(t.Context(), put+1))
			}
			h.Close()
		}()
		for want := range 4 {
			synctest.Wait()
			require.Equal(t, max(0, want), put)
			v, ok := h.Next(t.Context())
			require.True(t, ok)
			require.Equal(t, want+1, v)
		}
		for range 2 {
			_, ok := h.Next(t.Context())
			require.False(t, ok)
		}
	})
}

func TestHandWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHand[int]()
		var got []int
		go func() {
			for {
				v, ok := h.Next(t.Context())
				if !ok {
					return
				}
				got = append(got, v)
			}
		}()
		synctest.Wait()
		require.True(t, h.Put(t.Context(), 1))
		require.True(t, h.Put(t.Context(), 2))
		synctest.Wait()
		require.Equal(t, []int{1, 2}, got)
		h.Close()
	})
}

// A ctx ends either wait. The item stays with the producer.
func TestHandCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHand[int]()
		ctx, cancel := context.WithCancel(t.Context())
		put, next := true, true
		go func() { put = h.Put(ctx, 1) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		require.False(t, put)
		_, ok := h.Next(ctx)
		require.False(t, ok)
		ctx, cancel = context.WithCancel(t.Context())
		go func() { _, next = h.Next(ctx) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		require.False(t, next)
		go func() { put = h.Put(t.Context(), 2) }()
		synctest.Wait()
		require.False(t, put, "nobody waits any more")
		v, ok := h.Next(t.Context())
		require.True(t, ok)
		require.Equal(t, 2, v)
		synctest.Wait()
		require.True(t, put)
	})
}

// Each item is either put and received, or neither.
func TestHandLosesNothing(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		h, from, to := NewHand[int](), make(chan context.CancelFunc, 64), make(chan context.CancelFunc, 64)
		var put, got []int
		done := make(chan struct{})
		go func() {
			defer close(done)
			for v := range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				from <- cancel
				if h.Put(ctx, v) {
					put = append(put, v)
				}
			}
			close(from)
			h.Close()
		}()
		go func() {
			for cancel := range from {
				for range random.IntN(20) {
					runtime.Gosched()
				}
				cancel()
			}
		}()
		go func() {
			for cancel := range to {
				runtime.Gosched()
				cancel()
			}
		}()
		for over := false; !over; {
			ctx, cancel := context.WithCancel(t.Context())
			to <- cancel
			v, ok := h.Next(ctx)
			if ok {
				got = append(got, v)
			}
			h.mu.Lock()
			over = h.closed && !h.full && !h.offered.Load()
			h.mu.Unlock()
		}
		close(to)
		<-done
		require.Equal(t, put, got)
	}
}
