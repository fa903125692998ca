package handoff

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDesk(t *testing.T) {
	upTo := func(n int, end error) func(context.Context, func(int) bool) error {
		return func(_ context.Context, put func(int) bool) error {
			for i := range n {
				if !put(i) {
					return nil
				}
			}
			return end
		}
	}
	for name, c := range map[string]struct {
		up    func(context.Context, func(int) bool) error
		takes int    // downstream leaves after so many items
		want  []int  // the items that it gets
		left  bool   // an item is left in the desk
		err   string // the error of the stream; "": none
	}{
		"completes":         {upTo(3, nil), 9, []int{0, 1, 2}, false, ""},
		"fails behind":      {upTo(3, errors.New("end")), 9, []int{0, 1, 2}, false, "end"},
		"panics behind":     {func(_ context.Context, put func(int) bool) error { put(1); panic("oh") }, 9, []int{1}, false, "turbopipes: panic: oh"},
		"is refused behind": {func(_ context.Context, put func(int) bool) error { put(1); put(-1); return nil }, 9, []int{1}, false, "negative"},
		"is left":           {upTo(9, nil), 2, []int{0, 1}, true, ""},
		"waits":             {func(_ context.Context, put func(int) bool) error { time.Sleep(time.Hour); put(1); return nil }, 9, []int{1}, false, ""},
		"fails to clean up": {func(ctx context.Context, put func(int) bool) error { put(1); <-ctx.Done(); return errors.New("late") }, 1, []int{1}, false, "late"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []int
				left, err := through(t.Context(), c.up, func(v int) bool {
					got = append(got, v)
					synctest.Wait() // upstream is as far ahead as it may be
					return len(got) < c.takes
				})
				if c.err == "" {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, c.err)
				}
				require.Equal(t, c.want, got)
				require.Equal(t, c.left, left.full)
			})
		})
	}
}

func TestDeskHalts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		refused := false
		left, err := through(ctx, func(_ context.Context, put func(int) bool) error {
			put(1)
			put(2)
			refused = !put(3)
			return nil
		}, func(int) bool { time.Sleep(time.Minute); return true })
		require.NoError(t, err, "Lift tells the cause")
		require.True(t, refused)
		require.Equal(t, store{2, true}, left)
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := through(ctx, func(ctx context.Context, _ func(int) bool) error {
			<-ctx.Done()
			return ctx.Err()
		}, nil)
		require.NoError(t, err)
	})
}

func BenchmarkDesk(b *testing.B) {
	const items = 1 << 14
	b.ReportAllocs()
	for b.Loop() {
		_, _ = through(b.Context(), func(_ context.Context, put func(int) bool) error {
			for i := range items {
				put(i)
			}
			return nil
		}, func(int) bool { return true })
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/items, "ns/item")
}
