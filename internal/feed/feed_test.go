package feed

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/run"
)

func TestFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		use := func(up Push[int]) (got []int, err error) {
			f := Open(t.Context(), "test", run.Hooks[int]{}, up)
			defer f.Scope.Close(&err)
			for {
				select {
				case v, more := <-f.Items():
					if !more {
						return got, nil
					}
					got = append(got, v)
				case <-f.Done():
					return got, nil
				}
			}
		}
		got, err := use(func(_ context.Context, emit func(int) bool) error { emit(1); emit(2); return nil })
		require.NoError(t, err)
		require.Equal(t, []int{1, 2}, got)
		got, err = use(func(_ context.Context, emit func(int) bool) error { emit(1); return errBoom })
		require.Equal(t, errBoom, err)
		require.Equal(t, []int{1}, got)
	})
}

// An item that is not received was never in.
func TestFeedRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := false
		leave := func() (err error) {
			f := Open(t.Context(), "test", run.Hooks[int]{}, func(_ context.Context, emit func(int) bool) error { refused = !emit(1); return nil })
			defer f.Scope.Close(&err)
			synctest.Wait()
			return nil
		}
		require.NoError(t, leave())
		require.True(t, refused)
	})
}
