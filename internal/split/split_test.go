package split

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/handoff"
)

var (
	errBoom  = errors.New("boom")
	errTaken = errors.New("taken")
)

// Put reports that an item is taken, also if nobody wants it. The item still belongs
// to the caller if the part was shut. Upstream must stop after the end.
func TestPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lost []int
		var err error
		s := Open[string](t.Context(), config(handoff.Block, &lost))
		a, b, c := s.Begin("a"), s.Begin("b"), s.Begin("c")
		require.Equal(t, Taken, s.Put(a, 1))
		require.Equal(t, Taken, s.Put(b, 2))
		require.Equal(t, Taken, s.Put(b, 3))
		got, err := items(t.Context(), b, 1)
		require.NoError(t, err)
		require.Equal(t, []int{2}, got)
		require.Equal(t, []int{3}, lost, "it waited when the subscriber left")
		require.Equal(t, Taken, s.Put(b, 4))
		require.Equal(t, []int{3, 4}, lost)
		s.Shut(b)
		require.Equal(t, Shut, s.Put(b, 5), "whoever has left it")
		time.AfterFunc(time.Second, func() { s.Shut(a) })
		require.Equal(t, Taken, s.Put(a, 6))
		require.Equal(t, Shut, s.Put(a, 7), "it waited for room")
		s.end(nil)
		require.Equal(t, Refused, s.Put(c, 8))
		require.Nil(t, s.Begin("d"))
		s.Loop(func(*Part[string, int]) bool { return true })
		s.Close(&err)
		require.NoError(t, err)
		got, err = items(t.Context(), a, 9)
		require.NoError(t, err)
		require.Equal(t, []int{1, 6}, got)
		_, err = items(t.Context(), a, 9)
		require.ErrorIs(t, err, errTaken)
		require.Equal(t, []int{3, 4, 8}, lost, "upstream had the last one in its hand")
	})
}

// How parts end, and which of their items are lost, for each end of the Split.
func TestEnds(t *testing.T) {
	for name, c := range map[string]struct {
		up    error // of upstream; nil: it waits for its ctx
		stop  bool  // downstream stops at the first part
		cut   bool  // ctx is cancelled
		err   error
		first []int // items of the first part
		own   error // error of the first part
		lost  []int
	}{
		"upstream fails":   {up: errBoom, err: errBoom, first: []int{1}, own: errBoom},
		"downstream stops": {stop: true, first: []int{1}, lost: []int{2}},
		"ctx ends":         {cut: true, own: errBoom, lost: []int{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var lost []int
				var first *Part[string, int]
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				run := func() (err error) {
					s := Open[string](ctx, config(handoff.Block, &lost))
					defer s.Close(&err)
					s.Start(func(ctx context.Context, emit func(int) bool) error {
						emit(1)
						emit(2)
						if c.up != nil {
							return c.up
						}
						<-ctx.Done()
						return context.Cause(ctx)
					}, func(v int) bool { return s.Put(s.Begin("p"), v) == Taken })
					s.Loop(func(p *Part[string, int]) bool {
						if first == nil {
							first = p
						}
						synctest.Wait()
						if c.cut {
							cancel(errBoom)
							synctest.Wait()
						}
						return !c.stop
					})
					return nil
				}
				require.Equal(t, c.err, run())
				require.ElementsMatch(t, c.lost, lost)
				got, err := items(t.Context(), first, 9)
				require.Equal(t, c.own, err)
				require.Equal(t, c.first, got)
			})
		})
	}
}
