package hot

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/run"
)

// The stop of a subscription may reach a subscriber that has left meanwhile. It must
// not end the run, which waits for another subscriber.
func TestStopOfOneThatHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := func(ctx context.Context, _ func(int) bool) error {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-run.From(ctx).Stopped():
				return nil
			}
		}
		s := NewShared("test", up, func() *Hub[int] { return New(Config[int]{Size: 4, Overflow: handoff.Block}) })
		rec := &run.Handle{}
		rec.Init(t.Context())
		defer rec.End()
		ctx, leave := context.WithCancel(rec.With(t.Context()))
		defer leave()
		begin := time.Now()
		left := make(chan time.Duration)
		go func() {
			_ = s.Run(ctx, func(int) bool { return true }, Policy{Min: 1, Grace: time.Hour})
			left <- time.Since(begin)
		}()
		synctest.Wait()
		l := s.current
		var m *member[int]
		for m = range l.members {
		}
		leave()
		synctest.Wait()
		s.stop(l, m)
		require.Equal(t, time.Hour, <-left)
	})
}
