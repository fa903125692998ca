package operators_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// Inner streams that have all their items need no worker. Upstream waits while n of them
// run, and is freed when downstream leaves, also in a stream whose upstream has failed and
// whose groups are still read.
func TestFlatMapQuickLeave(t *testing.T) {
	leaves := map[string]func() bool{
		"leaves": func() bool { return false },
		"panics": func() bool { panic(errBoom) },
	}
	for name, leave := range leaves {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
					for i := range 8 {
						if !emit(i) {
							return nil
						}
					}
					time.Sleep(100 * time.Millisecond)
					return errBoom
				})
				flat := operators.FlatMap(2, func(g turbopipes.Group[int, int]) turbopipes.Observable[int] {
					if g.Key == 0 {
						return g.Items
					}
					return turbopipes.Just(100 + g.Key)
				})(operators.GroupBy(operators.Self[int])(src))
				delivered := 0
				err := operators.TakeWhile(func(int) bool {
					delivered++
					time.Sleep(500 * time.Millisecond)
					return leave()
				})(flat).Drain(t.Context())
				if name == "panics" {
					require.ErrorIs(t, err, errBoom)
				} else {
					require.NoError(t, err)
				}
				require.Equal(t, 1, delivered)
			})
		})
	}
}

// Upstream goes on as soon as one of n inner streams is over: here downstream waits for
// upstream.
func TestFlatMapQuickFeedback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		again := make(chan int)
		src := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
			for i := range 5 {
				if !emit(i) {
					return nil
				}
			}
			for {
				select {
				case v := <-again:
					if !emit(v) {
						return nil
					}
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		})
		var got []int
		err := operators.Take[int](12)(operators.Do(operators.Hooks[int]{Next: func(v int) {
			got = append(got, v)
			time.Sleep(time.Second)
			again <- v + 5
		}})(operators.FlatMap(4, func(v int) turbopipes.Observable[int] { return turbopipes.Just(v) })(src))).Drain(t.Context())
		require.NoError(t, err)
		require.Equal(t, upTo(12), got)
	})
}
